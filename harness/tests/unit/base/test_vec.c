#include "base/vec.h"

#include <signal.h>
#include <stdint.h>

#include "unit.h"

struct item {
  uint64_t number;
  char letter;
};

START_TEST(items_survive_growth) {
  struct vec v;
  vec_init(&v, sizeof(struct item));
  for (unsigned i = 0; i < 1000; i++) {
    struct item *item = vec_push(&v);
    ck_assert_uint_eq(item->number, 0);
    ck_assert_int_eq(item->letter, '\0');
    *item = (struct item){i, (char)('a' + i % 26)};
    ck_assert_ptr_eq(vec_last(&v), item);
    ck_assert_uint_eq(v.n, i + 1);
  }
  for (unsigned i = 0; i < 1000; i++) {
    const struct item *item = vec_at(&v, i);
    ck_assert_uint_eq(item->number, i);
    ck_assert_int_eq(item->letter, (char)('a' + i % 26));
  }
  vec_fini(&v);
}
END_TEST

/* A place that was used before is zeroed as well. */
START_TEST(popped_items_come_back_zeroed) {
  struct vec v;
  vec_init(&v, sizeof(int));
  *(int *)vec_push(&v) = 1;
  *(int *)vec_push(&v) = 2;
  vec_pop(&v);
  ck_assert_int_eq(*(int *)vec_last(&v), 1);
  ck_assert_int_eq(*(int *)vec_push(&v), 0);
  vec_fini(&v);
}
END_TEST

START_TEST(an_ended_one_can_be_used_again) {
  struct vec v;
  vec_init(&v, 3);
  vec_push(&v);
  vec_fini(&v);
  ck_assert_uint_eq(v.n, 0);
  vec_push(&v);
  ck_assert_uint_eq(v.n, 1);
  vec_fini(&v);
  vec_fini(&v);
}
END_TEST

/* Past the end is a bug, which ends the process. */
START_TEST(past_the_end_aborts) {
  struct vec v;
  vec_init(&v, 1);
  if (_i == 0)
    vec_at(&v, 0);
  else if (_i == 1)
    vec_last(&v);
  else
    vec_pop(&v);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("vec");
  TCase *t = tcase_create("vec");
  tcase_add_test(t, items_survive_growth);
  tcase_add_test(t, popped_items_come_back_zeroed);
  tcase_add_test(t, an_ended_one_can_be_used_again);
  tcase_add_loop_test_raise_signal(t, past_the_end_aborts, SIGABRT, 0, 3);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
