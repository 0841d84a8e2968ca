#include "run/cas_map.h"

#include <stdlib.h>

#include "base/check.h"

/* Sets of a few places each; in a set the one that was put first goes when another comes. */
enum { SETS = 1 << 18, WAYS = 4 };

struct place {
  uint64_t recorded, now;
};

struct cas_map {
  struct place places[SETS][WAYS];
};

struct cas_map *cas_map_new(void) {
  return xcalloc(1, sizeof(struct cas_map));
}

void cas_map_free(struct cas_map *m) {
  free(m);
}

/* Servers count up: neighbours share a set and sets follow each other, so that memory is used one
 * page after another. All bits count, for those that put a time in it. */
static uint64_t set_of(uint64_t recorded) {
  uint64_t folded = recorded / WAYS;
  folded ^= folded >> 18 ^ folded >> 36;
  return folded % SETS;
}

void cas_map_put(struct cas_map *m, uint64_t recorded, uint64_t now) {
  struct place *set = m->places[set_of(recorded)];
  size_t at = 0;
  while (at + 1 < WAYS && set[at].recorded != recorded)
    at++;
  for (; at > 0; at--)
    set[at] = set[at - 1];
  set[0] = (struct place){recorded, now};
}

uint64_t cas_map_get(const struct cas_map *m, uint64_t recorded) {
  const struct place *set = m->places[set_of(recorded)];
  for (size_t i = 0; i < WAYS; i++)
    if (set[i].recorded == recorded)
      return set[i].now;
  return recorded;
}
