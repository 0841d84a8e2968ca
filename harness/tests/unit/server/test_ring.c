#include "server/ring.h"

#include "base/rng.h"
#include "unit.h"

enum { TOTAL = 3 * RING_TAIL };

/* What the n-th byte ever added is. */
static uint8_t byte_at(size_t n) {
  return (uint8_t)(n * 2654435761u >> 13);
}

START_TEST(tail_is_the_last_bytes) {
  static uint8_t all[TOTAL];
  struct rng rng = rng_of((uint64_t)_i);
  struct ring *r = ring_new();
  ck_assert_ptr_nonnull(r);
  for (size_t i = 0; i < TOTAL; i++)
    all[i] = byte_at(i);
  for (size_t n = 0, chunk; n < TOTAL; n += chunk) {
    chunk = 1 + rng_below(&rng, RING_CHUNK);
    chunk = chunk < TOTAL - n ? chunk : TOTAL - n;
    ring_add(r, span_of(all + n, chunk));
    ck_assert_uint_eq(ring_total(r), n + chunk);

    size_t asked = rng_below(&rng, RING_TAIL + RING_CHUNK), most = n + chunk;
    most = most < RING_TAIL ? most : RING_TAIL;
    size_t expected = asked < most ? asked : most;
    struct buf tail;
    buf_init(&tail, TOTAL);
    ring_tail(r, asked, &tail);
    ck_assert(span_eq(buf_span(&tail), span_of(all + n + chunk - expected, expected)));
    buf_fini(&tail);
  }
  ring_free(r);
}
END_TEST

START_TEST(nothing_added) {
  struct ring *r = ring_new();
  struct buf tail;
  buf_init(&tail, 16);
  ring_tail(r, 100, &tail);
  ck_assert_uint_eq(tail.n, 0);
  ck_assert(!tail.failed);
  buf_fini(&tail);
  ring_free(r);
  ring_free(NULL);
}
END_TEST

static Suite *ring_suite(void) {
  Suite *s = suite_create("ring");
  TCase *t = tcase_create("ring");
  tcase_add_loop_test(t, tail_is_the_last_bytes, 0, 20);
  tcase_add_test(t, nothing_added);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(ring_suite)
