#include "run/sightings.h"

#include "base/check.h"
#include "run/tally.h"
#include "unit.h"

#define RACE                                                                                       \
  "WARNING: ThreadSanitizer: data race (pid=7)\n    #0 %s /src/items.c:%d\n"                       \
  "SUMMARY: ThreadSanitizer: data race\n==================\n"

static struct baseline baseline;
static struct sightings seen;

static void setup(void) {
  struct diag diag;
  diag_init(&diag);
  baseline_init(&baseline);
  CHECK(baseline_read(&baseline,
                      span_str("- tool: ThreadSanitizer\n  function: old\n  why: it is harmless\n"
                               "- tool: ThreadSanitizer\n  function: older\n  why: so\n"
                               "- tool: memcheck\n  function: old\n  why: so\n"),
                      "x.yaml", &diag));
  diag_fini(&diag);
}

static void teardown(void) {
  sightings_fini(&seen);
  baseline_fini(&baseline);
}

static void see(const char *a, const char *b, const char *c) {
  char *text = xasprintf(RACE RACE RACE, a, 1, b, 2, c, 3);
  sightings_read(&seen, span_str(text), &baseline);
  free(text);
}

START_TEST(the_same_twice_is_one) {
  see("item_get", "item_get", "old");
  ck_assert_uint_eq(seen.list.n, 2);
  ck_assert_uint_eq(seen.news, 1);
  ck_assert_str_eq(sightings_at(&seen, 0)->key, "ThreadSanitizer: data race in item_get");
  ck_assert_str_eq(sightings_at(&seen, 0)->line,
                   "ThreadSanitizer: data race in item_get at items.c:1");
  ck_assert_ptr_nonnull(strstr(sightings_at(&seen, 0)->text, "|     #0 item_get /src/items.c:1\n"));
  ck_assert_int_eq(sightings_at(&seen, 1)->known, 0);
  ck_assert(sightings_hold(&seen, "ThreadSanitizer: data race in old"));
  ck_assert(!sightings_hold(&seen, "ThreadSanitizer: data race in older"));
}
END_TEST

START_TEST(what_is_new_becomes_the_verdict) {
  struct verdict v = {.status = VERDICT_FAIL, .kind = KIND_TIMEOUT, .line = 7};
  v.brief = xstrdup("no answer");
  v.detail = xstrdup("expected  a\n");
  see("old", "item_get", "item_put");
  sightings_judge(&seen, "first seen", &v);
  ck_assert_int_eq(v.status, VERDICT_ERROR);
  ck_assert_int_eq(v.kind, KIND_SANITIZER_REPORT);
  ck_assert_uint_eq(v.line, 7);
  ck_assert_str_eq(v.brief,
                   "ThreadSanitizer: data race in item_get at items.c:2 (first seen), and 1 more");
  ck_assert_ptr_nonnull(strstr(v.detail, "besides, timeout: no answer\nexpected  a\n"));
  ck_assert_ptr_null(strstr(v.detail, "old"));
  verdict_fini(&v);
}
END_TEST

START_TEST(what_is_known_changes_no_verdict) {
  struct verdict v = {.status = VERDICT_PASS};
  see("old", "old", "older");
  sightings_judge(&seen, "first seen", &v);
  ck_assert_int_eq(v.status, VERDICT_PASS);
  ck_assert_ptr_null(v.brief);
}
END_TEST

static void check_tally(const struct tally *t, const char *want) {
  struct buf text;
  buf_init(&text, 4096);
  tally_add_text(t, &text);
  ck_assert_str_eq(buf_cstr(&text), want);
  buf_fini(&text);
}

START_TEST(the_tally_groups) {
  struct tally t;
  tally_init(&t, &baseline, false);
  check_tally(&t, "");
  ck_assert(tally_add(&t, "T: a", "T: a at 1", -1, "get/hit [whole unix]"));
  ck_assert(!tally_add(&t, "T: a", "T: a at 2", -1, "get/miss [whole unix]"));
  ck_assert(tally_add(&t, "T: a", "T: a at 3", -1, NULL));
  ck_assert(!tally_add(&t, "T: a", "T: a at 3", -1, NULL));
  check_tally(&t, "sanitizer reports:\n"
                  "  T: a at 1: 2 case runs, first get/hit [whole unix]; 2 times in no case\n");
  tally_add(&t, "ThreadSanitizer: data race in old", "x", 0, NULL);
  check_tally(&t, "sanitizer reports:\n"
                  "  T: a at 1: 2 case runs, first get/hit [whole unix]; 2 times in no case\n"
                  "known sanitizer reports:\n"
                  "  ThreadSanitizer: any kind in old: 1 time (it is harmless)\n"
                  "  ThreadSanitizer: any kind in older: not seen in this run\n");
  tally_fini(&t);
}
END_TEST

START_TEST(under_valgrind_its_entries_are_named) {
  struct tally t;
  tally_init(&t, &baseline, true);
  check_tally(&t, "known sanitizer reports:\n  memcheck: any kind in old: not seen in this run\n");
  tally_fini(&t);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("sightings");
  TCase *c = tcase_create("sightings");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, the_same_twice_is_one);
  tcase_add_test(c, what_is_new_becomes_the_verdict);
  tcase_add_test(c, what_is_known_changes_no_verdict);
  tcase_add_test(c, the_tally_groups);
  tcase_add_test(c, under_valgrind_its_entries_are_named);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
