#include "run/cas_map.h"

#include "unit.h"

START_TEST(what_was_put_last_counts) {
  struct cas_map *m = cas_map_new();
  ck_assert_uint_eq(cas_map_get(m, 7), 7);
  cas_map_put(m, 7, 100);
  cas_map_put(m, 8, 101);
  cas_map_put(m, 7, 102);
  ck_assert_uint_eq(cas_map_get(m, 7), 102);
  ck_assert_uint_eq(cas_map_get(m, 8), 101);
  ck_assert_uint_eq(cas_map_get(m, 9), 9);
  cas_map_free(m);
}
END_TEST

/* Of twice as many as it holds, those put last are there. */
START_TEST(the_last_are_remembered) {
  enum { ALL = 2 << 20, RECENT = 1 << 18 };
  struct cas_map *m = cas_map_new();
  for (uint64_t i = 1; i <= ALL; i++)
    cas_map_put(m, i, i + 5);
  uint64_t known = 0;
  for (uint64_t i = ALL - RECENT; i < ALL; i++)
    known += cas_map_get(m, i) == i + 5;
  ck_assert_uint_eq(known, RECENT);
  ck_assert_uint_eq(cas_map_get(m, 1), 1);
  cas_map_free(m);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("cas_map");
  TCase *t = tcase_create("cas_map");
  tcase_add_test(t, what_was_put_last_counts);
  tcase_add_test(t, the_last_are_remembered);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
