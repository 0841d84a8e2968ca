#include "base/text.h"

#include "unit.h"

static void assert_escaped(const void *bytes, size_t n, const char *expected) {
  struct buf b;
  buf_init(&b, 4096);
  text_escape(&b, span_of(bytes, n));
  ck_assert_str_eq(buf_cstr(&b), expected);
  buf_fini(&b);
}

START_TEST(escapes) {
  assert_escaped("plain ~", 7, "plain ~");
  assert_escaped("\n\t\r\"\\", 5, "\\n\\t\\r\\\"\\\\");
  assert_escaped("\0a\x1f\x7f\x80\xff", 6, "\\x00a\\x1f\\x7f\\x80\\xff");
  assert_escaped("\xc3\xa9", 2, "\\xc3\\xa9");
  assert_escaped("", 0, "");
}
END_TEST

START_TEST(every_byte_comes_out_as_printable_ascii) {
  struct buf b;
  buf_init(&b, 4096);
  for (unsigned c = 0; c < 256; c++)
    text_escape(&b, span_of(&(uint8_t){(uint8_t)c}, 1));
  for (size_t i = 0; i < b.n; i++)
    ck_assert(b.p[i] >= 0x20 && b.p[i] < 0x7f);
  buf_fini(&b);
}
END_TEST

static void assert_number(const char *text, uint64_t expected) {
  uint64_t value = 0;
  ck_assert_msg(text_number(span_str(text), &value), "%s", text);
  ck_assert_uint_eq(value, expected);
}

static void assert_no_number(const char *text) {
  uint64_t value;
  ck_assert_msg(!text_number(span_str(text), &value), "%s", text);
}

START_TEST(numbers) {
  assert_number("0", 0);
  assert_number("007", 7);
  assert_number("0x1F", 31);
  assert_number("0Xff", 255);
  assert_number("18446744073709551615", UINT64_MAX);
  assert_number("0xffffffffffffffff", UINT64_MAX);
  assert_number("0x0000000000000000001", 1);
  static const char *const bad[] = {"",
                                    "-1",
                                    "+1",
                                    " 1",
                                    "1 ",
                                    "0x",
                                    "x1",
                                    "1x",
                                    "0xg",
                                    "a",
                                    "1.0",
                                    "0b1",
                                    "18446744073709551616",
                                    "0x10000000000000000"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_no_number(bad[i]);
}
END_TEST

START_TEST(a_number_ends_with_its_span) {
  uint64_t value = 0;
  ck_assert(text_number(span_of("1234", 2), &value));
  ck_assert_uint_eq(value, 12);
}
END_TEST

START_TEST(sizes) {
  uint64_t bytes = 0;
  ck_assert(text_size(span_str("17"), &bytes));
  ck_assert_uint_eq(bytes, 17);
  ck_assert(text_size(span_str("64KiB"), &bytes));
  ck_assert_uint_eq(bytes, 65536);
  ck_assert(text_size(span_str("20MiB"), &bytes));
  ck_assert_uint_eq(bytes, 20u << 20);
  ck_assert(text_size(span_str("4GiB"), &bytes));
  ck_assert_uint_eq(bytes, UINT64_C(4) << 30);
  ck_assert(text_size(span_str("17179869183GiB"), &bytes));
  static const char *const bad[] = {"", "KiB", "1kib", "1KB", "1 KiB", "-1KiB", "17179869184GiB"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_msg(!text_size(span_str(bad[i]), &bytes), "%s", bad[i]);
}
END_TEST

START_TEST(durations) {
  unsigned ms = 0;
  ck_assert(text_duration(span_str("250ms"), &ms));
  ck_assert_uint_eq(ms, 250);
  ck_assert(text_duration(span_str("3s"), &ms));
  ck_assert_uint_eq(ms, 3000);
  ck_assert(text_duration(span_str("5"), &ms));
  ck_assert_uint_eq(ms, 5000);
  ck_assert(text_duration(span_str("0"), &ms));
  ck_assert_uint_eq(ms, 0);
  ck_assert(text_duration(span_str("86400s"), &ms));
  ck_assert_uint_eq(ms, 86400000);
  static const char *const bad[] = {
      "", "s", "ms", "5m", "1.5s", "5 s", "86401", "86400001ms", "18446744073709551615s"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    ck_assert_msg(!text_duration(span_str(bad[i]), &ms), "%s", bad[i]);
}
END_TEST

static bool globs(const char *pattern, const char *text) {
  return text_glob(span_str(pattern), span_str(text));
}

START_TEST(globs_match_the_whole_text) {
  ck_assert(globs("get/miss", "get/miss"));
  ck_assert(!globs("get", "get/miss"));
  ck_assert(!globs("miss", "get/miss"));
  ck_assert(globs("", ""));
  ck_assert(!globs("", "a"));
  ck_assert(!globs("a", ""));
}
END_TEST

START_TEST(a_star_is_any_run_and_crosses_slashes) {
  ck_assert(globs("*", ""));
  ck_assert(globs("get/*", "get/"));
  ck_assert(globs("g*s", "get/miss"));
  ck_assert(globs("*is*", "get/miss"));
  ck_assert(globs("***", "x"));
  ck_assert(globs("a*b*c", "a-b-b-c"));
  ck_assert(globs("*aab", "aaaab"));
  ck_assert(!globs("*aab", "aaaaba"));
  ck_assert(!globs("a*b*c", "a-c-b"));
  ck_assert(globs("a*", "a*b"));
}
END_TEST

START_TEST(a_question_mark_is_one_character) {
  ck_assert(globs("g?t", "get"));
  ck_assert(!globs("g?t", "gt"));
  ck_assert(!globs("get?", "get"));
  ck_assert(globs("*?", "x"));
  ck_assert(!globs("*?", ""));
}
END_TEST

START_TEST(many_stars_stay_fast) {
  char text[4001];
  memset(text, 'a', sizeof text - 1);
  text[4000] = '\0';
  ck_assert(!globs("*a*a*a*a*a*a*a*a*a*b", text));
}
END_TEST

START_TEST(lines_end_with_or_without_a_carriage_return) {
  struct span text = span_str("one\r\n\ntwo \rthree\r");
  ck_assert(span_is(text_line(text), "one"));
  text = text_after_line(text);
  ck_assert(span_is(text_line(text), ""));
  text = text_after_line(text);
  ck_assert(span_is(text_line(text), "two \rthree\r")); /* its end has not come yet */
  text = text_after_line(text);
  ck_assert_uint_eq(text.n, 0);
  ck_assert_uint_eq(text_line(text).n, 0);
  ck_assert_uint_eq(text_after_line(text).n, 0);
}
END_TEST

START_TEST(words_are_found) {
  ck_assert_uint_eq(text_find(span_str("get and set"), "set"), 8);
  ck_assert_uint_eq(text_find(span_str("get and se"), "set"), SIZE_MAX);
  ck_assert_uint_eq(text_find(span_str(""), "set"), SIZE_MAX);
  ck_assert(text_starts(span_str("setq"), "set"));
  ck_assert(!text_starts(span_str("se"), "set"));
  ck_assert(span_is(text_trim(span_str(" \t a b\t ")), "a b"));
  ck_assert_uint_eq(text_trim(span_str(" \t")).n, 0);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("text");
  TCase *c = tcase_create("text");
  tcase_add_test(c, escapes);
  tcase_add_test(c, every_byte_comes_out_as_printable_ascii);
  tcase_add_test(c, numbers);
  tcase_add_test(c, a_number_ends_with_its_span);
  tcase_add_test(c, sizes);
  tcase_add_test(c, durations);
  tcase_add_test(c, globs_match_the_whole_text);
  tcase_add_test(c, a_star_is_any_run_and_crosses_slashes);
  tcase_add_test(c, a_question_mark_is_one_character);
  tcase_add_test(c, many_stars_stay_fast);
  tcase_add_test(c, lines_end_with_or_without_a_carriage_return);
  tcase_add_test(c, words_are_found);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
