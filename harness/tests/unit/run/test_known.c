#include "run/known.h"

#include "base/check.h"
#include "unit.h"

static struct diag diag;
static struct known known;

static void setup(void) {
  diag_init(&diag);
}

static void teardown(void) {
  known_fini(&known);
  diag_fini(&diag);
}

#define ENTRY "- case: get/miss\n  kind: timeout\n  why: slow\n"

static void parse(const char *text) {
  ck_assert_msg(known_parse(&known, span_str(text), "known/x.yaml", &diag), "%s", diag_text(&diag));
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

START_TEST(faults_have_their_place) {
  ck_assert_msg(!known_parse(&known, span_str(bad[_i].text), "known/x.yaml", &diag), "%s",
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
  known_init(&known);
  ck_assert_ptr_null(known_find(&known, "get/miss", "whole"));
}
END_TEST

static const struct {
  enum verdict_status status;
  enum verdict_kind kind;
  const char *brief;
  enum verdict_status then;
  const char *then_brief;
} verdicts[] = {
    {VERDICT_FAIL, KIND_TIMEOUT, "no answer", VERDICT_XFAIL, "slow (no answer)"},
    {VERDICT_FAIL, KIND_TIMEOUT, NULL, VERDICT_XFAIL, "slow ()"},
    {VERDICT_ERROR, KIND_TIMEOUT, "no answer", VERDICT_XFAIL, "slow (no answer)"},
    {VERDICT_FAIL, KIND_LEFTOVER, "more", VERDICT_FAIL, "more"},
    {VERDICT_ERROR, KIND_SETUP, "no server", VERDICT_ERROR, "no server"},
    {VERDICT_SKIPPED, KIND_NONE, "needs x", VERDICT_SKIPPED, "needs x"},
    {VERDICT_PASS, KIND_NONE, NULL, VERDICT_XPASS,
     "passes, but is listed as a known timeout: slow; remove the entry"},
};

START_TEST(entries_turn_the_verdict_they_expect) {
  parse(ENTRY);
  struct verdict v = {.status = verdicts[_i].status,
                      .kind = verdicts[_i].kind,
                      .brief = verdicts[_i].brief ? xstrdup(verdicts[_i].brief) : NULL};
  known_apply(known_find(&known, "get/miss", "whole"), &v);
  ck_assert_int_eq(v.status, verdicts[_i].then);
  ck_assert_int_eq(v.kind, verdicts[_i].kind);
  ck_assert_str_eq(v.brief, verdicts[_i].then_brief);
  verdict_fini(&v);
}
END_TEST

static bool has(void *arg, const char *pattern) {
  return strcmp(pattern, arg) != 0;
}

START_TEST(entries_without_a_case_are_told) {
  parse("- {case: a, kind: timeout, why: x}\n- {case: b, kind: timeout, why: x}\n");
  char lacks_b[] = "b", lacks_c[] = "c";
  ck_assert(known_check(&known, has, lacks_c, &diag));
  ck_assert_uint_eq(diag.count, 0);
  ck_assert(!known_check(&known, has, lacks_b, &diag));
  ck_assert_uint_eq(diag.count, 1);
  ck_assert_ptr_eq(strstr(diag_text(&diag), "known/x.yaml:2:"), diag_text(&diag));
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static Suite *suite(void) {
  Suite *s = suite_create("known");
  TCase *t = tcase_create("known");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, entries_are_read_in_order);
  tcase_add_loop_test(t, faults_have_their_place, 0, COUNT(bad));
  tcase_add_test(t, the_first_that_fits_is_found);
  tcase_add_test(t, an_empty_list_knows_nothing);
  tcase_add_loop_test(t, entries_turn_the_verdict_they_expect, 0, COUNT(verdicts));
  tcase_add_test(t, entries_without_a_case_are_told);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
