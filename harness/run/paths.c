#include "run/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "net/file.h"

/* A path below the working directory is shown, and printed in reproduce lines, relative to it. */
static char *shorten(const char *absolute) {
  char cwd[PATH_MAX];
  size_t n;
  if (!getcwd(cwd, sizeof cwd) || (n = strlen(cwd)) < 2 || strncmp(absolute, cwd, n) != 0)
    return xstrdup(absolute);
  if (absolute[n] == '\0')
    return xstrdup(".");
  return xstrdup(absolute[n] == '/' ? absolute + n + 1 : absolute);
}

static bool try_root(struct paths *p, const char *root) {
  char real[PATH_MAX];
  if (!realpath(root, real))
    return false;
  char *short_root = shorten(real);
  bool here = strcmp(short_root, ".") == 0;
  p->root = short_root;
  p->cases = here ? xstrdup("cases") : xasprintf("%s/cases", short_root);
  p->fixtures = here ? xstrdup("fixtures") : xasprintf("%s/fixtures", short_root);
  char *profiles = xasprintf("%s/servers", p->fixtures);
  bool ok = access(p->cases, R_OK | X_OK) == 0 && access(profiles, R_OK | X_OK) == 0;
  free(profiles);
  if (!ok)
    paths_fini(p);
  return ok;
}

/* The folder of the program; false when it can't be told. */
static bool program_folder(char folder[PATH_MAX]) {
  ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1);
  if (n < 0)
    return false;
  folder[n] = '\0';
  *strrchr(folder, '/') = '\0';
  return true;
}

static bool try_tls(struct paths *p, const char *folder) {
  char *ca = xasprintf("%s/tls/ca.pem", folder), real[PATH_MAX];
  bool found = realpath(ca, real) != NULL;
  if (found) {
    *strrchr(real, '/') = '\0';
    p->tls = xstrdup(real);
  }
  free(ca);
  return found;
}

static void find_tls(struct paths *p) {
  char folder[PATH_MAX];
  if (try_tls(p, p->root) || !program_folder(folder))
    return;
  strncat(folder, "/..", sizeof folder - strlen(folder) - 1);
  try_tls(p, folder);
}

static bool find_root(struct paths *p) {
  const char *given = getenv("MCREPLAY_DATA");
  if (given)
    return try_root(p, given);
  char exe[PATH_MAX];
  if (!program_folder(exe))
    return false;
  static const char *const roots[] = {"../share/mcreplay", "../../.."};
  for (size_t i = 0; i < 2; i++) {
    char *root = xasprintf("%s/%s", exe, roots[i]);
    bool found = try_root(p, root);
    free(root);
    if (found)
      return true;
  }
  return false;
}

bool paths_find(struct paths *p) {
  *p = (struct paths){0};
  if (!find_root(p))
    return false;
  find_tls(p);
  return true;
}

void paths_fini(struct paths *p) {
  free(p->root);
  free(p->cases);
  free(p->fixtures);
  free(p->tls);
  *p = (struct paths){0};
}

static bool load(void *arg, const char *path, struct buf *out) {
  const struct paths_loader *l = arg;
  if (path[0] == '/' || strstr(path, "..")) {
    errno = EACCES;
    return false;
  }
  if (l->paths->fixtures) {
    char *below = xasprintf("%s/%s", l->paths->fixtures, path);
    bool found = file_read(below, out);
    int err = errno;
    free(below);
    errno = err;
    /* One that is there and can't be read is not looked for elsewhere. */
    if (found || err != ENOENT)
      return found;
  }
  const char *slash = strrchr(l->session, '/');
  char *beside = xasprintf("%.*s%s", slash ? (int)(slash + 1 - l->session) : 0, l->session, path);
  bool ok = file_read(beside, out);
  int err = errno;
  free(beside);
  errno = err;
  return ok;
}

struct session_loader paths_loader(struct paths_loader *l) {
  return (struct session_loader){load, l};
}

char *paths_fixture(const struct paths *p, const char *kind, const char *name) {
  return xasprintf("%s/%s/%s.yaml", p->fixtures ? p->fixtures : "fixtures", kind, name);
}
