#include "run/known.h"

#include <signal.h>

#include "base/check.h"
#include "unit.h"

static struct diag diag;
static struct known known;
static struct suite cases;

static void setup(void) {
  known_init(&known);
  suite_init(&cases);
  diag_init(&diag);
}

static void teardown(void) {
  known_fini(&known);
  suite_fini(&cases);
  diag_fini(&diag);
}

#define ENTRY "- case: get/miss\n  kind: timeout\n  why: slow\n"

static void parse_flaky(const char *text) {
  ck_assert_msg(known_read(&known, span_str(text), "known/x.flaky.yaml", true, &diag), "%s",
                diag_text(&diag));
}

static void parse(const char *text) {
  ck_assert_msg(known_read(&known, span_str(text), "known/x.yaml", false, &diag), "%s",
                diag_text(&diag));
}

START_TEST(entries_are_read_in_order) {
  parse("- case: get/*\n  delivery: split:*\n  kind: leftover\n  why: it is so\n"
        "  link: https://example.org/1\n" ENTRY);
  ck_assert_uint_eq(known.entries.n, 2);
  const struct known_entry *e = vec_at(&known.entries, 0);
  ck_assert_str_eq(e->pattern, "get/*");
  ck_assert_str_eq(e->delivery, "split:*");
  ck_assert_int_eq(e->kind, KIND_LEFTOVER);
  ck_assert_str_eq(e->why, "it is so");
  ck_assert_str_eq(e->link, "https://example.org/1");
  e = vec_at(&known.entries, 1);
  ck_assert_str_eq(e->delivery, "*");
  ck_assert_ptr_null(e->link);
  ck_assert_uint_eq(e->line, 6);
}
END_TEST

static const struct {
  const char *text, *place;
} bad[] = {
    {"- case: a\n  kind: timeout\n", "known/x.yaml:1:"},
    {"- case: a\n  why: b\n", "known/x.yaml:1:"},
    {"- kind: timeout\n  why: b\n", "known/x.yaml:1:"},
    {"- stop: SIGSEGV\n", "known/x.yaml:1:"},
    {"- stop: SIGSEGV\n  kind: server_crash\n  why: b\n", "known/x.yaml:1:"},
    {"- case: a\n  kind: timeout\n  transport: tls\n  why: b\n", "known/x.yaml:1:"},
    {"- stop: SEGV\n  why: b\n", "known/x.yaml:1:"},
    {"- why: b\n  stop: SIGSEVG\n", "known/x.yaml:2:"},
    {"- why: b\n  stop: SIGSEGV\n  transport: udp\n", "known/x.yaml:3:"},
    {"- case: a\n  kind: timeouts\n  why: b\n", "known/x.yaml:2:"},
    {"- case: a\n  kind: \"\"\n  why: b\n", "known/x.yaml:2:"},
    /* Not the server's doing. */
    {"- case: a\n  kind: setup\n  why: b\n", "known/x.yaml:2:"},
    {"- case: a\n  kind: worker\n  why: b\n", "known/x.yaml:2:"},
    {"- case: a\n  kind: interrupted\n  why: b\n", "known/x.yaml:2:"},
    {ENTRY "  nonsense: 1\n", "known/x.yaml:4:"},
    {"case: a\nkind: timeout\nwhy: b\n", "known/x.yaml:1:"},
    {"- a\n", "known/x.yaml:1:"},
    {"- [\n", "known/x.yaml:"},
};

START_TEST(an_end_on_a_stop_has_its_entry) {
  parse(ENTRY "- {stop: SIGSEGV, transport: tls, why: so}\n- {stop: SIGABRT, why: so}\n");
  const struct known_entry *segv = vec_at(&known.entries, 1), *abrt = vec_at(&known.entries, 2);
  ck_assert_ptr_eq(known_find_stop(&known, SIGSEGV, TRANSPORT_TLS), segv);
  ck_assert_ptr_null(known_find_stop(&known, SIGSEGV, TRANSPORT_TCP));
  ck_assert_ptr_eq(known_find_stop(&known, SIGABRT, TRANSPORT_UNIX), abrt);
  ck_assert_ptr_null(known_find_stop(&known, SIGBUS, TRANSPORT_TLS));
  ck_assert_ptr_null(known_find_stop(&known, 0, TRANSPORT_TLS));
  /* It is about no case. */
  ck_assert_ptr_null(known_find(&known, "set/miss", "whole"));
  struct verdict v = {
      .status = VERDICT_ERROR, .kind = KIND_SERVER_CRASH, .brief = xstrdup("it was killed")};
  known_apply(segv, &v);
  ck_assert_int_eq(v.status, VERDICT_XFAIL);
  ck_assert_str_eq(v.brief, "so (it was killed)");
  verdict_fini(&v);
}
END_TEST

/* An end that is known happens now and then: no case need fit it. */
START_TEST(an_end_on_a_stop_needs_no_case) {
  parse("- {stop: SIGSEGV, why: so}\n");
  ck_assert_msg(known_check(&known, &cases, true, &diag), "%s", diag_text(&diag));
}
END_TEST

START_TEST(faults_have_their_place) {
  ck_assert_msg(!known_read(&known, span_str(bad[_i].text), "known/x.yaml", _i % 2, &diag), "%s",
                bad[_i].text);
  ck_assert_msg(strncmp(diag_text(&diag), bad[_i].place, strlen(bad[_i].place)) == 0, "%s",
                diag_text(&diag));
}
END_TEST

START_TEST(the_first_that_fits_is_found) {
  parse("- {case: get/miss, delivery: \"split:*\", kind: timeout, why: first}\n"
        "- {case: \"get/*\", kind: leftover, why: second}\n"
        "- {case: \"?et/hit\", kind: leftover, why: third}\n");
  static const struct {
    const char *id, *delivery, *why;
  } rows[] = {{"get/miss", "split:24", "first"}, {"get/miss", "whole", "second"},
              {"get/hit", "whole", "second"},    {"set/hit", "whole", "third"},
              {"set/miss", "whole", NULL},       {"get", "whole", NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct known_entry *e = known_find(&known, rows[i].id, rows[i].delivery);
    ck_assert_int_eq(!e, !rows[i].why);
    if (e)
      ck_assert_str_eq(e->why, rows[i].why);
  }
}
END_TEST

START_TEST(an_empty_list_knows_nothing) {
  parse("[]");
  parse_flaky("# none\n[]\n");
  ck_assert_ptr_null(known_find(&known, "get/miss", "whole"));
}
END_TEST

static const struct {
  enum verdict_status status;
  enum verdict_kind kind;
  const char *brief;
  enum verdict_status then;
  const char *then_brief;
  enum verdict_status then_flaky;
  const char *then_flaky_brief;
} verdicts[] = {
    {VERDICT_FAIL, KIND_TIMEOUT, "no answer", VERDICT_XFAIL, "slow (no answer)", VERDICT_FLAKY,
     "slow (no answer)"},
    {VERDICT_FAIL, KIND_TIMEOUT, NULL, VERDICT_XFAIL, "slow ()", VERDICT_FLAKY, "slow ()"},
    {VERDICT_ERROR, KIND_TIMEOUT, "no answer", VERDICT_XFAIL, "slow (no answer)", VERDICT_FLAKY,
     "slow (no answer)"},
    {VERDICT_FAIL, KIND_LEFTOVER, "more", VERDICT_FAIL, "more", VERDICT_FAIL, "more"},
    {VERDICT_ERROR, KIND_SETUP, "no server", VERDICT_ERROR, "no server", VERDICT_ERROR,
     "no server"},
    {VERDICT_SKIPPED, KIND_NONE, "needs x", VERDICT_SKIPPED, "needs x", VERDICT_SKIPPED, "needs x"},
    {VERDICT_PASS, KIND_NONE, NULL, VERDICT_XPASS,
     "passes, but is listed as a known timeout: slow; remove the entry", VERDICT_PASS, NULL},
};

static void check_applied(size_t row, enum verdict_status then, const char *then_brief) {
  struct verdict v = {.status = verdicts[row].status,
                      .kind = verdicts[row].kind,
                      .brief = verdicts[row].brief ? xstrdup(verdicts[row].brief) : NULL};
  const struct known_entry *e = known_find(&known, "get/miss", "whole");
  ck_assert_int_eq(known_status(e, &v), then);
  known_apply(e, &v);
  ck_assert_int_eq(v.status, then);
  ck_assert_int_eq(v.kind, verdicts[row].kind);
  ck_assert_pstr_eq(v.brief, then_brief);
  verdict_fini(&v);
}

START_TEST(entries_turn_the_verdict_they_expect) {
  parse(ENTRY);
  check_applied((size_t)_i, verdicts[_i].then, verdicts[_i].then_brief);
}
END_TEST

START_TEST(flaky_entries_turn_no_pass) {
  parse_flaky(ENTRY);
  check_applied((size_t)_i, verdicts[_i].then_flaky, verdicts[_i].then_flaky_brief);
}
END_TEST

static void have_case(const char *id) {
  struct test_case *c = vec_push(&cases.cases);
  *c = (struct test_case){.id = xstrdup(id)};
}

static void check_complaint(bool whole, const char *complaint) {
  ck_assert_int_eq(known_check(&known, &cases, whole, &diag), !*complaint);
  ck_assert_str_eq(diag_text(&diag), complaint);
}

START_TEST(entries_without_a_case_are_told) {
  parse("- {case: a, kind: timeout, why: x}\n- {case: b*, kind: timeout, why: x}\n");
  parse_flaky("- {case: a, delivery: whole, kind: timeout, why: x}\n");
  have_case("b");
  check_complaint(false, "");
  check_complaint(true, "known/x.yaml:1:3: no case fits \"a\"; remove the entry or mend its "
                        "pattern\nknown/x.flaky.yaml:1:3: no case fits \"a\"; remove the entry or "
                        "mend its pattern\n");
}
END_TEST

static const struct {
  const char *known, *flaky; /* pattern, delivery */
  bool both;
} twice[] = {
    {"get/miss, delivery: '*'", "get/*, delivery: whole", true},
    {"'*', delivery: 'split:*'", "get/miss, delivery: split:24", true},
    {"get/miss, delivery: 'split:24'", "'get/mis?', delivery: 'split:*'", true},
    {"get/miss, delivery: whole", "get/miss, delivery: bytewise", false},
    {"get/hit", "get/miss", false},
};

START_TEST(an_entry_in_both_lists_is_told) {
  char *list = xasprintf("- {case: %s, kind: timeout, why: x}\n", twice[_i].known);
  char *flaky = xasprintf("- {case: no, kind: timeout, why: x}\n"
                          "- {case: %s, kind: leftover, why: x}\n",
                          twice[_i].flaky);
  parse(list);
  parse_flaky(flaky);
  free(list);
  free(flaky);
  have_case("get/miss");
  check_complaint(false, twice[_i].both
                             ? "known/x.flaky.yaml:2:3: get/miss is listed as a known deviation "
                               "too, in known/x.yaml:1; keep one of the two\n"
                             : "");
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static Suite *suite(void) {
  Suite *s = suite_create("known");
  TCase *t = tcase_create("known");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, entries_are_read_in_order);
  tcase_add_test(t, an_end_on_a_stop_has_its_entry);
  tcase_add_test(t, an_end_on_a_stop_needs_no_case);
  tcase_add_loop_test(t, faults_have_their_place, 0, COUNT(bad));
  tcase_add_test(t, the_first_that_fits_is_found);
  tcase_add_test(t, an_empty_list_knows_nothing);
  tcase_add_loop_test(t, entries_turn_the_verdict_they_expect, 0, COUNT(verdicts));
  tcase_add_loop_test(t, flaky_entries_turn_no_pass, 0, COUNT(verdicts));
  tcase_add_test(t, entries_without_a_case_are_told);
  tcase_add_loop_test(t, an_entry_in_both_lists_is_told, 0, COUNT(twice));
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
