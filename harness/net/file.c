#include "net/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

enum { READ_MAX = 64 * 1024, TREE_DESCRIPTORS = 16 };

/* Reads one byte more than the cap has room for, to tell a file that just fits from a longer one.
 */
static bool read_all(int fd, struct buf *out) {
  for (;;) {
    size_t room = out->cap - out->n, want = room < READ_MAX ? room : READ_MAX;
    uint8_t extra = 0, *to = want ? buf_reserve(out, want) : &extra;
    CHECK(to);
    ssize_t n = read(fd, to, want ? want : 1);
    if (n == 0)
      return true;
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    if (!want) {
      out->failed = true; /* as after any addition past the cap */
      errno = EFBIG;
      return false;
    }
    out->n += (size_t)n;
  }
}

/* These keep the errno of what went before. */
static void close_quietly(int fd) {
  int err = errno;
  close(fd);
  errno = err;
}

static void free_quietly(void *p) {
  int err = errno;
  free(p);
  errno = err;
}

bool file_read(const char *path, struct buf *out) {
  if (strcmp(path, "-") == 0)
    return read_all(STDIN_FILENO, out);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool ok = read_all(fd, out);
  close_quietly(fd);
  return ok;
}

static bool write_all(int fd, struct span s) {
  while (s.n > 0) {
    ssize_t n = write(fd, s.p, s.n);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return false;
    s = span_from(s, (size_t)n);
  }
  return true;
}

/* mkstemp makes files that only their owner may read; a report is read by others too. */
static bool share(int fd) {
  mode_t mask = umask(0);
  umask(mask);
  return fchmod(fd, 0644 & ~mask) == 0;
}

/* A device or a pipe is written to; renaming would put a file in its place. */
static bool write_through(const char *path, struct span content) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  bool ok = write_all(fd, content);
  close_quietly(fd);
  return ok;
}

bool file_write(const char *path, struct span content) {
  struct stat st;
  if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
    return write_through(path, content);
  char *temporary = xasprintf("%s.XXXXXX", path);
  bool ok = false;
  int fd = mkostemp(temporary, O_CLOEXEC);
  if (fd < 0)
    goto out;
  ok = write_all(fd, content) && share(fd);
  if (ok)
    ok = close(fd) == 0;
  else
    close_quietly(fd);
  ok = ok && rename(temporary, path) == 0;
  if (!ok) {
    int err = errno;
    unlink(temporary);
    errno = err;
  }
out:
  free_quietly(temporary);
  return ok;
}

static bool make_folder(const char *path) {
  struct stat st;
  if (mkdir(path, 0777) == 0)
    return true;
  if (errno != EEXIST || stat(path, &st) != 0)
    return false;
  errno = ENOTDIR;
  return S_ISDIR(st.st_mode);
}

bool file_mkdirs(const char *path) {
  char *part = xstrdup(path);
  bool ok = true;
  for (char *p = part; ok && *p; p++)
    if (*p == '/' && p > part) {
      *p = '\0';
      ok = make_folder(part);
      *p = '/';
    }
  ok = ok && make_folder(part);
  free_quietly(part);
  return ok;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
  (void)st, (void)kind, (void)at;
  remove(path);
  return 0;
}

void file_remove_tree(const char *path) {
  nftw(path, remove_one, TREE_DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
