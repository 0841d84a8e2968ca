/* What a comparison's costs are told as. */
#include "report/compared.h"

#include "unit.h"

enum { MIB = 1 << 20, MS = 1000000 };

static struct compared *compared;
static struct sink sink;

static void setup(void) {
  compared = compared_new();
  sink = compared_sink(compared);
  sink.begin(sink.arg, &(struct run_info){.server = "a..b"});
}

static void teardown(void) {
  compared_free(compared);
}

static struct figures cost(uint64_t peak, uint64_t cpu_ms, uint64_t reads) {
  return (struct figures){.measured = true,
                          .peak = peak * MIB,
                          .grown = 2 * MIB,
                          .cpu_ns = cpu_ms * MS,
                          .reads = reads,
                          .read_bytes = reads};
}

static void result(const char *id, struct figures baseline, struct figures candidate) {
  const struct figures figures[SIDES] = {baseline, candidate};
  sink.result(
      sink.arg,
      &(struct result){.id = id, .delivery = "whole", .transport = "unix", .figures = figures});
}

static void check(const char *want) {
  struct buf told;
  buf_init(&told, 4096);
  sink.end(sink.arg, &(struct run_totals){0});
  compared_summary(compared, &told);
  ck_assert_str_eq(buf_cstr(&told), want);
  buf_fini(&told);
}

START_TEST(costs_are_told_as_ratios) {
  result("a", cost(16, 20, 4), cost(40, 20, 6));
  result("b", cost(10, 20, 4), cost(10, 60, 4));
  result("c", cost(10, 1, 0), cost(10, 1, 0));
  sink.result(sink.arg, &(struct result){.id = "skipped", .delivery = "", .transport = ""});
  check("the candidate against the baseline:\n"
        "  peak memory   2.50  40.0 MiB against 16.0 MiB\n"
        "  CPU time      1.98  81.0 ms against 41.0 ms, over 3 case runs\n"
        "  reads         1.25  10 against 8 in which the client got the answers\n"
        "  most more memory:\n"
        "     2.50  40.0 MiB against 16.0 MiB  a [whole unix]\n"
        "  most more CPU time:\n"
        "     3.00  60.0 ms against 20.0 ms  b [whole unix]\n");
}
END_TEST

START_TEST(the_five_worst_are_told_the_worst_first) {
  static const char *const ids[] = {"n0", "n1", "n2", "n3", "n4", "n5", "n6"};
  static const uint64_t peaks[] = {20, 70, 30, 60, 40, 50, 10};
  for (size_t i = 0; i < 7; i++)
    result(ids[i], cost(10, 1, 0), cost(peaks[i], 1, 0));
  check("the candidate against the baseline:\n"
        "  peak memory   7.00  70.0 MiB against 10.0 MiB\n"
        "  CPU time      1.00  7.0 ms against 7.0 ms, over 7 case runs\n"
        "  most more memory:\n"
        "     7.00  70.0 MiB against 10.0 MiB  n1 [whole unix]\n"
        "     6.00  60.0 MiB against 10.0 MiB  n3 [whole unix]\n"
        "     5.00  50.0 MiB against 10.0 MiB  n5 [whole unix]\n"
        "     4.00  40.0 MiB against 10.0 MiB  n4 [whole unix]\n"
        "     3.00  30.0 MiB against 10.0 MiB  n2 [whole unix]\n");
}
END_TEST

START_TEST(what_fails_on_both_is_counted_and_what_is_not_known_said) {
  const struct figures unknown[SIDES] = {{0}};
  for (int i = 0; i < 2; i++)
    sink.result(sink.arg, &(struct result){.id = "a",
                                           .delivery = "whole",
                                           .transport = "unix",
                                           .alike = true,
                                           .figures = unknown});
  check("failed on both in the same way, which is no difference: 2\n"
        "the candidate against the baseline:\n"
        "  memory and CPU time could not be measured\n");
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("compared");
  TCase *t = tcase_create("compared");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, costs_are_told_as_ratios);
  tcase_add_test(t, the_five_worst_are_told_the_worst_first);
  tcase_add_test(t, what_fails_on_both_is_counted_and_what_is_not_known_said);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
