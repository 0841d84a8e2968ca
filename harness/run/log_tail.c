#include "run/log_tail.h"

#include "base/text.h"

enum { SHOWN_BYTES = 4096, SHOWN_LINES = 20 };

/* The last lines of a text; `cut` when its beginning is missing, so that its first line is not
 * whole: that is shown only when it is the only one. */
static struct span last_lines(struct span text, bool cut) {
  size_t from = text.n, lines = 0;
  if (from && text.p[from - 1] == '\n')
    from--;
  for (size_t i = from; i > 0; i--)
    if (text.p[i - 1] == '\n') {
      from = i;
      if (++lines == SHOWN_LINES)
        break;
    }
  return lines == SHOWN_LINES || (lines && cut) ? span_from(text, from) : text;
}

void log_tail_add(struct buf *out, const char *title, struct span log) {
  struct buf clean;
  bool cut = log.n > SHOWN_BYTES;
  buf_init(&clean, SHOWN_BYTES * 5);
  if (cut)
    log = span_from(log, log.n - SHOWN_BYTES);
  if (log.n)
    buf_addf(out, "%s\n", title);
  for (struct span rest = last_lines(log, cut); rest.n > 0;) {
    const uint8_t *newline = memchr(rest.p, '\n', rest.n);
    struct span line = span_sub(rest, 0, newline ? (size_t)(newline - rest.p) : rest.n);
    buf_reset(&clean);
    text_escape(&clean, line);
    buf_addf(out, "| %s\n", buf_cstr(&clean));
    rest = span_from(rest, line.n + 1);
  }
  buf_fini(&clean);
}

void log_tail_add_of(struct buf *out, const char *title, struct server *s) {
  struct buf log;
  buf_init(&log, SHOWN_BYTES + 1); /* one more, to tell whether that is all */
  server_log_tail(s, SHOWN_BYTES + 1, &log);
  log_tail_add(out, title, buf_span(&log));
  buf_fini(&log);
}
