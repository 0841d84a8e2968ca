/* Bytes that go in at one end and out at the other, as one piece all the while: what is inside is
 * moved to the front seldom enough that a byte costs little however much there is. Lack of memory
 * aborts. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include "base/buf.h"

struct queue {
  struct buf buf;
  size_t at; /* in it, what comes out next */
};

void queue_init(struct queue *q);
void queue_fini(struct queue *q);

void queue_add(struct queue *q, struct span bytes);
/* All that is inside, until the next call of any of these. */
static inline struct span queue_span(const struct queue *q) {
  return span_from(buf_span(&q->buf), q->at);
}

/* Removes the first `n` bytes, which must be there. */
void queue_take(struct queue *q, size_t n);

#endif
