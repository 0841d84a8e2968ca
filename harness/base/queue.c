#include "base/queue.h"

#include "base/check.h"

enum { MOVE_MIN = 4096 };

void queue_init(struct queue *q) {
  *q = (struct queue){0};
  buf_init(&q->buf, SIZE_MAX / 2);
}

void queue_fini(struct queue *q) {
  buf_fini(&q->buf);
  q->at = 0;
}

/* The free room in front is used again when it is as large as what has to be moved there. */
void queue_add(struct queue *q, struct span bytes) {
  if (q->at >= MOVE_MIN && q->at >= q->buf.n - q->at) {
    buf_drop(&q->buf, q->at);
    q->at = 0;
  }
  buf_add_span(&q->buf, bytes);
}

void queue_take(struct queue *q, size_t n) {
  CHECK(n <= q->buf.n - q->at);
  q->at += n;
  if (q->at == q->buf.n) {
    buf_reset(&q->buf);
    q->at = 0;
  }
}
