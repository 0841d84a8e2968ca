/* Parts of a run: disjoint, whole, balanced, and the same in whatever order the items stand. */
#include "run/shard.h"

#include <stdio.h>

#include "base/check.h"
#include "base/rng.h"
#include "unit.h"

enum { MOST = 200, ROUNDS = 300 };

static struct shard_item items[MOST];
static char ids[MOST][16];
static struct rng rng;

static void setup(void) {
  rng = rng_of(11);
}

/* Random items, few different times among them, so that many weigh the same. */
static size_t make_items(size_t least, uint64_t times) {
  static const char *const deliveries[] = {"whole", "bytewise"}, *const transports[] = {"unix",
                                                                                        "tcp"};
  size_t n = least + rng_below(&rng, MOST - least);
  for (size_t i = 0; i < n; i++) {
    snprintf(ids[i], sizeof ids[i], "case-%u", (unsigned)(i / 4));
    items[i] = (struct shard_item){.id = ids[i],
                                   .delivery = deliveries[i % 2],
                                   .transport = transports[i / 2 % 2],
                                   .us = rng_below(&rng, times),
                                   .timed = rng_below(&rng, 4) > 0};
  }
  return n;
}

START_TEST(no_part_is_empty_while_there_are_items) {
  for (int round = 0; round < ROUNDS; round++) {
    unsigned parts = 1 + (unsigned)rng_below(&rng, 20), part_of[MOST];
    size_t n = make_items(parts, round % 2 ? 1000000 : 2), count[20] = {0};
    shard_split(items, n, parts, part_of);
    for (size_t i = 0; i < n; i++) {
      ck_assert_uint_lt(part_of[i], parts);
      count[part_of[i]]++;
    }
    for (unsigned p = 0; p < parts; p++)
      ck_assert_uint_gt(count[p], 0);
  }
}
END_TEST

START_TEST(the_order_of_the_items_changes_nothing) {
  for (int round = 0; round < ROUNDS; round++) {
    unsigned parts = 2 + (unsigned)rng_below(&rng, 8), before[MOST], after[MOST];
    size_t n = make_items(1, round % 2 ? 1000000 : 3), place[MOST];
    shard_split(items, n, parts, before);
    for (size_t i = 0; i < n; i++)
      place[i] = i;
    for (size_t i = n; i > 1; i--) {
      size_t k = rng_below(&rng, i), p = place[i - 1];
      struct shard_item item = items[i - 1];
      items[i - 1] = items[k];
      items[k] = item;
      place[i - 1] = place[k];
      place[k] = p;
    }
    shard_split(items, n, parts, after);
    for (size_t i = 0; i < n; i++)
      ck_assert_uint_eq(after[i], before[place[i]]);
  }
}
END_TEST

START_TEST(parts_differ_by_the_longest_item_at_most) {
  for (int round = 0; round < ROUNDS; round++) {
    unsigned parts = 2 + (unsigned)rng_below(&rng, 8), part_of[MOST];
    size_t n = make_items(1, 1000000);
    uint64_t load[10] = {0}, longest = 0, least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < n; i++)
      items[i].timed = true;
    shard_split(items, n, parts, part_of);
    for (size_t i = 0; i < n; i++) {
      load[part_of[i]] += items[i].us + 1;
      longest = items[i].us + 1 > longest ? items[i].us + 1 : longest;
    }
    for (unsigned p = 0; p < parts; p++) {
      least = load[p] < least ? load[p] : least;
      most = load[p] > most ? load[p] : most;
    }
    ck_assert_uint_le(most - least, longest);
  }
}
END_TEST

static void assert_parts(const uint64_t *us, size_t n, const unsigned *wanted) {
  unsigned part_of[8];
  for (size_t i = 0; i < n; i++) {
    snprintf(ids[i], sizeof ids[i], "%u", (unsigned)i);
    items[i] = (struct shard_item){
        .id = ids[i], .delivery = "whole", .transport = "unix", .us = us[i], .timed = us[i] > 0};
  }
  shard_split(items, n, 2, part_of);
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(part_of[i] == wanted[i], "item %zu is in part %u", i, part_of[i]);
}

START_TEST(the_longest_come_first) {
  assert_parts((const uint64_t[]){10, 20, 30, 100}, 4, (const unsigned[]){1, 1, 1, 0});
}
END_TEST

START_TEST(what_is_not_timed_weighs_as_the_median) {
  /* Two at 50: they balance the hundred, beside which any lighter or heavier would lie otherwise.
   */
  assert_parts((const uint64_t[]){100, 50, 0, 2}, 4, (const unsigned[]){0, 1, 1, 0});
}
END_TEST

START_TEST(without_times_parts_are_equal_in_number) {
  assert_parts((const uint64_t[]){0, 0, 0, 0, 0}, 5, (const unsigned[]){0, 1, 0, 1, 0});
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("shard");
  TCase *t = tcase_create("shard");
  tcase_add_checked_fixture(t, setup, NULL);
  tcase_add_test(t, no_part_is_empty_while_there_are_items);
  tcase_add_test(t, the_order_of_the_items_changes_nothing);
  tcase_add_test(t, parts_differ_by_the_longest_item_at_most);
  tcase_add_test(t, the_longest_come_first);
  tcase_add_test(t, what_is_not_timed_weighs_as_the_median);
  tcase_add_test(t, without_times_parts_are_equal_in_number);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
