/* A span borrows bytes: a pointer and a length, never owned, never freed through the span. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
  const uint8_t *p;
  size_t n;
};

static inline struct span span_of(const void *p, size_t n) {
  return (struct span){p, n};
}

/* The characters of a NUL-terminated string, without the NUL. */
static inline struct span span_str(const char *s) {
  return (struct span){(const uint8_t *)s, strlen(s)};
}

static inline bool span_eq(struct span a, struct span b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_is(struct span a, const char *s) {
  return span_eq(a, span_str(s));
}

/* The bytes from `off` on, `n` at most; `off` may be at or past the end, which gives an empty one.
 */
static inline struct span span_sub(struct span s, size_t off, size_t n) {
  if (off >= s.n)
    return (struct span){s.p ? s.p + s.n : NULL, 0};
  return (struct span){s.p + off, n < s.n - off ? n : s.n - off};
}

static inline struct span span_from(struct span s, size_t off) {
  return span_sub(s, off, SIZE_MAX);
}

#endif
