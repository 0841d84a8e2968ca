#include "mcbp/near.h"

#include "unit.h"

static const char *nearest(const char *word, const char *first, const char *second) {
  struct near n = near_of(span_str(word));
  near_offer(&n, first);
  near_offer(&n, second);
  return n.best;
}

START_TEST(two_edits_are_near_and_three_are_not) {
  ck_assert_str_eq(nearest("verbosity", "verbosity", NULL), "verbosity");
  ck_assert_str_eq(nearest("verbosit", "verbosity", NULL), "verbosity");
  ck_assert_str_eq(nearest("xverbosit", "verbosity", NULL), "verbosity");
  ck_assert_str_eq(nearest("vorbasity", "verbosity", NULL), "verbosity");
  ck_assert_ptr_null(nearest("vorbasitx", "verbosity", NULL));
  ck_assert_ptr_null(nearest("verbos", "verbosity", NULL));
}
END_TEST

START_TEST(a_swap_is_one_edit) {
  ck_assert_str_eq(nearest("gte", "gat", "get"), "get");
  ck_assert_str_eq(nearest("evrbosiyt", "verbosity", NULL), "verbosity");
}
END_TEST

START_TEST(a_word_is_not_edited_away) {
  ck_assert_ptr_null(nearest("", "a", NULL));
  ck_assert_ptr_null(nearest("x", "a", NULL));
  ck_assert_ptr_null(nearest("xy", "ab", NULL));
  ck_assert_str_eq(nearest("xb", "ab", NULL), "ab");
}
END_TEST

START_TEST(the_nearest_wins_and_of_equals_the_first) {
  ck_assert_str_eq(nearest("setq", "set", "setq"), "setq");
  ck_assert_str_eq(nearest("setq", "setq", "set"), "setq");
  ck_assert_str_eq(nearest("gxt", "get", "gat"), "get");
  ck_assert_str_eq(nearest("gxt", "gat", "get"), "gat");
}
END_TEST

START_TEST(long_words_are_never_near) {
  char word[66];
  memset(word, 'a', sizeof word - 1);
  word[65] = '\0';
  ck_assert_ptr_null(nearest(word, word, "a"));
  ck_assert_ptr_null(nearest(word, word + 1, NULL));
  ck_assert_str_eq(nearest(word + 1, word + 1, NULL), word + 1);
  ck_assert_ptr_null(nearest(word + 1, word, NULL));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("near");
  TCase *c = tcase_create("near");
  tcase_add_test(c, two_edits_are_near_and_three_are_not);
  tcase_add_test(c, a_swap_is_one_edit);
  tcase_add_test(c, a_word_is_not_edited_away);
  tcase_add_test(c, the_nearest_wins_and_of_equals_the_first);
  tcase_add_test(c, long_words_are_never_near);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
