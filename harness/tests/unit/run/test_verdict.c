#include "run/verdict.h"

#include "base/check.h"
#include "unit.h"

/* The names are an interface: lists of known deviations and reports hold them. */
START_TEST(names_and_kinds) {
  static const struct {
    enum verdict_kind kind;
    const char *name;
  } rows[] = {{KIND_NONCONFORMANCE, "nonconformance"},
              {KIND_UNEXPECTED_CLOSE, "unexpected_close"},
              {KIND_TIMEOUT, "timeout"},
              {KIND_LEFTOVER, "leftover"},
              {KIND_SERVER_CRASH, "server_crash"},
              {KIND_SERVER_LIMIT, "server_limit"},
              {KIND_SETUP, "setup"},
              {KIND_WORKER, "worker"},
              {KIND_INTERRUPTED, "interrupted"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    enum verdict_kind kind;
    ck_assert_str_eq(verdict_kind_name(rows[i].kind), rows[i].name);
    ck_assert(verdict_kind_find(rows[i].name, &kind));
    ck_assert_int_eq(kind, rows[i].kind);
  }
  enum verdict_kind kind;
  ck_assert_str_eq(verdict_kind_name(KIND_NONE), "");
  ck_assert(!verdict_kind_find("", &kind));
  ck_assert(!verdict_kind_find("Timeout", &kind));
  ck_assert(!verdict_kind_find("time", &kind));
}
END_TEST

START_TEST(statuses_have_names) {
  static const char *const names[] = {"pass",  "fail",  "error", "skipped",
                                      "xfail", "xpass", "flaky"};
  for (int i = VERDICT_PASS; i <= VERDICT_FLAKY; i++)
    ck_assert_str_eq(verdict_status_name((enum verdict_status)i), names[i]);
}
END_TEST

START_TEST(an_ended_verdict_owns_nothing) {
  struct verdict v = {.status = VERDICT_FAIL, .brief = xstrdup("a"), .detail = xstrdup("b\n")};
  verdict_fini(&v);
  ck_assert_ptr_null(v.brief);
  ck_assert_ptr_null(v.detail);
  ck_assert_int_eq(v.status, VERDICT_PASS);
  verdict_fini(&v);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("verdict");
  TCase *t = tcase_create("verdict");
  tcase_add_test(t, names_and_kinds);
  tcase_add_test(t, statuses_have_names);
  tcase_add_test(t, an_ended_verdict_owns_nothing);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
