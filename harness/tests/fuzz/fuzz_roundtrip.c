/* Any bytes, rendered as a line or as a stream of lines, compile back to themselves. The first byte
 * of the input chooses dialect and direction. */
#include "base/check.h"
#include "fuzz.h"
#include "session/render.h"
#include "session/session.h"

enum { CAP = 1 << 28 };

static void compile(struct span text, enum dialect dialect, bool to_server, struct buf *out) {
  struct diag diag;
  diag_init(&diag);
  if (!session_compile_line(text, dialect, to_server, "line", out, &diag))
    DIE("%s%.*s", diag_text(&diag), (int)text.n, (const char *)text.p);
  diag_fini(&diag);
}

static void check_line(enum dialect dialect, bool to_server, struct span bytes) {
  struct buf text, again;
  buf_init(&text, CAP);
  buf_init(&again, CAP);
  render_line(&text, dialect, to_server, bytes);
  compile(buf_span(&text), dialect, to_server, &again);
  CHECK(span_eq(buf_span(&again), bytes));
  buf_fini(&text);
  buf_fini(&again);
}

static void check_stream(enum dialect dialect, bool to_server, struct span bytes) {
  static const char prefix[] = "c1 < ";
  struct buf text, again;
  buf_init(&text, CAP);
  buf_init(&again, CAP);
  render_stream(&text, prefix, dialect, to_server, bytes);
  struct span rest = buf_span(&text);
  while (rest.n > 0) {
    const uint8_t *end = memchr(rest.p, '\n', rest.n);
    CHECK(end);
    CHECK(memcmp(rest.p, prefix, sizeof prefix - 1) == 0);
    size_t n = (size_t)(end - rest.p);
    compile(span_from(span_sub(rest, 0, n), sizeof prefix - 1), dialect, to_server, &again);
    rest = span_from(rest, n + 1);
  }
  CHECK(span_eq(buf_span(&again), bytes));
  buf_fini(&text);
  buf_fini(&again);
}

static void check_brief(enum dialect dialect, bool to_server, struct span bytes) {
  struct buf text;
  buf_init(&text, CAP);
  render_brief(&text, dialect, to_server, bytes);
  CHECK(text.n > 0 && !memchr(text.p, '\n', text.n));
  buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  enum dialect dialect = data[0] & 1 ? DIALECT_COUCHBASE : DIALECT_STOCK;
  bool to_server = data[0] & 2;
  struct span bytes = span_of(data + 1, size - 1);
  check_line(dialect, to_server, bytes);
  check_stream(dialect, to_server, bytes);
  check_brief(dialect, to_server, bytes);
  return 0;
}
