#include "delivery/kinds.h"
#include "mcbp/frame.h"

size_t parts_next(const struct batch *b, size_t from, size_t to, struct parts *out) {
  struct frame f;
  *out = (struct parts){0};
  if (frame_cut(span_sub(b->bytes, from, to - from), &f) == FRAME_WHOLE) {
    out->framed = true;
    out->n = frame_borders(&f, out->ends);
    for (size_t i = 0; i < out->n; i++)
      out->ends[i] += from;
    to = from + f.len;
  }
  out->ends[out->n++] = to;
  return to;
}

void parts_cut(const struct batch *b, struct cuts *out,
               void (*frame)(size_t from, const struct parts *parts, struct cuts *out)) {
  for (size_t i = 0; i < b->n; i++)
    for (size_t from = batch_start(b, i), to; from < b->ends[i]; from = to) {
      struct parts parts;
      to = parts_next(b, from, b->ends[i], &parts);
      if (parts.framed)
        frame(from, &parts, out);
      else
        cuts_add(out, from + (to - from) / 2);
      cuts_add(out, to);
    }
}
