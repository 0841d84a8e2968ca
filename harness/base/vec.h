/* A growable array of values of one type; the items move when it grows. Lack of memory aborts. */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>

struct vec {
  void *items;
  size_t n, room, size; /* size: bytes of an item */
};

void vec_init(struct vec *v, size_t size);
void vec_fini(struct vec *v);

/* Room for one more item at the end, zeroed; valid until the next push. */
void *vec_push(struct vec *v);
void *vec_at(const struct vec *v, size_t i);
/* The last item, which must be there. */
void *vec_last(const struct vec *v);
void vec_pop(struct vec *v);

#endif
