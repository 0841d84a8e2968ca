#include "session/front.h"

void front_lengths(const struct header *h, size_t lengths[4]) {
  size_t before = (size_t)h->framinglen + h->extlen + h->keylen;
  lengths[0] = h->framinglen;
  lengths[1] = h->extlen;
  lengths[2] = h->keylen;
  lengths[3] = h->bodylen > before ? h->bodylen - before : 0;
}

enum frame_cut front_cut(struct span bytes, struct frame *f) {
  enum frame_cut cut = frame_cut(bytes, f);
  if (cut != FRAME_SHORT || f->len == 0)
    return cut;
  header_unpack(bytes.p, &f->h);
  size_t lengths[4], off = HEADER_BYTES;
  front_lengths(&f->h, lengths);
  struct span *parts[4] = {&f->framing, &f->extras, &f->key, &f->value};
  for (size_t i = 0; i < 4; i++) {
    *parts[i] = span_sub(bytes, off, lengths[i]);
    off += lengths[i];
  }
  return cut;
}
