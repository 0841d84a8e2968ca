/* An arena: many small allocations, freed in one call. A compiled session lives in one. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/span.h"

struct arena_block;

struct arena {
  struct arena_block *blocks;
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);

/* Zeroed memory, aligned for any type; never NULL; the arena owns it. */
void *arena_alloc(struct arena *a, size_t n);

/* Copies into the arena; the string form appends a NUL. */
void *arena_copy(struct arena *a, const void *p, size_t n);
char *arena_str(struct arena *a, struct span s);

#endif
