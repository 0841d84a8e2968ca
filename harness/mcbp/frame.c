#include "mcbp/frame.h"

/* Four bits hold a number below ESCAPE; ESCAPE says that a byte follows, to be added to it. */
enum { ESCAPE = 15, FRAMING_MAX = ESCAPE + 255 };

enum frame_cut frame_cut(struct span bytes, struct frame *f) {
  f->len = 0;
  if (bytes.n > 0 && !magic_is_known(bytes.p[0]))
    return FRAME_NOT;
  if (bytes.n < HEADER_BYTES)
    return FRAME_SHORT;
  header_unpack(bytes.p, &f->h);
  size_t extras = HEADER_BYTES + (size_t)f->h.framinglen;
  size_t key = extras + f->h.extlen;
  size_t value = key + f->h.keylen;
  if (value - HEADER_BYTES > f->h.bodylen)
    return FRAME_NOT;
  f->len = HEADER_BYTES + (size_t)f->h.bodylen;
  if (bytes.n - HEADER_BYTES < f->h.bodylen)
    return FRAME_SHORT;
  f->framing = span_sub(bytes, HEADER_BYTES, f->h.framinglen);
  f->extras = span_sub(bytes, extras, f->h.extlen);
  f->key = span_sub(bytes, key, f->h.keylen);
  f->value = span_sub(bytes, value, f->len - value);
  return FRAME_WHOLE;
}

size_t frame_borders(const struct frame *f, size_t offsets[4]) {
  const size_t parts[4] = {HEADER_BYTES, f->framing.n, f->extras.n, f->key.n};
  size_t count = 0, off = 0;
  for (size_t i = 0; i < 4; i++) {
    off += parts[i];
    if (parts[i] > 0 && off < f->len)
      offsets[count++] = off;
  }
  return count;
}

bool framing_next(struct span *rest, unsigned *id, struct span *data) {
  if (rest->n == 0)
    return false;
  unsigned number[2] = {rest->p[0] >> 4, rest->p[0] & 15u};
  size_t at = 1;
  for (size_t i = 0; i < 2; i++)
    if (number[i] == ESCAPE) {
      if (at == rest->n)
        return false;
      number[i] += rest->p[at++];
    }
  if (number[1] > rest->n - at)
    return false;
  *id = number[0];
  *data = span_sub(*rest, at, number[1]);
  *rest = span_from(*rest, at + number[1]);
  return true;
}

bool framing_put(struct buf *b, unsigned id, struct span data) {
  if (id > FRAMING_MAX || data.n > FRAMING_MAX)
    return false;
  const size_t number[2] = {id, data.n};
  uint8_t head[3] = {0};
  size_t n = 1;
  for (size_t i = 0; i < 2; i++) {
    bool escaped = number[i] >= ESCAPE;
    head[0] = (uint8_t)(head[0] << 4 | (escaped ? ESCAPE : number[i]));
    if (escaped)
      head[n++] = (uint8_t)(number[i] - ESCAPE);
  }
  return buf_reserve(b, n + data.n) && buf_add(b, head, n) && buf_add_span(b, data);
}
