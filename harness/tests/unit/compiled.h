/* Sessions compiled from text inside a test, and the bytes of single lines of the notation. */
#ifndef COMPILED_H
#define COMPILED_H

#include "base/check.h"
#include "session/session.h"
#include "unit.h"

enum { COMPILED_MAX = 256 << 20 };

static const struct session_loader no_loader = {0};

/* A whole file; the test fails with the diagnostics when it does not compile. */
static inline struct session *compiled_file(const char *text) {
  struct diag diag;
  diag_init(&diag);
  struct session *s = session_compile(span_str(text), "t", no_loader, &diag);
  if (!s || diag.count)
    ck_abort_msg("%s\n%s", text, diag_text(&diag));
  diag_fini(&diag);
  return s;
}

/* Steps alone, below head lines of their own: `steps` begins in line 3. */
static inline struct session *compiled(const char *steps) {
  char *text = xasprintf("case  t\nspec  noop\n%s\n", steps);
  struct session *s = compiled_file(text);
  free(text);
  return s;
}

/* The diagnostics of a file that must not compile; the caller frees. */
static inline char *refused_file(const char *text) {
  struct diag diag;
  diag_init(&diag);
  struct session *s = session_compile(span_str(text), "t", no_loader, &diag);
  ck_assert_msg(!s, "compiles:\n%s", text);
  ck_assert_uint_gt(diag.count, 0);
  return buf_take(&diag.text);
}

static inline char *refused(const char *steps) {
  char *text = xasprintf("case  t\nspec  noop\n%s\n", steps);
  char *why = refused_file(text);
  free(text);
  return why;
}

/* Appends the bytes of a line without holes, as it stands behind `c1 >` or `c1 <`. */
static inline void add_line_bytes(struct buf *out, const char *line, bool to_server) {
  struct diag diag;
  diag_init(&diag);
  if (!session_compile_line(span_str(line), DIALECT_STOCK, to_server, "bytes", out, &diag))
    ck_abort_msg("%s\n%s", line, diag_text(&diag));
  diag_fini(&diag);
}

/* The bytes of several lines in a buffer that the caller ends; NULL ends the list. */
static inline struct buf answers(const char *const *lines) {
  struct buf b;
  buf_init(&b, COMPILED_MAX);
  for (; *lines; lines++)
    add_line_bytes(&b, *lines, false);
  return b;
}

static inline struct bindings bindings_of(const struct session *s) {
  struct bindings env = {.ns = {'n', 's', '0', '1'}, .var_off = s->var_off};
  env.vars = xcalloc(1, s->vars_bytes);
  env.var_size = s->var_size;
  return env;
}

#endif
