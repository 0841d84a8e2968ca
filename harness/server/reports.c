#include "server/reports.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "server/sanitizer.h"
#include "server/wait.h"

/* A report's next line may need a symbol that takes long to find. */
enum { NEXT_LINE_MS = 10 * 1000 };

/* A file in the folder. */
struct report_file {
  char *name;
  uint64_t taken; /* bytes */
};

bool reports_open(struct reports *r, const char *parent) {
  /* Of what would end the path in a variable. */
  bool fits = strcspn(parent, " ,:'\"\t\r\n") == strlen(parent);
  *r = (struct reports){.path = xasprintf("%s/mcreplay.reports.XXXXXX", fits ? parent : "/tmp")};
  vec_init(&r->files, sizeof(struct report_file));
  if (mkdtemp(r->path)) {
    r->folder = chmod(r->path, 01777) == 0 ? opendir(r->path) : NULL;
    if (r->folder)
      return true;
    int error = errno;
    rmdir(r->path);
    errno = error;
  }
  free(r->path);
  r->path = NULL;
  return false;
}

void reports_close(struct reports *r) {
  if (r->folder)
    closedir(r->folder);
  for (size_t i = 0; i < r->files.n; i++) {
    struct report_file *f = vec_at(&r->files, i);
    free(f->name);
  }
  vec_fini(&r->files);
  free(r->path);
  *r = (struct reports){0};
}

/* What a variable is set to, or NULL. */
static const char *value_of(const char *const *envp, const char *name) {
  size_t n = strlen(name);
  for (; *envp; envp++)
    if (strncmp(*envp, name, n) == 0 && (*envp)[n] == '=')
      return *envp + n + 1;
  return NULL;
}

void reports_variables(const struct reports *r, struct arena *a, const char *const *envp,
                       const char *variables[REPORTS_VARIABLES]) {
  static const char *const sanitizers[REPORTS_VARIABLES][3] = {
      {"ASAN_OPTIONS", "asan", "symbolize=1"},
      {"LSAN_OPTIONS", "lsan", "symbolize=1"},
      {"MSAN_OPTIONS", "msan", "symbolize=1"},
      {"TSAN_OPTIONS", "tsan", "symbolize=1"},
      {"UBSAN_OPTIONS", "ubsan", "print_stacktrace=1:symbolize=1"},
  };
  for (int i = 0; i < REPORTS_VARIABLES; i++) {
    const char *const *s = sanitizers[i], *set = value_of(envp, s[0]);
    char *text = xasprintf("%s=%s:%s%slog_path=%s/%s:exitcode=%d", s[0], s[2], set ? set : "",
                           set && *set ? ":" : "", r->path, s[1], REPORTS_STATUS);
    variables[i] = arena_str(a, span_str(text));
    free(text);
  }
}

bool reports_want_leaks(const char *const *envp) {
  static const char *const names[] = {"ASAN_OPTIONS", "LSAN_OPTIONS"};
  static const char option[] = "detect_leaks=";
  bool want = true;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = value_of(envp, names[i]);
    for (const char *at = value ? strstr(value, option) : NULL; at; at = strstr(at, option)) {
      at += sizeof option - 1;
      want = *at != '0' && *at != 'f' && *at != 'n'; /* false, no */
    }
  }
  return want;
}

static struct report_file *file_named(struct reports *r, const char *name) {
  for (size_t i = 0; i < r->files.n; i++) {
    struct report_file *f = vec_at(&r->files, i);
    if (strcmp(f->name, name) == 0)
      return f;
  }
  struct report_file *f = vec_push(&r->files);
  f->name = xstrdup(name);
  return f;
}

/* Drops the line that sums up a report of which all the rest has been taken before. */
static void drop_summary(struct buf *out, size_t from) {
  size_t at = from;
  while (at < out->n && out->p[at] == '\n')
    at++;
  struct span rest = span_from(buf_span(out), at);
  if (!text_starts(rest, "SUMMARY: "))
    return;
  size_t after = out->n - text_after_line(rest).n;
  memmove(out->p + from, out->p + after, out->n - after);
  out->n -= after - from;
}

/* Others can write to the folder: only what is a file is read. */
static void file_take(struct reports *r, const char *name, struct buf *out) {
  struct stat st;
  struct report_file *f = file_named(r, name);
  int at = dirfd(r->folder);
  if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) ||
      (uint64_t)st.st_size <= f->taken)
    return;
  int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  size_t from = out->n;
  for (uint8_t *to; fd >= 0 && (to = buf_reserve(out, 4096)) != NULL;) {
    ssize_t n = pread(fd, to, 4096, (off_t)f->taken);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      break;
    out->n += (size_t)n;
    f->taken += (size_t)n;
  }
  if (fd >= 0)
    close(fd);
  if (from < out->n && f->taken > out->n - from)
    drop_summary(out, from);
}

static void log_take(struct reports *r, const struct ring *log, struct buf *out) {
  uint64_t total = log ? ring_total(log) : 0, more = total - r->log_seen;
  if (more == 0)
    return;
  struct buf text;
  buf_init(&text, RING_TAIL);
  ring_tail(log, more < RING_TAIL ? (size_t)more : RING_TAIL, &text);
  r->log_seen = total;
  struct span rest = buf_span(&text), from = span_from(rest, r->log_open ? 0 : rest.n);
  struct sanitizer_report report;
  while (sanitizer_next(&rest, &report)) {
    if (from.n == 0)
      from = span_from(buf_span(&text), (size_t)(report.text.p - text.p));
    r->log_open = !report.whole;
  }
  buf_add_span(out, from);
  buf_fini(&text);
}

void reports_take(struct reports *r, const struct ring *log, struct buf *out) {
  if (!r->folder)
    return;
  rewinddir(r->folder);
  for (const struct dirent *e; (e = readdir(r->folder)) != NULL;)
    if (e->d_name[0] != '.')
      file_take(r, e->d_name, out);
  log_take(r, log, out);
  out->failed = false; /* of more than the cap, as much as fits */
}

static bool all_whole(const struct buf *text) {
  struct span rest = buf_span(text);
  struct sanitizer_report report;
  bool whole = true;
  while (sanitizer_next(&rest, &report))
    whole &= report.whole;
  return whole;
}

void reports_await_whole(struct reports *r, const struct ring *log, int watch, struct buf *out) {
  if (all_whole(out))
    return;
  int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd >= 0 && inotify_add_watch(fd, r->path, IN_CREATE | IN_MODIFY) >= 0) {
    enum wait_end end = WAIT_READY;
    reports_take(r, log, out);
    while (end == WAIT_READY && !all_whole(out)) {
      char events[4096];
      end = wait_for(fd, POLLIN, watch, wait_clock() + NEXT_LINE_MS);
      while (read(fd, events, sizeof events) > 0)
        ;
      reports_take(r, log, out);
    }
  }
  if (fd >= 0)
    close(fd);
}

bool reports_finds_leaks(const char *program) {
  static const char *const signs[] = {"LeakSanitizer: ", "libasan.so", "liblsan.so"};
  struct stat st;
  bool found = false;
  int fd = open(program, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  if (fstat(fd, &st) == 0 && st.st_size > 0) {
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    for (size_t i = 0; p != MAP_FAILED && i < sizeof signs / sizeof *signs; i++)
      found |= text_find(span_of(p, (size_t)st.st_size), signs[i]) != SIZE_MAX;
    if (p != MAP_FAILED)
      munmap(p, (size_t)st.st_size);
  }
  close(fd);
  return found;
}
