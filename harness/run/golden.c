#include "run/golden.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "net/file.h"

enum { GOLDEN_MAX = 256 << 20 };

static const char ending[] = ".golden";

struct goldens {
  struct session **of; /* by the case's index; NULL: none */
  size_t cases, n;
};

char *golden_path(const char *folder, const char *id) {
  return xasprintf("%s/%s%s", folder, id, ending);
}

char *golden_id(const char *folder, const char *path) {
  size_t below = strlen(folder) + 1, n = strlen(path), end = strlen(ending);
  if (n <= below + end || strcmp(path + n - end, ending) != 0)
    return NULL;
  return xasprintf("%.*s", (int)(n - below - end), path + below);
}

static struct session *load_one(const char *path, const char *id, const struct paths *paths,
                                struct diag *diag) {
  struct buf text;
  buf_init(&text, GOLDEN_MAX);
  struct session *golden = NULL;
  struct paths_loader loader = {paths, path};
  if (!file_read(path, &text))
    diag_at(diag, path, 0, 0, "can't read it: %s", strerror(errno));
  else
    golden = session_compile_golden(buf_span(&text), path, paths_loader(&loader), diag);
  buf_fini(&text);
  if (!golden || strcmp(golden->title, id) == 0)
    return golden;
  diag_at(diag, path, 1, 1, "this is the golden of %s; move it, or write \"golden %s\"",
          golden->title, id);
  session_free(golden);
  return NULL;
}

struct goldens *goldens_load(const char *folder, const struct suite *suite,
                             const struct paths *paths, struct diag *diag) {
  struct goldens *g = xcalloc(1, sizeof *g);
  bool ok = true;
  g->cases = suite->cases.n;
  g->of = xcalloc(g->cases, sizeof(struct session *));
  for (size_t i = 0; i < g->cases; i++) {
    const char *id = suite_case(suite, i)->id;
    char *path = golden_path(folder, id);
    if (*id != '/' && access(path, F_OK) == 0) {
      g->of[i] = load_one(path, id, paths, diag);
      ok &= g->of[i] != NULL;
      g->n++;
    }
    free(path);
  }
  if (ok)
    return g;
  goldens_free(g);
  return NULL;
}

void goldens_free(struct goldens *g) {
  if (!g)
    return;
  for (size_t i = 0; i < g->cases; i++)
    session_free(g->of[i]);
  free(g->of);
  free(g);
}

const struct session *goldens_find(const struct goldens *g, size_t test) {
  return g->of[test];
}

size_t goldens_count(const struct goldens *g) {
  return g->n;
}

static int by_name(const FTSENT **a, const FTSENT **b) {
  return strcmp((*a)->fts_name, (*b)->fts_name);
}

bool goldens_each(const char *folder, void (*each)(void *arg, const char *path), void *arg) {
  if (access(folder, F_OK) != 0)
    return errno == ENOENT;
  char *start = xstrdup(folder), *const starts[] = {start, NULL};
  FTS *tree = fts_open(starts, FTS_LOGICAL | FTS_NOCHDIR, by_name);
  bool ok = tree != NULL;
  for (FTSENT *e; tree && (e = fts_read(tree));) {
    ok &= e->fts_info != FTS_DNR && e->fts_info != FTS_ERR;
    if (e->fts_info == FTS_F && e->fts_name[0] != '.')
      each(arg, e->fts_path);
  }
  if (tree)
    fts_close(tree);
  free(start);
  return ok;
}

struct check {
  const char *folder, *cases;
  struct diag *diag;
};

static void check_one(void *arg, const char *path) {
  const struct check *c = arg;
  char *id = golden_id(c->folder, path);
  char *session = xasprintf("%s/%s.session", c->cases, id ? id : "");
  if (!id)
    diag_at(c->diag, path, 0, 0, "this is no golden, whose names end in %s; remove it", ending);
  else if (access(session, F_OK) != 0)
    diag_at(c->diag, path, 0, 0, "this golden belongs to no case (there is no %s); remove it",
            session);
  free(session);
  free(id);
}

bool goldens_check(const char *folder, const struct paths *paths, struct diag *diag) {
  struct check c = {folder, paths->cases, diag};
  unsigned before = diag->count;
  if (!goldens_each(folder, check_one, &c))
    diag_at(diag, folder, 0, 0, "can't list it: %s", strerror(errno));
  return diag->count == before;
}
