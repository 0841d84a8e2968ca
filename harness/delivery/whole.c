/* whole: a write per request, and the next request only when its turn in the file has come. What a
 * friendly client does; every other delivery must get the same answers. */
#include "delivery/kinds.h"

static void whole_cut(const struct delivery *d, struct rng *rng, const struct batch *b,
                      struct cuts *out) {
  (void)d, (void)rng;
  for (size_t i = 0; i < b->n; i++)
    cuts_add(out, b->ends[i]);
}

const struct delivery_kind delivery_whole = {
    .name = "whole",
    .usage = "whole",
    .what = "a write per request",
    .all = (const char *const[]){"whole", NULL},
    .cut = whole_cut,
};
