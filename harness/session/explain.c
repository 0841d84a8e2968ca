#include "session/explain.h"

#include <inttypes.h>

#include "session/difference.h"
#include "session/front.h"
#include "session/hex_window.h"
#include "session/render.h"
#include "session/scope.h"

enum {
  TEXT_HEAD = 200, /* characters of a long line as written that are shown */
  TEXT_TAIL = 60,
  EXCERPT_BEFORE = 4, /* bytes before one that differs */
  EXCERPT_BYTES = 12,
  FRAMES_SHOWN = 5 /* of what nobody expected */
};

#define INDENT "          "

/* The line as written, with one blank where several stand outside quotes. */
static void put_written(struct buf *out, struct span text) {
  struct buf line;
  bool quoted = false, blank = false;
  buf_init(&line, text.n);
  for (size_t i = 0; i < text.n; i++) {
    uint8_t c = text.p[i];
    if (!quoted && (c == ' ' || c == '\t')) {
      blank = true;
      continue;
    }
    if (blank && line.n > 0)
      buf_add_byte(&line, ' ');
    blank = false;
    buf_add_byte(&line, c);
    if (quoted && c == '\\' && i + 1 < text.n)
      buf_add_byte(&line, text.p[++i]);
    else if (c == '"')
      quoted = !quoted;
  }
  struct span s = buf_span(&line);
  if (s.n <= TEXT_HEAD + TEXT_TAIL) {
    buf_add_span(out, s);
  } else {
    buf_add_span(out, span_sub(s, 0, TEXT_HEAD));
    buf_addf(out, " .. (%zu characters) .. ", s.n - TEXT_HEAD - TEXT_TAIL);
    buf_add_span(out, span_from(s, s.n - TEXT_TAIL));
  }
  buf_fini(&line);
}

/* Bytes from a little before `at` on, as literals; holes as `*{n}`. */
static void put_around(struct buf *out, struct span s, const uint8_t *mask, size_t at) {
  size_t from = at > EXCERPT_BEFORE ? at - EXCERPT_BEFORE : 0;
  struct span shown = span_sub(s, from, EXCERPT_BYTES);
  if (s.n == 0)
    buf_add_str(out, "nothing");
  if (from > 0)
    buf_add_str(out, "..");
  for (size_t i = 0, n; i < shown.n; i += n) {
    bool hole = mask && mask[from + i] == 0;
    n = 1;
    while (i + n < shown.n && (mask && mask[from + i + n] == 0) == hole)
      n++;
    if (i > 0)
      buf_add_byte(out, ' ');
    if (hole)
      buf_addf(out, "*{%zu}", n);
    else
      render_bytes(out, span_sub(shown, i, n));
  }
  if (from + shown.n < s.n)
    buf_add_str(out, "..");
}

static void put_number(struct buf *out, const struct explain_input *in, const struct difference *x,
                       struct span bytes, uint8_t magic) {
  uint64_t value = be_get(bytes.p, bytes.n);
  const char *name = NULL;
  switch (x->rank) {
  case RANK_OPCODE:
    buf_addf(out, "0x%02" PRIx64, value);
    name = opcode_name(in->dialect, magic_is_server(magic), (uint8_t)value);
    break;
  case RANK_STATUS:
    if (strcmp(x->name, "status") == 0) {
      buf_addf(out, "0x%04" PRIx64, value);
      name = status_name((uint16_t)value);
    } else {
      buf_addf(out, "%" PRIu64, value);
    }
    break;
  case RANK_MAGIC:
  case RANK_DATATYPE:
    buf_addf(out, "0x%02" PRIx64, value);
    break;
  case RANK_OPAQUE:
  case RANK_CAS:
    buf_addf(out, "0x%" PRIx64, value);
    break;
  default:
    buf_addf(out, value > 0xffff ? "0x%" PRIx64 : "%" PRIu64, value);
  }
  if (name)
    buf_addf(out, " %s", name);
}

static void put_bounds(struct buf *out, const struct difference *x) {
  if (x->max >= LITERAL_MAX && x->got_len <= x->max)
    buf_addf(out, "%zu or more bytes", x->min);
  else if (x->min == 0)
    buf_addf(out, "at most %zu bytes", x->max);
  else
    buf_addf(out, "%zu to %zu bytes", x->min, x->max);
}

static void put_range(struct buf *out, const char *what, uint64_t from, size_t n) {
  if (n > 1)
    buf_addf(out, "%s %" PRIu64 "-%" PRIu64, what, from, from + n - 1);
  else
    buf_addf(out, "%s %" PRIu64, what, from);
}

/* The field that differs, where it stands if asked, and both sides' idea of it. */
static void put_difference(struct buf *out, const struct explain_input *in,
                           const struct differences *d, const struct difference *x, bool place) {
  bool bytes = x->kind == DIFFERENCE_BYTES;
  size_t at = bytes ? x->off + x->got_at : x->off, n = bytes ? 1 : x->got_len;
  buf_add_str(out, x->name);
  if (bytes)
    buf_addf(out, " at %zu", x->got_at);
  if (place) {
    put_range(out, n > 1 ? " (bytes" : " (byte", at, n);
    put_range(out, ", stream", in->stream_off + at, n);
    buf_add_byte(out, ')');
  }
  buf_add_str(out, ": want ");
  switch (x->kind) {
  case DIFFERENCE_NUMBER:
    put_number(out, in, x, x->want, d->bytes.p[0]);
    buf_add_str(out, ", got ");
    put_number(out, in, x, x->got, d->got.p[0]);
    break;
  case DIFFERENCE_BYTES:
    put_around(out, x->want, x->mask, x->want_at);
    buf_add_str(out, ", got ");
    put_around(out, x->got, NULL, x->got_at);
    if (x->want_len != x->got_len && !x->gapped)
      buf_addf(out, "; want %zu bytes, got %zu", x->want_len, x->got_len);
    break;
  case DIFFERENCE_LENGTH:
    put_bounds(out, x);
    buf_addf(out, ", got %zu", x->got_len);
    break;
  case DIFFERENCE_ZERO:
    buf_add_str(out, "anything but zero, got zero");
    break;
  }
}

static void put_actual(struct buf *out, const struct explain_input *in,
                       const struct differences *d) {
  bool raw = in->pattern->raw && d->cut != FRAME_WHOLE;
  buf_addf(out, "actual    ");
  if (in->actual.n == 0) {
    buf_add_str(out, "nothing\n");
    return;
  }
  buf_addf(out, "c%u < ", in->conn);
  if (raw) {
    buf_add_str(out, "raw ");
    render_excerpt(out, d->got);
    if (!d->got_whole)
      buf_addf(out, " (%zu of %zu bytes)", d->got.n, d->bytes.n);
  } else {
    render_brief(out, in->dialect, false, in->actual);
  }
  buf_add_byte(out, '\n');
}

/* What came although it was not expected, frame by frame. */
static void put_leftover(struct buf *out, const struct explain_input *in) {
  struct span rest = in->actual;
  buf_add_str(out, "actual    ");
  if (rest.n == 0)
    buf_add_str(out, "nothing\n");
  for (unsigned i = 0; i < FRAMES_SHOWN && rest.n > 0; i++) {
    struct frame f;
    size_t n = frame_cut(rest, &f) == FRAME_WHOLE ? f.len : rest.n;
    buf_addf(out, "%sc%u < ", i ? INDENT : "", in->conn);
    render_brief(out, in->dialect, false, span_sub(rest, 0, n));
    buf_add_byte(out, '\n');
    rest = span_from(rest, n);
  }
  if (rest.n > 0)
    buf_addf(out, INDENT ".. and %zu further bytes\n", rest.n);
}

void explain_difference(struct buf *out, const struct explain_input *in) {
  buf_add_str(out, "expected  ");
  if (in->text.n > 0)
    put_written(out, in->text);
  else
    buf_addf(out, "nothing more on c%u", in->conn);
  buf_add_byte(out, '\n');
  if (!in->pattern) {
    put_leftover(out, in);
    return;
  }
  struct differences d;
  differences_init(&d, in);
  put_actual(out, in, &d);
  const struct difference *first = differences_first(&d);
  if (first) {
    buf_add_str(out, INDENT);
    put_difference(out, in, &d, first, true);
    buf_add_byte(out, '\n');
  }
  if (d.n > 1) {
    const char *before = INDENT "also: ";
    for (size_t i = 0; i < d.n; i++)
      if (&d.list[i] != first) {
        buf_addf(out, "%s%s", before, d.list[i].name);
        before = ", ";
      }
    buf_add_byte(out, '\n');
  }
  hex_window_put(out, &(struct hex_window){buf_span(&d.bytes), d.mask.p, d.got, d.got_whole});
  differences_fini(&d);
}

static void put_brief_leftover(struct buf *out, const struct explain_input *in) {
  struct frame f;
  struct span front = in->actual;
  if (frame_cut(front, &f) == FRAME_WHOLE)
    front = span_sub(front, 0, f.len);
  if (in->text.n == 0)
    buf_addf(out, "%zu byte%s more than expected", in->actual.n, in->actual.n == 1 ? "" : "s");
  else
    put_written(out, in->text);
  if (front.n > 0) {
    buf_add_str(out, in->text.n ? " was expected, got " : ": ");
    render_brief(out, in->dialect, false, front);
  } else if (in->text.n > 0) {
    buf_add_str(out, " was expected, nothing came");
  }
}

const char *explain_field(const struct explain_input *in) {
  if (!in->pattern)
    return NULL;
  struct differences d;
  differences_init(&d, in);
  const struct difference *first = differences_first(&d);
  const char *name = first ? first->name : NULL;
  differences_fini(&d);
  return name;
}

void explain_brief(struct buf *out, const struct explain_input *in) {
  if (!in->pattern) {
    put_brief_leftover(out, in);
    return;
  }
  struct differences d;
  differences_init(&d, in);
  const struct difference *first = differences_first(&d);
  if (first)
    put_difference(out, in, &d, first, false);
  else if (in->actual.n == 0)
    buf_add_str(out, "nothing came");
  else if (d.got_whole)
    buf_add_str(out, "nothing differs");
  else if (in->pattern->raw || d.frame.len > 0)
    buf_addf(out, "%zu of %zu bytes came", d.got.n, in->pattern->raw ? d.bytes.n : d.frame.len);
  else
    buf_addf(out, "%zu of %d header bytes came", d.got.n, HEADER_BYTES);
  differences_fini(&d);
}
