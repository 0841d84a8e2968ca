#include "run/baseline.h"

#include "unit.h"

static struct baseline baseline;
static struct diag diag;

static void setup(void) {
  baseline_init(&baseline);
  diag_init(&diag);
}

static void teardown(void) {
  baseline_fini(&baseline);
  diag_fini(&diag);
}

static int find(const char *tool, const char *kind, const char *function) {
  const struct sanitizer_report r = {
      .tool = tool, .kind = span_str(kind), .function = span_str(function)};
  return baseline_find(&baseline, &r);
}

START_TEST(a_report_is_known_by_tool_and_function) {
  ck_assert(baseline_read(&baseline,
                          span_str("- tool: ThreadSanitizer\n  function: item_get\n"
                                   "  kind: data race\n  why: so\n"
                                   "- tool: ThreadSanitizer\n  function: item_put\n  why: so\n"),
                          "known/x.sanitizers.yaml", &diag));
  ck_assert_int_eq(find("ThreadSanitizer", "data race", "item_get"), 0);
  ck_assert_int_eq(find("ThreadSanitizer", "thread leak", "item_get"), -1);
  ck_assert_int_eq(find("ThreadSanitizer", "data race", "item_put"), 1);
  ck_assert_int_eq(find("ThreadSanitizer", "thread leak", "item_put"), 1);
  ck_assert_int_eq(find("AddressSanitizer", "data race", "item_get"), -1);
  ck_assert_int_eq(find("ThreadSanitizer", "data race", "item_get_locked"), -1);
  ck_assert_int_eq(find("ThreadSanitizer", "data race", ""), -1);
}
END_TEST

static const struct {
  const char *text, *told;
} bad[] = {
    {"- tool: memcheck\n  function: f\n", "x.yaml:1:3: "},
    {"- tool: memcheck\n  function: f\n  why: \"  \"\n", "x.yaml:3:8: no reason is given"},
    {"- tool: memcheck\n  why: so\n", "x.yaml:1:3: "},
    {"- function: f\n  why: so\n", "x.yaml:1:3: "},
    {"- tool: Memcheck\n  function: f\n  why: so\n", "x.yaml:1:9: unknown tool"},
    {"- tool: memcheck\n  function: f\n  why: so\n  count: 3\n", "x.yaml:4:3: "},
};

START_TEST(a_bad_entry_is_told) {
  ck_assert(!baseline_read(&baseline, span_str(bad[_i].text), "x.yaml", &diag));
  ck_assert_msg(strncmp(diag_text(&diag), bad[_i].told, strlen(bad[_i].told)) == 0, "%s",
                diag_text(&diag));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("baseline");
  TCase *c = tcase_create("baseline");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_report_is_known_by_tool_and_function);
  tcase_add_loop_test(c, a_bad_entry_is_told, 0, sizeof bad / sizeof *bad);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
