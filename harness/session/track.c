#include "session/track.h"

static void feed(struct track *t, struct span bytes) {
  while (bytes.n > 0 && !t->garbage) {
    if (t->body_left > 0) {
      size_t n = bytes.n < t->body_left ? bytes.n : (size_t)t->body_left;
      t->body_left -= n;
      bytes = span_from(bytes, n);
      continue;
    }
    size_t want = HEADER_BYTES - t->have, n = bytes.n < want ? bytes.n : want;
    memcpy(t->header + t->have, bytes.p, n);
    t->have += n;
    bytes = span_from(bytes, n);
    if (!magic_is_known(t->header[0])) {
      t->garbage = true;
    } else if (t->have == HEADER_BYTES) {
      struct header h;
      header_unpack(t->header, &h);
      t->body_left = h.bodylen;
      t->have = 0;
      t->garbage = (uint64_t)h.framinglen + h.extlen + h.keylen > h.bodylen;
    }
  }
}

void track_send(struct track *t, const struct pattern *p) {
  feed(t, span_of(p->bytes, p->n));
}

bool track_at_border(const struct track *t) {
  return !t->garbage && t->have == 0 && t->body_left == 0;
}

void track_restart(struct track *t) {
  t->maybe_closed = t->garbage = false;
  t->have = 0;
  t->body_left = 0;
}
