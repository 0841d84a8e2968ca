#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

void buf_init(struct buf *b, size_t cap) {
  *b = (struct buf){.cap = cap};
}

void buf_fini(struct buf *b) {
  free(b->p);
  *b = (struct buf){.cap = b->cap};
}

void buf_reset(struct buf *b) {
  b->n = 0;
  b->failed = false;
}

/* One byte more than asked for, so that buf_cstr always finds room for its NUL. */
uint8_t *buf_reserve(struct buf *b, size_t n) {
  CHECK(b->n <= b->cap);
  if (b->failed || n > b->cap - b->n) {
    b->failed = true;
    return NULL;
  }
  CHECK(n < SIZE_MAX / 2 - b->n);
  size_t need = b->n + n + 1;
  if (need > b->room) {
    size_t room = b->room ? b->room : 64;
    while (room < need)
      room *= 2;
    b->p = xrealloc(b->p, room);
    b->room = room;
  }
  return b->p + b->n;
}

bool buf_add(struct buf *b, const void *p, size_t n) {
  uint8_t *to = buf_reserve(b, n);
  if (!to)
    return false;
  if (n)
    memcpy(to, p, n);
  b->n += n;
  return true;
}

bool buf_add_span(struct buf *b, struct span s) {
  return buf_add(b, s.p, s.n);
}

bool buf_add_byte(struct buf *b, uint8_t byte) {
  return buf_add(b, &byte, 1);
}

bool buf_add_str(struct buf *b, const char *s) {
  return buf_add(b, s, strlen(s));
}

bool buf_addf(struct buf *b, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  CHECK(n >= 0);
  uint8_t *to = buf_reserve(b, (size_t)n);
  if (!to)
    return false;
  va_start(ap, fmt);
  vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
  va_end(ap);
  b->n += (size_t)n;
  return true;
}

bool buf_add_decimal(struct buf *b, uint64_t n) {
  char digits[20];
  size_t at = sizeof digits;
  do
    digits[--at] = (char)('0' + n % 10);
  while (n /= 10);
  return buf_add(b, digits + at, sizeof digits - at);
}

bool buf_add_hex(struct buf *b, uint64_t n) {
  char digits[18];
  size_t at = sizeof digits;
  do
    digits[--at] = "0123456789abcdef"[n % 16];
  while (n /= 16);
  digits[--at] = 'x';
  digits[--at] = '0';
  return buf_add(b, digits + at, sizeof digits - at);
}

bool buf_fill(struct buf *b, uint8_t byte, size_t n) {
  uint8_t *to = buf_reserve(b, n);
  if (!to)
    return false;
  memset(to, byte, n);
  b->n += n;
  return true;
}

void buf_drop(struct buf *b, size_t n) {
  CHECK(n <= b->n);
  if (n == 0)
    return;
  memmove(b->p, b->p + n, b->n - n);
  b->n -= n;
}

struct span buf_span(const struct buf *b) {
  return span_of(b->p, b->n);
}

const char *buf_cstr(struct buf *b) {
  if (!b->p) {
    b->room = 64;
    b->p = xmalloc(b->room);
  }
  b->p[b->n] = '\0';
  return (const char *)b->p;
}

char *buf_take(struct buf *b) {
  buf_cstr(b);
  char *s = (char *)b->p;
  *b = (struct buf){.cap = b->cap};
  return s;
}
