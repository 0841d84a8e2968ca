#include "session/turn.h"

#include <inttypes.h>

#include "session/scan.h"

/* Whether a number stands at this place of a line, as in `opaque=$i`; otherwise bytes do. */
static bool is_number_place(struct span line, size_t at) {
  static const char *const parts[] = {"key", "value", "extras", "framing"};
  static const char frame[] = "frame.";
  if (at == 0 || line.p[at - 1] != '=')
    return false;
  size_t from = at - 1;
  while (from > 0 && line.p[from - 1] != ' ' && line.p[from - 1] != '\t')
    from--;
  struct span field = span_sub(line, from, at - 1 - from);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (span_is(field, parts[i]))
      return false;
  return field.n < strlen(frame) || memcmp(field.p, frame, strlen(frame)) != 0;
}

void turn_line(struct buf *out, struct span line, struct span name, uint64_t count) {
  enum { DIGITS_MOD = 100000000 };
  struct scan scan = {.line = line};
  bool quoted = false;
  while (scan.pos < line.n) {
    size_t at = scan.pos++;
    if (line.p[at] == '$' && !quoted && name.n && span_eq(scan_word(&scan), name)) {
      if (is_number_place(line, at))
        buf_addf(out, "%" PRIu64, count);
      else
        buf_addf(out, "\"%08" PRIu64 "\"", count % DIGITS_MOD);
      continue;
    }
    if (line.p[at] == '"')
      quoted = !quoted;
    scan.pos = at + (quoted && line.p[at] == '\\' ? 2 : 1);
    buf_add_span(out, span_sub(line, at, scan.pos - at));
  }
}
