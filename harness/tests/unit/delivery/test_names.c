/* The names of deliveries: what they stand for, and what is said of wrong ones. */
#include <stdlib.h>

#include "delivered.h"

START_TEST(kinds_say_what_they_do) {
  /* Takes a number, pipelines, is paced, half-closes, reads slowly, .., is about TLS. */
  static const char *const want[][2] = {
      {"whole", "---------"},          {"pipelined", "-p-------"},
      {"bytewise", "--c------"},       {"split", "n-c------"},
      {"fields", "--c------"},         {"random", "npc------"},
      {"half-close", "-p-h-----"},     {"slow-read", "-p--s----"},
      {"slow-read-last", "-p--sl---"}, {"pause", "--c---b--"},
      {"crowd", "np-----w-"},          {"records", "-p------t"},
      {"across-records", "-p------t"}, {"inside-records", "--c-----t"},
  };
  size_t n;
  const struct delivery_kind *const *kinds = delivery_kinds(&n);
  ck_assert_uint_eq(n, sizeof want / sizeof want[0]);
  for (size_t i = 0; i < n; i++) {
    ck_assert_str_eq(kinds[i]->name, want[i][0]);
    const struct delivery_kind *k = kinds[i];
    const bool is[] = {k->takes_number, k->pipelines,    k->paced,  k->half_closes, k->slow_reads,
                       k->drains_last,  k->acts_between, k->crowds, k->tls_only};
    for (size_t m = 0; m < sizeof is / sizeof is[0]; m++)
      ck_assert_msg(is[m] == (want[i][1][m] != '-'), "%s: mark %zu", k->name, m);
    ck_assert_int_eq(strncmp(kinds[i]->usage, want[i][0], strlen(want[i][0])), 0);
    ck_assert_uint_gt(strlen(kinds[i]->what), 0);
  }
}
END_TEST

START_TEST(parse_names_and_numbers) {
  ck_assert_str_eq(delivery_of("half-close").name, "half-close");
  ck_assert_str_eq(delivery_of("split:0x18").name, "split:24");
  ck_assert_uint_eq(delivery_of("split:0x18").number, 24);
  ck_assert_str_eq(delivery_of("random:18446744073709551615").name, "random:18446744073709551615");
  ck_assert_uint_eq(delivery_of("random:0").number, 0);
}
END_TEST

#define CHOOSE                                                                                     \
  "; there are whole pipelined bytewise split:N fields random:SEED half-close slow-read "          \
  "slow-read-last pause crowd:N records across-records inside-records all"

START_TEST(parse_says_what_is_wrong) {
  static const char *const bad[][2] = {
      {"", "no delivery is called \"\"" CHOOSE},
      {"Whole\n", "no delivery is called \"Whole\\n\"" CHOOSE},
      {"whole:1", "the delivery whole takes no number: leave out what follows it"},
      {"fields:", "the delivery fields takes no number: leave out what follows it"},
      {"split", "the delivery split:N needs a number from 1 to 4294967295 behind a colon"},
      {"split:",
       "the delivery split:N needs a number from 1 to 4294967295 behind a colon, not \"\""},
      {"split:0",
       "the delivery split:N needs a number from 1 to 4294967295 behind a colon, not \"0\""},
      {"split:4294967296", "the delivery split:N needs a number from 1 to 4294967295 behind a "
                           "colon, not \"4294967296\""},
      {"random:1:2", "the delivery random:SEED needs a number from 0 to 18446744073709551615 "
                     "behind a colon, not \"1:2\""},
      {"random", "the delivery random:SEED needs a number from 0 to 18446744073709551615 behind a "
                 "colon"}};
  struct buf why;
  buf_init(&why, 4096);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct delivery d;
    buf_reset(&why);
    ck_assert(!delivery_parse(span_str(bad[i][0]), &d, &why));
    ck_assert_str_eq(buf_cstr(&why), bad[i][1]);
  }
  buf_fini(&why);
}
END_TEST

static void expect_list(const char *text, const char *want) {
  struct delivery *list;
  size_t n;
  struct buf got;
  buf_init(&got, 4096);
  if (delivery_parse_list(text, &list, &n, &got))
    for (size_t i = 0; i < n; i++)
      buf_addf(&got, "%s%s", i ? " " : "", list[i].name);
  else
    ck_assert_ptr_null(list);
  ck_assert_str_eq(buf_cstr(&got), want);
  free(list);
  buf_fini(&got);
}

START_TEST(lists_expand_all_and_drop_duplicates) {
#define ALL                                                                                        \
  "whole pipelined bytewise split:1 split:23 split:24 split:25 fields random:1 half-close "        \
  "slow-read slow-read-last pause crowd:8 records across-records inside-records"
  expect_list("whole", "whole");
  expect_list("split:24,whole,split:0x18,split:2", "split:24 whole split:2");
  expect_list("all", ALL);
  expect_list("all,random:2,whole,all", ALL " random:2");
  expect_list("", "no delivery is called \"\"" CHOOSE);
  expect_list("whole,", "no delivery is called \"\"" CHOOSE);
  expect_list("whole,no,fields", "no delivery is called \"no\"" CHOOSE);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("names");
  TCase *t = tcase_create("names");
  suite_add_tcase(s, t);
  tcase_add_test(t, kinds_say_what_they_do);
  tcase_add_test(t, parse_names_and_numbers);
  tcase_add_test(t, parse_says_what_is_wrong);
  tcase_add_test(t, lists_expand_all_and_drop_duplicates);
  return s;
}

UNIT_MAIN(suite)
