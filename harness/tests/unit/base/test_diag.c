#include "base/diag.h"

#include "unit.h"

static struct diag d;

static void setup(void) {
  diag_init(&d);
}

static void teardown(void) {
  diag_fini(&d);
}

static size_t lines_of(const char *text) {
  size_t lines = 0;
  for (; *text; text++)
    lines += *text == '\n';
  return lines;
}

START_TEST(a_place_is_as_exact_as_it_is_known) {
  ck_assert_str_eq(diag_text(&d), "");
  diag_at(&d, "a.session", 3, 14, "unknown command `%s`", "gte");
  diag_at(&d, "a.session", 4, 0, "no `case` line");
  diag_at(&d, "a.session", 0, 0, "empty");
  diag_at(&d, "a.session", 0, 9, "no column without a line");
  ck_assert_str_eq(diag_text(&d), "a.session:3:14: unknown command `gte`\n"
                                  "a.session:4: no `case` line\n"
                                  "a.session: empty\n"
                                  "a.session: no column without a line\n");
  ck_assert_uint_eq(d.count, 4);
}
END_TEST

START_TEST(past_a_hundred_they_are_only_counted) {
  for (unsigned i = 1; i <= 250; i++)
    diag_at(&d, "f", i, 1, "wrong");
  ck_assert_uint_eq(d.count, 250);
  ck_assert_uint_eq(lines_of(diag_text(&d)), 100);
  ck_assert_ptr_nonnull(strstr(diag_text(&d), "f:100:1: wrong\n"));
  ck_assert_ptr_null(strstr(diag_text(&d), "f:101:"));
}
END_TEST

/* However long names and messages are, each line is cut by itself and ends. */
START_TEST(a_hundred_long_lines_fit) {
  static char file[9000], message[9000];
  memset(file, 'f', sizeof file - 1);
  memset(message, 'm', sizeof message - 1);
  for (unsigned i = 0; i < 100; i++)
    diag_at(&d, file, UINT32_MAX, UINT32_MAX, "%s", message);
  const char *text = diag_text(&d);
  ck_assert(!d.text.failed);
  ck_assert_uint_eq(lines_of(text), 100);
  ck_assert_str_eq(text + strlen(text) - 2, "m\n");
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("diag");
  TCase *c = tcase_create("diag");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_place_is_as_exact_as_it_is_known);
  tcase_add_test(c, past_a_hundred_they_are_only_counted);
  tcase_add_test(c, a_hundred_long_lines_fit);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
