/* A scribe in a test: it is told lines of the notation, and its session comes back as text. */
#ifndef SCRIBED_H
#define SCRIBED_H

#include "compiled.h"
#include "session/scribe.h"

static const struct scribe_head scribed_head = {.title = "t"};

static inline struct scribe *scribed_new(void) {
  return scribe_new(DIALECT_STOCK, COMPILED_MAX);
}

/* A frame of one side, as it stands behind `c1 >` or `c1 <`. */
static inline void scribed_line(struct scribe *s, size_t conn, bool from_server, const char *line) {
  struct buf b;
  buf_init(&b, COMPILED_MAX);
  add_line_bytes(&b, line, !from_server);
  ck_assert(scribe_bytes(s, conn, from_server, buf_span(&b)));
  buf_fini(&b);
}

/* What it writes below its head; the caller frees. */
static inline char *scribed_steps(const struct scribe *s) {
  struct buf out, why;
  buf_init(&out, COMPILED_MAX);
  buf_init(&why, 4096);
  bool ok = scribe_write(s, &scribed_head, &out, &why);
  if (!ok)
    ck_abort_msg("%s\n%s", buf_cstr(&why), buf_cstr(&out));
  const char *steps = strstr(buf_cstr(&out), "isolated\n");
  ck_assert_ptr_nonnull(steps);
  char *text = xstrdup(steps + strlen("isolated\n"));
  buf_fini(&out);
  buf_fini(&why);
  return text;
}

static inline void scribed_is(const struct scribe *s, const char *want) {
  char *got = scribed_steps(s);
  ck_assert_str_eq(got, want);
  free(got);
}

#endif
