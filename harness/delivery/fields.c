/* fields: cuts at, one byte before and one byte after each border between a frame's parts, its two
 * ends included: header, framing extras, extras, key, value. Bytes that are no frame are cut at
 * their half. */
#include "delivery/kinds.h"

static void frame_cuts(size_t from, const struct parts *parts, struct cuts *out) {
  cuts_add(out, from + 1);
  for (size_t k = 0; k < parts->n; k++) {
    size_t border = parts->ends[k];
    cuts_add(out, border - 1);
    cuts_add(out, border);
    if (k + 1 < parts->n)
      cuts_add(out, border + 1);
  }
}

static void fields_cut(const struct delivery *d, struct rng *rng, const struct batch *b,
                       struct cuts *out) {
  (void)d, (void)rng;
  parts_cut(b, out, frame_cuts);
}

const struct delivery_kind delivery_fields = {
    .name = "fields",
    .usage = "fields",
    .what = "cuts at and next to every border of header, extras, key and value",
    .paced = true,
    .all = (const char *const[]){"fields", NULL},
    .cut = fields_cut,
};
