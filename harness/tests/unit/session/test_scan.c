#include "session/scan.h"

#include "base/check.h"
#include "unit.h"

static struct diag diag;

static void setup(void) {
  diag_init(&diag);
}

static void teardown(void) {
  diag_fini(&diag);
}

static struct scan scan_of(const char *line) {
  return (struct scan){.line = span_str(line), .file = "f", .number = 3, .diag = &diag};
}

START_TEST(words_end_at_other_characters) {
  static const struct {
    const char *line, *word;
  } rows[] = {
      {"abc def", "abc"}, {"a_B-9.x=1", "a_B-9.x"},
      {"", ""},           {" a", ""},
      {"\"a\"", ""},      {"a#b", "a"},
      {"{", ""},          {"c1<", "c1"},
      {"\xc3\xa9", ""},   {"0x1f,", "0x1f"},
      {"-", "-"},         {"a\t", "a"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct scan s = scan_of(rows[i].line);
    struct span word = scan_word(&s);
    ck_assert_msg(span_is(word, rows[i].word), "%s", rows[i].line);
    ck_assert_uint_eq(s.pos, word.n);
  }
}
END_TEST

START_TEST(ends_at_comments) {
  static const struct {
    const char *line;
    bool end;
    size_t pos;
  } rows[] = {{"", true, 0},  {" \t\r", true, 3}, {"  # a", true, 2},
              {"#", true, 0}, {" a#", false, 1},  {"\v", false, 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct scan s = scan_of(rows[i].line);
    ck_assert_msg(scan_end(&s) == rows[i].end && s.pos == rows[i].pos, "\"%s\"", rows[i].line);
  }
  ck_assert_uint_eq(diag.count, 0);
  struct scan s = scan_of("  x");
  ck_assert(!scan_expect_end(&s));
  ck_assert_ptr_nonnull(strstr(diag_text(&diag), "f:3:3: "));
}
END_TEST

START_TEST(takes_what_is_next_only) {
  struct scan s = scan_of("ab");
  ck_assert(!scan_take(&s, 'b'));
  ck_assert_int_eq(scan_peek(&s), 'a');
  ck_assert(scan_take(&s, 'a') && scan_take(&s, 'b'));
  ck_assert_int_eq(scan_peek(&s), 0);
  ck_assert(!scan_take(&s, 'b') && !scan_take(&s, '\0'));
  ck_assert_uint_eq(s.pos, 2);
  /* A NUL in the line is a character that nothing takes for the end. */
  s.line = span_of("\0x", 2);
  s.pos = 0;
  ck_assert(!scan_end(&s));
}
END_TEST

START_TEST(numbers_have_a_greatest) {
  static const struct {
    const char *line;
    uint64_t max;
    bool ok;
    uint64_t value;
  } rows[] = {
      {"0", 0, true, 0},
      {"255 ", 255, true, 255},
      {"256", 255, false, 0},
      {"0xff", 255, true, 255},
      {"0x100", 255, false, 0},
      {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
      {"", 9, false, 0},
      {"18446744073709551616", UINT64_MAX, false, 0},
      {"a", 9, false, 0},
      {"1a", UINT64_MAX, false, 0},
      {"-1", 9, false, 0},
      {"1.5", 9, false, 0},
      {"0x", UINT64_MAX, false, 0},
      {"1)", 9, true, 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct scan s = scan_of(rows[i].line);
    uint64_t value;
    unsigned before = diag.count;
    bool ok = scan_number(&s, "it", rows[i].max, &value);
    ck_assert_msg(ok == rows[i].ok && (!ok || value == rows[i].value), "%s", rows[i].line);
    ck_assert_uint_eq(diag.count, before + !ok);
  }
}
END_TEST

START_TEST(values_end_before_the_next_field) {
  static const struct {
    const char *line;
    size_t end;
  } rows[] = {
      {"1", 1},
      {"1 b=2", 1},
      {"\"a b=c\" d=1", 7},
      {"\"a\\\" b=c\" d=1", 9},
      {"\"a\\\\\" d=1", 5},
      {"\"a\" \"b\" d=1", 7},
      {"\"a\"  # b", 3},
      {"\"#\" hex(00 11) *{1}", 19},
      {"hex(00 a=1) b=2", 11},
      {"repeat(2, repeat(3, \"a\")) b=2", 25},
      {") b=1", 1},
      {"1#b=2", 1},
      {"1 b c=2", 3},
      {"\"open b=1", 9},
      {"\"open\\", 6},
      {"", 0},
      {"  b=1", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct scan s = scan_of(rows[i].line);
    ck_assert_msg(scan_value_end(&s) == rows[i].end, "%s: %zu", rows[i].line, scan_value_end(&s));
    ck_assert_uint_eq(s.pos, 0);
  }
}
END_TEST

START_TEST(text_has_no_comment_and_no_blanks_around_it) {
  static const struct {
    const char *line, *text;
  } rows[] = {
      {"  a b \t\r", "a b"},
      {"a # b", "a"},
      {"\"a # b\" # c", "\"a # b\""},
      {"\"\\\"#\" # c", "\"\\\"#\""},
      {"# all", ""},
      {"", ""},
      {"it's #1", "it's"},
      {" \t ", ""},
      {"\"open # b", "\"open # b"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    ck_assert_msg(span_is(scan_text(span_str(rows[i].line)), rows[i].text), "%s", rows[i].line);
}
END_TEST

START_TEST(errors_tell_their_place) {
  struct scan s = scan_of("abc");
  s.pos = 2;
  ck_assert(!scan_error(&s, "bad %d", 7));
  ck_assert(!scan_error_at(&s, 0, "%s", "worse"));
  ck_assert_str_eq(diag_text(&diag), "f:3:3: bad 7\nf:3:1: worse\n");
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("scan");
  TCase *t = tcase_create("scan");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, words_end_at_other_characters);
  tcase_add_test(t, ends_at_comments);
  tcase_add_test(t, takes_what_is_next_only);
  tcase_add_test(t, numbers_have_a_greatest);
  tcase_add_test(t, values_end_before_the_next_field);
  tcase_add_test(t, text_has_no_comment_and_no_blanks_around_it);
  tcase_add_test(t, errors_tell_their_place);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
