/* Minima: what is left holds, none of it can go, and few questions are asked. */
#include "run/ddmin.h"

#include <string.h>

#include "unit.h"

enum { ITEMS = 100 };

struct ask {
  const bool *needed; /* it holds for all sets with these .. */
  size_t whole, part; /* .. in which `part` never stands without `whole`, where they differ */
  bool completes;     /* `whole` is added rather than refused */
  unsigned asked;
};

static bool holds(void *arg, bool *keep) {
  struct ask *a = arg;
  a->asked++;
  if (a->whole != a->part && keep[a->part] && !keep[a->whole]) {
    if (!a->completes)
      return false;
    keep[a->whole] = true;
  }
  for (size_t i = 0; i < ITEMS; i++)
    if (a->needed[i] && !keep[i])
      return false;
  return true;
}

static const size_t needs[][3] = {{0, 0, 0}, {99, 99, 99}, {50, 50, 50}, {0, 50, 99}, {7, 8, 9}};
enum { NEEDS = sizeof needs / sizeof *needs };

START_TEST(finds_what_is_needed) {
  bool needed[ITEMS] = {false}, keep[ITEMS];
  memset(keep, true, sizeof keep);
  for (size_t i = 0; i < 3; i++)
    needed[needs[_i][i]] = true;
  struct ask a = {.needed = needed};
  size_t left = ddmin(keep, ITEMS, holds, &a);
  ck_assert_mem_eq(keep, needed, sizeof keep);
  size_t count = 0;
  for (size_t i = 0; i < ITEMS; i++)
    count += needed[i];
  ck_assert_uint_eq(left, count);
  ck_assert_uint_lt(a.asked, ITEMS);
}
END_TEST

START_TEST(leaves_nothing_where_nothing_is_needed) {
  bool needed[ITEMS] = {false}, keep[ITEMS];
  memset(keep, true, sizeof keep);
  struct ask a = {.needed = needed};
  ck_assert_uint_eq(ddmin(keep, ITEMS, holds, &a), 0);
  ck_assert_uint_eq(a.asked, 1);
  ck_assert_uint_eq(ddmin(keep, 0, holds, &a), 0);
  ck_assert_uint_eq(a.asked, 1);
}
END_TEST

/* One that needs another goes first, then the other can go; or what is asked about is completed. */
START_TEST(drops_what_depends_before_what_it_depends_on) {
  bool needed[ITEMS] = {false}, keep[ITEMS];
  needed[20] = needed[80] = true;
  memset(keep, true, sizeof keep);
  struct ask a = {.needed = needed, .whole = 30, .part = 60, .completes = _i};
  ck_assert_uint_eq(ddmin(keep, ITEMS, holds, &a), 2);
  ck_assert_mem_eq(keep, needed, sizeof keep);
}
END_TEST

START_TEST(keeps_what_is_depended_on) {
  bool needed[ITEMS] = {false}, keep[ITEMS];
  needed[60] = true;
  memset(keep, true, sizeof keep);
  struct ask a = {.needed = needed, .whole = 30, .part = 60, .completes = _i};
  ck_assert_uint_eq(ddmin(keep, ITEMS, holds, &a), 2);
  ck_assert(keep[30] && keep[60]);
}
END_TEST

static bool at_least(void *arg, uint64_t number) {
  unsigned *asked = arg;
  ++*asked;
  return number >= 4097;
}

START_TEST(finds_the_least_number) {
  unsigned asked = 0;
  ck_assert_uint_eq(ddmin_least(1, 1 << 20, at_least, &asked), 4097);
  ck_assert_uint_le(asked, 21);
  ck_assert_uint_eq(ddmin_least(5000, 9000, at_least, &asked), 5000);
  asked = 0;
  ck_assert_uint_eq(ddmin_least(1, 1, at_least, &asked), 1);
  ck_assert_uint_eq(ddmin_least(1, 2, at_least, &asked), 2);
  ck_assert_uint_eq(asked, 1);
}
END_TEST

static Suite *make(void) {
  Suite *s = suite_create("ddmin");
  TCase *c = tcase_create("ddmin");
  tcase_add_loop_test(c, finds_what_is_needed, 0, NEEDS);
  tcase_add_test(c, leaves_nothing_where_nothing_is_needed);
  tcase_add_loop_test(c, drops_what_depends_before_what_it_depends_on, 0, 2);
  tcase_add_loop_test(c, keeps_what_is_depended_on, 0, 2);
  tcase_add_test(c, finds_the_least_number);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(make)
