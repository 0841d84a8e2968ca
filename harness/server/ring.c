#include "server/ring.h"

#include <stdatomic.h>
#include <sys/mman.h>

#include "base/check.h"

/* The writer publishes a chunk after it has written it: while a reader copies the tail, at most one
 * chunk behind it is being overwritten without `total` telling. */
enum { RING_BYTES = RING_TAIL + RING_CHUNK };

struct ring {
  _Atomic uint64_t total;
  uint8_t bytes[RING_BYTES];
};

struct ring *ring_new(void) {
  void *p =
      mmap(NULL, sizeof(struct ring), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? NULL : p;
}

void ring_free(struct ring *r) {
  if (r)
    munmap(r, sizeof *r);
}

void ring_add(struct ring *r, struct span chunk) {
  CHECK(chunk.n <= RING_CHUNK);
  uint64_t total = atomic_load_explicit(&r->total, memory_order_relaxed);
  size_t at = total % RING_BYTES;
  struct span first = span_sub(chunk, 0, RING_BYTES - at), rest = span_from(chunk, first.n);
  memcpy(r->bytes + at, first.p, first.n);
  if (rest.n)
    memcpy(r->bytes, rest.p, rest.n);
  atomic_store_explicit(&r->total, total + chunk.n, memory_order_release);
}

uint64_t ring_total(const struct ring *r) {
  return atomic_load_explicit(&r->total, memory_order_acquire);
}

void ring_tail(const struct ring *r, size_t n, struct buf *out) {
  uint64_t end = ring_total(r);
  uint64_t most = end < RING_TAIL ? end : RING_TAIL;
  n = n < most ? n : (size_t)most;
  size_t at = (end - n) % RING_BYTES;
  size_t first = n < RING_BYTES - at ? n : RING_BYTES - at;
  uint8_t *to = buf_reserve(out, n);
  if (!to)
    return;
  memcpy(to, r->bytes + at, first);
  memcpy(to + first, r->bytes, n - first);
  atomic_thread_fence(memory_order_acquire);
  /* What the writer has since put over the oldest bytes is cut off. */
  uint64_t now = ring_total(r);
  uint64_t oldest = now > RING_TAIL ? now - RING_TAIL : 0;
  size_t lost = oldest > end - n ? (size_t)(oldest - (end - n)) : 0;
  lost = lost < n ? lost : n;
  memmove(to, to + lost, n - lost);
  out->n += n - lost;
}
