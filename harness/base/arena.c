#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#include "base/check.h"

enum { BLOCK_MIN = 4096 };

struct arena_block {
  struct arena_block *next;
  size_t used, room;
  alignas(max_align_t) uint8_t bytes[];
};

void arena_init(struct arena *a) {
  a->blocks = NULL;
}

void arena_fini(struct arena *a) {
  while (a->blocks) {
    struct arena_block *next = a->blocks->next;
    free(a->blocks);
    a->blocks = next;
  }
}

void *arena_alloc(struct arena *a, size_t n) {
  CHECK(n < SIZE_MAX / 2);
  n = (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
  struct arena_block *b = a->blocks;
  if (!b || n > b->room - b->used) {
    size_t room = n > BLOCK_MIN ? n : BLOCK_MIN;
    b = xmalloc(sizeof *b + room);
    *b = (struct arena_block){.next = a->blocks, .room = room};
    a->blocks = b;
  }
  void *p = b->bytes + b->used;
  b->used += n;
  return memset(p, 0, n);
}

void *arena_copy(struct arena *a, const void *p, size_t n) {
  void *to = arena_alloc(a, n);
  return n ? memcpy(to, p, n) : to;
}

char *arena_str(struct arena *a, struct span s) {
  char *to = arena_alloc(a, s.n + 1);
  if (s.n)
    memcpy(to, s.p, s.n);
  return to;
}
