/* Costs of a case, and of many, as ratios. */
#include "run/figures.h"

#include "unit.h"

enum { MIB = 1 << 20, MS = 1000000 };

static struct figures play(uint64_t peak, uint64_t grown, uint64_t cpu_ms) {
  return (struct figures){.measured = true,
                          .peak = peak * MIB,
                          .grown = grown * MIB,
                          .cpu_ns = cpu_ms * MS,
                          .reads = 3,
                          .read_bytes = 100};
}

START_TEST(of_several_plays_the_most_memory_and_the_least_time_count) {
  const struct figures plays[] = {play(16, 2, 30), play(40, 1, 20), play(20, 9, 25)};
  struct figures f = {0};
  for (size_t i = 0; i < 3; i++)
    figures_add_play(&f, &plays[i]);
  ck_assert(f.measured);
  ck_assert_uint_eq(f.peak, 40 * MIB);
  ck_assert_uint_eq(f.grown, 9 * MIB);
  ck_assert_uint_eq(f.cpu_ns, 20 * MS);
  ck_assert_uint_eq(f.reads, 9);
  ck_assert_uint_eq(f.read_bytes, 300);
}
END_TEST

START_TEST(a_play_that_was_not_measured_adds_its_reads) {
  const struct figures unknown = {.reads = 5, .read_bytes = 7}, known = play(16, 2, 30);
  struct figures f = {0};
  figures_add_play(&f, &unknown);
  ck_assert(!f.measured);
  figures_add_play(&f, &known);
  figures_add_play(&f, &unknown);
  ck_assert(f.measured);
  ck_assert_uint_eq(f.cpu_ns, 30 * MS);
  ck_assert_uint_eq(f.reads, 13);
}
END_TEST

struct row {
  const char *name;
  struct figures f[SIDES];
  double memory, cpu;
};

START_TEST(ratios_are_told_above_the_noise) {
  const struct row rows[] = {
      {"both", {play(16, 4, 20), play(40, 28, 50)}, 2.5, 2.5},
      {"less", {play(40, 4, 40), play(20, 0, 10)}, 0.5, 0.25},
      {"memory that was there before", {play(16, 0, 20), play(40, 0, 20)}, 0, 1},
      {"little time", {play(16, 1, 3), play(16, 0, 9)}, 1, 0},
      {"no time at all", {play(16, 1, 0), play(16, 1, 20)}, 1, 0},
      {"one unknown", {play(16, 4, 20), {.peak = 40 * MIB, .grown = 28 * MIB}}, 0, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    double memory = figures_memory_ratio(rows[i].f), cpu = figures_cpu_ratio(rows[i].f);
    ck_assert_msg(memory == rows[i].memory && cpu == rows[i].cpu, "%s: %f %f", rows[i].name, memory,
                  cpu);
  }
}
END_TEST

START_TEST(sums_are_of_what_was_measured_on_both) {
  const struct figures both[SIDES] = {play(16, 4, 20), play(40, 28, 50)};
  const struct figures smaller[SIDES] = {play(8, 4, 10), play(9, 4, 10)};
  const struct figures one[SIDES] = {play(99, 4, 99), {.reads = 3, .read_bytes = 100}};
  struct figures_sum sum = {0};
  figures_sum_add(&sum, both);
  figures_sum_add(&sum, smaller);
  figures_sum_add(&sum, one);
  ck_assert_uint_eq(sum.cases, 2);
  ck_assert_uint_eq(sum.peak[BASELINE], 16 * MIB);
  ck_assert_uint_eq(sum.peak[CANDIDATE], 40 * MIB);
  ck_assert_uint_eq(sum.cpu_ns[BASELINE], 30 * MS);
  ck_assert_uint_eq(sum.cpu_ns[CANDIDATE], 60 * MS);
  ck_assert_uint_eq(sum.reads[BASELINE], 9);
  ck_assert_uint_eq(sum.reads[CANDIDATE], 9);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("figures");
  TCase *t = tcase_create("figures");
  tcase_add_test(t, of_several_plays_the_most_memory_and_the_least_time_count);
  tcase_add_test(t, a_play_that_was_not_measured_adds_its_reads);
  tcase_add_test(t, ratios_are_told_above_the_noise);
  tcase_add_test(t, sums_are_of_what_was_measured_on_both);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
