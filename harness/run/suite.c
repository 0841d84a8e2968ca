#include "run/suite.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/text.h"
#include "net/file.h"
#include "run/captured.h"

enum { SESSION_FILE_MAX = 64 << 20 };

static const char ending[] = ".session";

void suite_init(struct suite *s) {
  vec_init(&s->cases, sizeof(struct test_case));
}

static void case_fini(struct test_case *c) {
  session_free(c->session);
  free(c->id);
  free(c->file);
  free(c->notes);
}

void suite_fini(struct suite *s) {
  for (size_t i = 0; i < s->cases.n; i++)
    case_fini(vec_at(&s->cases, i));
  vec_fini(&s->cases);
}

const struct test_case *suite_case(const struct suite *s, size_t i) {
  return vec_at(&s->cases, i);
}

bool words_have(const char *const *words, const char *word) {
  for (; *words; words++)
    if (strcmp(*words, word) == 0)
      return true;
  return false;
}

static bool ends_with(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n > m && strcmp(s + n - m, end) == 0;
}

/* The true path of a file, or of one that may be made in a folder. */
static bool true_path(const char *file, char path[PATH_MAX]) {
  if (realpath(file, path))
    return true;
  const char *slash = strrchr(file, '/');
  char *folder = slash ? xasprintf("%.*s/", (int)(slash - file), file) : xstrdup(".");
  bool ok = realpath(folder, path);
  size_t n = ok ? strlen(path) : 0;
  ok =
      ok && snprintf(path + n, PATH_MAX - n, "/%s", slash ? slash + 1 : file) < (int)(PATH_MAX - n);
  free(folder);
  return ok;
}

/* The path below the cases' folder, whichever way both are written; a file elsewhere keeps its
 * path. */
char *suite_id(const struct paths *paths, const char *file) {
  char root[PATH_MAX], real[PATH_MAX];
  const char *id = strncmp(file, "./", 2) == 0 ? file + 2 : file;
  if (paths->cases && realpath(paths->cases, root) && true_path(file, real)) {
    size_t n = strlen(root);
    if (strncmp(real, root, n) == 0 && real[n] == '/')
      id = real + n + 1;
  }
  size_t len = strlen(id);
  if (ends_with(id, ending))
    len -= strlen(ending);
  return xasprintf("%.*s", (int)len, id);
}

static bool read_capture(const char *file, struct buf *text, char **notes, struct diag *diag) {
  struct captured captured;
  bool ok = captured_read(&captured, file, &(struct captured_want){0}, diag) &&
            captured_session(&captured, 0, NULL, text, diag);
  *notes = ok && captured.notes[0] ? xstrdup(captured.notes) : NULL;
  captured_fini(&captured);
  return ok;
}

bool suite_text(const char *file, struct buf *text, char **notes, struct diag *diag) {
  *notes = NULL;
  if (capture_is(file))
    return read_capture(file, text, notes, diag);
  if (file_read(file, text))
    return true;
  diag_at(diag, file, 0, 0, "can't read it: %s",
          text->failed ? "it is too large" : strerror(errno));
  return false;
}

static bool add_file(struct suite *s, const struct paths *paths, const char *file,
                     struct diag *diag) {
  while (strncmp(file, "./", 2) == 0) /* one file, one name */
    file += 2;
  for (size_t i = 0; i < s->cases.n; i++)
    if (strcmp(suite_case(s, i)->file, file) == 0)
      return true;
  struct buf text;
  char *notes = NULL;
  struct paths_loader loader = {paths, file};
  buf_init(&text, SESSION_FILE_MAX);
  struct session *session = NULL;
  if (suite_text(file, &text, &notes, diag))
    session = session_compile(buf_span(&text), file, paths_loader(&loader), diag);
  buf_fini(&text);
  if (!session) {
    free(notes);
    return false;
  }
  struct test_case *c = vec_push(&s->cases);
  *c = (struct test_case){suite_id(paths, file), xstrdup(file), session, notes};
  return true;
}

static bool file_fits(const struct paths *paths, const char *file, const char *pattern,
                      size_t *fit) {
  if (!pattern)
    return true;
  char *id = suite_id(paths, file);
  size_t n = strlen(pattern);
  bool area = strncmp(id, pattern, n) == 0 && id[n] == '/';
  bool fits = area || text_glob(span_str(pattern), span_str(id));
  free(id);
  *fit += fits;
  return fits;
}

/* Adds the session files below a folder; with a pattern only those whose id fits, and adds their
 * number to `*fit`. What does not fit is not read. */
static bool add_folder(struct suite *s, const struct paths *paths, const char *folder,
                       const char *pattern, size_t *fit, struct diag *diag) {
  struct dirent **entries;
  int n = scandir(folder, &entries, NULL, alphasort);
  if (n < 0) {
    diag_at(diag, folder, 0, 0, "can't list it: %s", strerror(errno));
    return false;
  }
  bool ok = true;
  for (int i = 0; i < n; i++) {
    const char *name = entries[i]->d_name;
    char *path = xasprintf("%s/%s", folder, name);
    struct stat st;
    if (name[0] == '.' || stat(path, &st) != 0)
      ; /* hidden, or gone */
    else if (S_ISDIR(st.st_mode))
      ok &= add_folder(s, paths, path, pattern, fit, diag);
    else if (ends_with(name, ending) && file_fits(paths, path, pattern, fit))
      ok &= add_file(s, paths, path, diag);
    free(path);
    free(entries[i]);
  }
  free(entries);
  return ok;
}

/* Adds the cases below the cases' folder whose id is, or matches, `pattern`. */
static bool add_matching(struct suite *s, const struct paths *paths, const char *pattern,
                         struct diag *diag) {
  size_t fit = 0;
  bool ok = !paths->cases || add_folder(s, paths, paths->cases, pattern, &fit, diag);
  if (ok && !fit)
    diag_at(diag, pattern, 0, 0, "no such file, folder or case; \"mcreplay list\" names the cases");
  return ok && fit;
}

/* Adds what one argument names. */
static bool add_argument(struct suite *s, const struct paths *paths, const char *arg,
                         struct diag *diag);

/* Adds what a shell would have made of a pattern of paths; false when it fits none. */
static bool add_glob(struct suite *s, const struct paths *paths, const char *pattern,
                     struct diag *diag, bool *ok) {
  glob_t found;
  bool any = strpbrk(pattern, "*?") && glob(pattern, 0, NULL, &found) == 0;
  if (!any)
    return false;
  for (size_t i = 0; i < found.gl_pathc; i++)
    *ok &= add_argument(s, paths, found.gl_pathv[i], diag);
  globfree(&found);
  return true;
}

static bool add_argument(struct suite *s, const struct paths *paths, const char *arg,
                         struct diag *diag) {
  struct stat st;
  bool ok = true;
  if (stat(arg, &st) == 0)
    return S_ISDIR(st.st_mode) ? add_folder(s, paths, arg, NULL, NULL, diag)
                               : add_file(s, paths, arg, diag);
  if (add_glob(s, paths, arg, diag, &ok))
    return ok;
  return add_matching(s, paths, arg, diag);
}

static int by_id(const void *a, const void *b) {
  return strcmp(((const struct test_case *)a)->id, ((const struct test_case *)b)->id);
}

bool suite_load(struct suite *s, const struct paths *paths, char *const *args, size_t nargs,
                struct diag *diag) {
  bool ok = true;
  if (nargs == 0 && !paths->cases) {
    diag_at(diag, "mcreplay", 0, 0, "no cases/ folder found; name files, or set MCREPLAY_DATA");
    return false;
  }
  if (nargs == 0)
    ok = add_folder(s, paths, paths->cases, NULL, NULL, diag);
  for (size_t i = 0; i < nargs; i++) {
    char *arg = xstrdup(args[i]);
    size_t n = strlen(arg);
    while (n > 1 && arg[n - 1] == '/')
      arg[--n] = '\0';
    ok &= add_argument(s, paths, arg, diag);
    free(arg);
  }
  if (s->cases.n)
    qsort(s->cases.items, s->cases.n, s->cases.size, by_id);
  return ok;
}

static void keep(struct suite *s, bool (*wanted)(const struct test_case *c, const char *what),
                 const char *what) {
  size_t kept = 0;
  for (size_t i = 0; i < s->cases.n; i++) {
    struct test_case *c = vec_at(&s->cases, i);
    if (wanted(c, what))
      *(struct test_case *)vec_at(&s->cases, kept++) = *c;
    else
      case_fini(c);
  }
  s->cases.n = kept;
}

static bool id_fits(const struct test_case *c, const char *pattern) {
  if (strpbrk(pattern, "*?"))
    return text_glob(span_str(pattern), span_str(c->id));
  return strstr(c->id, pattern) != NULL;
}

static bool has_tag(const struct test_case *c, const char *tag) {
  return words_have(c->session->tags, tag);
}

static bool has_need(const struct test_case *c, const char *capability) {
  return words_have(c->session->needs, capability);
}

void suite_keep(struct suite *s, const char *pattern) {
  keep(s, id_fits, pattern);
}

void suite_keep_tag(struct suite *s, const char *tag) {
  keep(s, has_tag, tag);
}

void suite_keep_needs(struct suite *s, const char *capability) {
  keep(s, has_need, capability);
}
