/* The literals of the renderer: bytes as quoted text, hex(..) and repeat(..). */
#include "session/render.h"

enum {
  REPEAT_MIN = 32, /* a run of one byte this long becomes repeat(..) */
  HEX_MIN = 4,     /* this many bytes in a row that are no text end a text ... */
  TEXT_MIN = 5,    /* ... and this many that are end a hex(..) */
  EXCERPT_CHARS = 200,
  EXCERPT_HEAD = 40, /* bytes */
  EXCERPT_TAIL = 20
};

static const char DIGITS[] = "0123456789abcdef";

static bool is_text(uint8_t c) {
  return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t' || c == '\r';
}

/* Bytes that stand for themselves in a text whatever follows. */
static bool is_plain(uint8_t c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '{';
}

static size_t run_length(struct span s) {
  size_t n = 1;
  while (n < s.n && s.p[n] == s.p[0])
    n++;
  return n;
}

static bool starts_as_text(struct span s) {
  size_t window = s.n < HEX_MIN ? s.n : HEX_MIN, text = 0;
  for (size_t i = 0; i < window; i++)
    text += is_text(s.p[i]);
  return 2 * text >= window;
}

/* The bytes up to a long run, or up to where the other kind of literal reads better. */
static size_t segment_length(struct span s, bool text) {
  const size_t limit = text ? HEX_MIN : TEXT_MIN;
  size_t others = 0, run = 0;
  for (size_t i = 0; i < s.n; i++) {
    run = i > 0 && s.p[i] == s.p[i - 1] ? run + 1 : 1;
    if (run == REPEAT_MIN)
      return i + 1 - REPEAT_MIN;
    others = is_text(s.p[i]) == text ? 0 : others + 1;
    if (others == limit)
      return i + 1 - limit;
  }
  return s.n;
}

static void put_escaped(struct buf *out, struct span s) {
  uint8_t c = s.p[0];
  uint8_t text[4] = {'\\', 'x', (uint8_t)DIGITS[c >> 4], (uint8_t)DIGITS[c & 15]};
  size_t n = 2;
  if (c == '{' && !(s.n >= 4 && memcmp(s.p, "{ns}", 4) == 0)) {
    buf_add_byte(out, c);
    return;
  }
  if (c == '"' || c == '\\')
    text[1] = c;
  else if (c == '\n')
    text[1] = 'n';
  else if (c == '\t')
    text[1] = 't';
  else if (c == '\r')
    text[1] = 'r';
  else
    n = 4;
  buf_add(out, text, n);
}

static void put_text(struct buf *out, struct span s) {
  buf_add_byte(out, '"');
  for (size_t i = 0; i < s.n && !out->failed;) {
    size_t plain = i;
    while (plain < s.n && is_plain(s.p[plain]))
      plain++;
    buf_add(out, s.p + i, plain - i);
    if (plain < s.n)
      put_escaped(out, span_from(s, plain++));
    i = plain;
  }
  buf_add_byte(out, '"');
}

static void put_hex(struct buf *out, struct span s) {
  size_t n = 4 + 3 * s.n;
  uint8_t *to = buf_reserve(out, n);
  if (!to)
    return;
  memcpy(to, "hex(", 4);
  to += 4;
  for (size_t i = 0; i < s.n; i++) {
    *to++ = (uint8_t)DIGITS[s.p[i] >> 4];
    *to++ = (uint8_t)DIGITS[s.p[i] & 15];
    *to++ = i + 1 < s.n ? ' ' : ')';
  }
  out->n += n;
}

static void put_literal(struct buf *out, struct span s, bool text) {
  if (text)
    put_text(out, s);
  else
    put_hex(out, s);
}

void render_bytes(struct buf *out, struct span bytes) {
  if (bytes.n == 0)
    buf_add_str(out, "\"\"");
  for (size_t i = 0, n; i < bytes.n && !out->failed; i += n) {
    struct span rest = span_from(bytes, i);
    if (i > 0)
      buf_add_byte(out, ' ');
    n = run_length(rest);
    if (n >= REPEAT_MIN) {
      buf_addf(out, "repeat(%zu, ", n);
      put_literal(out, span_sub(rest, 0, 1), is_text(rest.p[0]));
      buf_add_byte(out, ')');
    } else {
      bool text = starts_as_text(rest);
      n = segment_length(rest, text);
      put_literal(out, span_sub(rest, 0, n), text);
    }
  }
}

void render_excerpt(struct buf *out, struct span bytes) {
  struct buf whole;
  buf_init(&whole, EXCERPT_CHARS);
  render_bytes(&whole, bytes);
  if (!whole.failed) {
    buf_add_span(out, buf_span(&whole));
  } else {
    render_bytes(out, span_sub(bytes, 0, EXCERPT_HEAD));
    buf_addf(out, " .. (%zu bytes) .. ", bytes.n - EXCERPT_HEAD - EXCERPT_TAIL);
    render_bytes(out, span_from(bytes, bytes.n - EXCERPT_TAIL));
  }
  buf_fini(&whole);
}
