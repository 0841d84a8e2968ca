/* A small seeded generator (splitmix64): the same seed gives the same numbers on every machine.
 * It serves `random(SEED, N)` literals, delivery cuts and shuffles; it is not for secrets. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include "base/span.h"

struct rng {
  uint64_t state;
};

static inline struct rng rng_of(uint64_t seed) {
  return (struct rng){seed};
}

static inline uint64_t rng_next(struct rng *r) {
  uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* A number from 0 to n - 1; n must not be 0. */
static inline uint64_t rng_below(struct rng *r, uint64_t n) {
  return rng_next(r) % n;
}

/* A seed made of a seed and a name, so that picking other cases does not change this one's. */
static inline uint64_t rng_mix(uint64_t seed, struct span name) {
  struct rng r = rng_of(seed);
  for (size_t i = 0; i < name.n; i++)
    r.state ^= rng_next(&r) + name.p[i];
  return rng_next(&r);
}

#endif
