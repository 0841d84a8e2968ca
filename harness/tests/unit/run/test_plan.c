/* Jobs: all combinations once, in an order that a seed decides alone; and what is skipped. */
#include "planned.h"

static struct planned planned;

#define CASE(head) "case t\nspec noop\n" head "c1 > noop\n"

static void setup(void) {
  static const struct planned_file sessions[] = {
      {"cases/a.session", CASE("")},
      {"cases/b.session", CASE("needs flush\n")},
      {"cases/c.session", CASE("needs flush, tls\n")},
      {"cases/d.session", CASE("isolated\n")},
      {"cases/e.session",
       CASE("not-under crowd:* \"they meet\"\nnot-under split:1 \"it breaks\"\n")}};
  planned_init(&planned, sessions, 5,
               "name: x\ncommand: [x]\ntransports:\n  unix: {args: [\"{socket}\"]}\n"
               "capabilities: [flush]\n",
               "whole,crowd:2,split:1");
  planned.config.repeat = 2;
}

static void teardown(void) {
  planned_fini(&planned);
}

enum { CASES = 5, JOBS = CASES * 3 * 2 * 2 };

static size_t place(const struct job *j) {
  return ((j->repetition * 2 + j->transport) * 3 + j->delivery) * CASES + j->test;
}

START_TEST(jobs_are_in_order) {
  size_t n;
  struct job *jobs = plan_jobs(&planned.config, &n);
  ck_assert_uint_eq(n, JOBS);
  for (size_t i = 0; i < n; i++) {
    ck_assert_uint_eq(jobs[i].number, i);
    ck_assert_uint_eq(place(&jobs[i]), i);
  }
  free(jobs);
}
END_TEST

static void shuffled(uint64_t seed, size_t order[JOBS]) {
  size_t n;
  planned.config.shuffle = true;
  planned.config.shuffle_seed = seed;
  struct job *jobs = plan_jobs(&planned.config, &n);
  bool there[JOBS] = {false};
  ck_assert_uint_eq(n, JOBS);
  for (size_t i = 0; i < n; i++) {
    ck_assert_uint_eq(jobs[i].number, i);
    order[i] = place(&jobs[i]);
    ck_assert(!there[order[i]]);
    there[order[i]] = true;
  }
  free(jobs);
}

START_TEST(a_shuffle_holds_each_once_and_is_the_seed_s) {
  size_t one[JOBS], again[JOBS], two[JOBS], moved = 0;
  shuffled(1, one);
  shuffled(1, again);
  shuffled(2, two);
  ck_assert_mem_eq(one, again, sizeof one);
  ck_assert_int_ne(memcmp(one, two, sizeof one), 0);
  for (size_t i = 0; i < JOBS; i++)
    moved += one[i] != i;
  ck_assert_uint_gt(moved, JOBS / 2);
}
END_TEST

START_TEST(nothing_makes_no_jobs) {
  size_t n = 1;
  suite_keep(&planned.cases, "nothing");
  planned.config.shuffle = _i;
  free(plan_jobs(&planned.config, &n));
  ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(only_chosen_places_make_jobs) {
  enum { PLACES = JOBS / 2 };
  bool chosen[PLACES] = {false};
  size_t n;
  ck_assert_uint_eq(plan_places(&planned.config), PLACES);
  chosen[7] = chosen[20] = true;
  planned.config.chosen = chosen;
  struct job *jobs = plan_jobs(&planned.config, &n);
  ck_assert_uint_eq(n, 4);
  for (size_t i = 0; i < n; i++) {
    ck_assert_uint_eq(jobs[i].number, i);
    ck_assert_uint_eq(place(&jobs[i]), i / 2 * PLACES + (i % 2 ? 20 : 7));
  }
  free(jobs);
}
END_TEST

static void assert_skip(size_t test, const char *why) {
  const struct job job = {.test = test};
  char *got = plan_skip(&planned.config, &job);
  if (why)
    ck_assert_ptr_nonnull(got);
  ck_assert_msg(!got == !why && (!got || strstr(got, why)), "case %zu: %s", test, got);
  free(got);
}

START_TEST(what_the_server_lacks_is_skipped) {
  assert_skip(0, NULL);
  assert_skip(1, NULL);
  assert_skip(2, "needs tls");
  assert_skip(3, NULL);
}
END_TEST

START_TEST(a_case_is_skipped_under_what_it_cant_hold) {
  static const struct {
    size_t test, delivery;
    const char *why;
  } rows[] = {{0, 1, NULL},
              {3, 0, NULL},
              {3, 1, "isolated"},
              {4, 0, NULL},
              {4, 1, "not under crowd:2: they meet"},
              {4, 2, "not under split:1: it breaks"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct job job = {.test = rows[i].test, .delivery = rows[i].delivery};
    char *got = plan_skip(&planned.config, &job);
    ck_assert_msg(!got == !rows[i].why && (!got || strstr(got, rows[i].why)), "row %zu: %s", i,
                  got);
    free(got);
  }
}
END_TEST

START_TEST(an_attached_server_is_never_fresh) {
  struct addr a;
  addr_loopback(&a, 1);
  profile_free(planned.profile);
  planned.config.profile = planned.profile = profile_attached(&a);
  assert_skip(0, NULL);
  assert_skip(3, "isolated");
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("plan");
  TCase *t = tcase_create("plan");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, jobs_are_in_order);
  tcase_add_test(t, a_shuffle_holds_each_once_and_is_the_seed_s);
  tcase_add_loop_test(t, nothing_makes_no_jobs, 0, 2);
  tcase_add_test(t, only_chosen_places_make_jobs);
  tcase_add_test(t, what_the_server_lacks_is_skipped);
  tcase_add_test(t, a_case_is_skipped_under_what_it_cant_hold);
  tcase_add_test(t, an_attached_server_is_never_fresh);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
