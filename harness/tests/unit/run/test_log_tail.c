/* The end of a log: all of a short one, whole lines of a long one. */
#include "run/log_tail.h"

#include "unit.h"

enum { MOST_BYTES = 4096, MOST_LINES = 20 };

static struct buf out, log_;

static void setup(void) {
  buf_init(&out, 1 << 20);
  buf_init(&log_, 1 << 20);
}

static void teardown(void) {
  buf_fini(&out);
  buf_fini(&log_);
}

static void check(const char *want) {
  log_tail_add(&out, "it says", buf_span(&log_));
  ck_assert_str_eq(buf_cstr(&out), want);
}

static const char *const logs[][2] = {
    {"", ""},
    {"one", "it says\n| one\n"},
    {"one\n", "it says\n| one\n"},
    {"one\ntwo\n\nfour", "it says\n| one\n| two\n| \n| four\n"},
    {"\none\n", "it says\n| \n| one\n"},
    {"\x1b[2J\"\n", "it says\n| \\x1b[2J\\\"\n"},
};

START_TEST(a_short_log_is_shown_whole) {
  buf_add_str(&log_, logs[_i][0]);
  check(logs[_i][1]);
}
END_TEST

START_TEST(of_many_lines_the_last_are_shown) {
  struct buf want;
  buf_init(&want, 1 << 20);
  buf_add_str(&want, "it says\n");
  for (int i = 0; i <= MOST_LINES; i++) {
    buf_addf(&log_, "%d\n", i);
    if (i > 0)
      buf_addf(&want, "| %d\n", i);
  }
  check(buf_cstr(&want));
  buf_fini(&want);
}
END_TEST

START_TEST(half_a_line_is_left_out) {
  buf_fill(&log_, 'x', MOST_BYTES);
  buf_add_str(&log_, "\nlast\n");
  check("it says\n| last\n");
}
END_TEST

START_TEST(half_a_line_is_shown_when_it_is_all) {
  buf_fill(&log_, 'x', MOST_BYTES + 1);
  log_tail_add(&out, "it says", buf_span(&log_));
  ck_assert_uint_eq(out.n, strlen("it says\n| \n") + MOST_BYTES);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("log_tail");
  TCase *t = tcase_create("log_tail");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, a_short_log_is_shown_whole, 0, (int)(sizeof logs / sizeof *logs));
  tcase_add_test(t, of_many_lines_the_last_are_shown);
  tcase_add_test(t, half_a_line_is_left_out);
  tcase_add_test(t, half_a_line_is_shown_when_it_is_all);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
