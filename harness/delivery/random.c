/* random:SEED: chunks of random size that heed no border, most of them small, one in five or so of
 * up to 4096 bytes, so that a read of the server's ends in one request and begins in the middle of
 * another. From 64 KiB on both sizes grow with the batch: then it is about two hundred chunks,
 * however long it is. */
#include "delivery/kinds.h"

enum { SMALL = 64, LARGE = 4096, LARGE_OF_16 = 3, UNSCALED = 64 * 1024 };

/* The seed is already in `rng`, with the case's name: see delivery_cut. */
static void random_cut(const struct delivery *d, struct rng *rng, const struct batch *b,
                       struct cuts *out) {
  (void)d;
  uint64_t scale = b->bytes.n / UNSCALED + 1;
  for (size_t at = 0; at < b->bytes.n;) {
    uint64_t limit = rng_below(rng, 16) < LARGE_OF_16 ? LARGE : SMALL;
    uint64_t size = 1 + rng_below(rng, limit * scale);
    at = size < b->bytes.n - at ? at + (size_t)size : b->bytes.n;
    cuts_add(out, at);
  }
}

const struct delivery_kind delivery_random = {
    .name = "random",
    .usage = "random:SEED",
    .what = "all requests ahead of their answers, in chunks of random size",
    .takes_number = true,
    .most = UINT64_MAX,
    .pipelines = true,
    .paced = true,
    .all = (const char *const[]){"random:1", NULL},
    .cut = random_cut,
};
