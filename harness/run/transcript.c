#include "run/transcript.h"

void transcript_init(struct transcript *t, size_t cap) {
  *t = (struct transcript){0};
  vec_init(&t->answers, sizeof(struct answer));
  buf_init(&t->bytes, cap);
}

void transcript_fini(struct transcript *t) {
  vec_fini(&t->answers);
  buf_fini(&t->bytes);
}

void transcript_reset(struct transcript *t) {
  t->answers.n = 0;
  t->full = false;
  buf_reset(&t->bytes);
}

void transcript_add(struct transcript *t, enum answer_kind kind, unsigned conn, size_t step,
                    struct span bytes) {
  size_t off = t->bytes.n;
  t->full |= !buf_add_span(&t->bytes, bytes);
  if (t->full)
    return;
  struct answer *a = vec_push(&t->answers);
  *a = (struct answer){kind, conn, step, off, bytes.n};
}

const struct answer *transcript_answer(const struct transcript *t, size_t i) {
  return vec_at(&t->answers, i);
}

struct span transcript_bytes(const struct transcript *t, const struct answer *a) {
  return span_sub(buf_span(&t->bytes), a->off, a->n);
}
