/* split:N: every request that is longer than N bytes is cut once, behind byte N. `all` takes the
 * first byte and the header's end with its two neighbours. */
#include "delivery/kinds.h"

static void split_cut(const struct delivery *d, struct rng *rng, const struct batch *b,
                      struct cuts *out) {
  (void)rng;
  for (size_t i = 0; i < b->n; i++) {
    size_t start = batch_start(b, i);
    if (b->ends[i] - start > d->number)
      cuts_add(out, start + d->number);
    cuts_add(out, b->ends[i]);
  }
}

const struct delivery_kind delivery_split = {
    .name = "split",
    .usage = "split:N",
    .what = "each request cut behind byte N, the rest sent when the front was read",
    .takes_number = true,
    .least = 1,
    .most = UINT32_MAX,
    .paced = true,
    .all = (const char *const[]){"split:1", "split:23", "split:24", "split:25", NULL},
    .cut = split_cut,
};
