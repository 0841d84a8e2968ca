#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

void vec_init(struct vec *v, size_t size) {
  *v = (struct vec){.size = size};
}

void vec_fini(struct vec *v) {
  free(v->items);
  *v = (struct vec){.size = v->size};
}

void *vec_push(struct vec *v) {
  if (v->n == v->room) {
    v->room = v->room ? 2 * v->room : 8;
    CHECK(v->room <= SIZE_MAX / v->size);
    v->items = xrealloc(v->items, v->room * v->size);
  }
  return memset((char *)v->items + v->n++ * v->size, 0, v->size);
}

void *vec_at(const struct vec *v, size_t i) {
  CHECK(i < v->n);
  return (char *)v->items + i * v->size;
}

void *vec_last(const struct vec *v) {
  return vec_at(v, v->n - 1);
}

void vec_pop(struct vec *v) {
  CHECK(v->n > 0);
  v->n--;
}
