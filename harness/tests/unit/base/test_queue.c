#include "base/queue.h"

#include <signal.h>

#include "base/rng.h"
#include "unit.h"

/* Numbers go in and out by the piece: they are the same, in order, and memory stays what is inside
 * asks for. */
START_TEST(what_goes_in_comes_out) {
  struct queue q;
  struct rng rng = rng_of(7);
  uint32_t in = 0, out = 0;
  queue_init(&q);
  for (int turn = 0; turn < 20000; turn++) {
    for (uint64_t n = rng_below(&rng, 40); n > 0; n--, in++)
      queue_add(&q, span_of(&in, sizeof in));
    struct span inside = queue_span(&q);
    ck_assert_uint_eq(inside.n, (in - out) * sizeof in);
    size_t n = (size_t)rng_below(&rng, inside.n / sizeof in + 1);
    for (size_t i = 0; i < n; i++, out++)
      ck_assert_int_eq(memcmp(inside.p + i * sizeof out, &out, sizeof out), 0);
    queue_take(&q, n * sizeof out);
  }
  ck_assert_uint_gt(out, 100000);
  ck_assert_uint_lt(q.buf.room, 128 * 1024);
  queue_fini(&q);
}
END_TEST

START_TEST(an_empty_one_gives_nothing) {
  struct queue q;
  queue_init(&q);
  ck_assert_uint_eq(queue_span(&q).n, 0);
  queue_take(&q, 0);
  queue_fini(&q);
}
END_TEST

START_TEST(more_than_is_inside_is_a_bug) {
  struct queue q;
  queue_init(&q);
  queue_add(&q, span_str("ab"));
  queue_take(&q, 3);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("queue");
  TCase *t = tcase_create("queue");
  tcase_add_test(t, what_goes_in_comes_out);
  tcase_add_test(t, an_empty_one_gives_nothing);
  tcase_add_test_raise_signal(t, more_than_is_inside_is_a_bug, SIGABRT);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
