/* A growable byte buffer that owns its memory and has a cap from birth.
 *
 * An addition that would pass the cap adds nothing and sets `failed`, which stays set: add freely
 * and look once at the end. Lack of memory aborts. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/span.h"

struct buf {
  uint8_t *p;
  size_t n;    /* bytes in use */
  size_t room; /* bytes allocated */
  size_t cap;  /* n never exceeds it */
  bool failed;
};

void buf_init(struct buf *b, size_t cap);
void buf_fini(struct buf *b);

/* Empties the buffer and clears `failed`; keeps the memory. */
void buf_reset(struct buf *b);

/* Appends; false (and `failed`) when the cap does not allow it. */
bool buf_add(struct buf *b, const void *p, size_t n);
bool buf_add_span(struct buf *b, struct span s);
bool buf_add_byte(struct buf *b, uint8_t byte);
bool buf_add_str(struct buf *b, const char *s);
bool buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends a number in digits, hexadecimal ones after 0x: as buf_addf would, and many times quicker.
 */
bool buf_add_decimal(struct buf *b, uint64_t n);
bool buf_add_hex(struct buf *b, uint64_t n);

/* Appends `n` copies of `byte`. */
bool buf_fill(struct buf *b, uint8_t byte, size_t n);

/* Room for `n` more bytes at the returned place, or NULL when the cap does not allow it. The caller
 * writes there and adds to `n` itself. */
uint8_t *buf_reserve(struct buf *b, size_t n);

/* Removes `n` bytes from the front. */
void buf_drop(struct buf *b, size_t n);

struct span buf_span(const struct buf *b);

/* The content as a NUL-terminated string, valid until the next change; the NUL is not counted. */
const char *buf_cstr(struct buf *b);

/* The content as a NUL-terminated string that the caller owns and frees; the buffer is left empty.
 */
char *buf_take(struct buf *b);

#endif
