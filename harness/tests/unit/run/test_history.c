/* What is remembered of runs: written, read again, merged; and files that are no history. */
#include "run/history.h"

#include <sys/stat.h>

#include "folders.h"

static struct folder folder;
static struct history *history;
static struct buf why;

static void setup(void) {
  folder_init(&folder);
  CHECK(chdir(folder.path) == 0);
  buf_init(&why, 4096);
}

static void teardown(void) {
  history_free(history);
  buf_fini(&why);
  CHECK(chdir("/") == 0);
  folder_fini(&folder);
}

static void load(void) {
  history_free(history);
  buf_reset(&why);
  history = history_load("a/b/last.json", &why);
}

static struct sink begin(uint64_t seed) {
  struct sink sink = history_sink(history);
  sink.begin(sink.arg, &(struct run_info){.seed = seed});
  return sink;
}

static void give(const struct sink *sink, const char *id, const char *delivery, double seconds,
                 enum verdict_status status) {
  struct result r = {.id = id,
                     .file = "x.session",
                     .delivery = delivery,
                     .transport = "unix",
                     .seconds = seconds,
                     .verdict = {.status = status}};
  sink->result(sink->arg, &r);
}

static void write_and_read(bool keep_times) {
  ck_assert(history_write(history, "a/b/last.json", keep_times));
  load();
  ck_assert_uint_eq(why.n, 0);
}

static void assert_run(const char *id, const char *delivery, bool timed, uint64_t us, bool red) {
  struct history_run run;
  ck_assert(history_find(history, id, delivery, "unix", &run));
  ck_assert(run.timed == timed);
  ck_assert_uint_eq(run.us, us);
  ck_assert(run.red == red);
}

static void assert_nothing(void) {
  struct history_run run;
  char *deliveries, *transports;
  ck_assert(!history_find(history, "one", "whole", "unix", &run));
  ck_assert(!run.timed && !run.red);
  ck_assert(!history_red(history, &deliveries, &transports));
  ck_assert_ptr_null(deliveries);
  ck_assert_ptr_null(transports);
}

static void remember_one_run(void) {
  load();
  assert_nothing();
  struct sink sink = begin(UINT64_MAX);
  give(&sink, "one", "whole", 0.25, VERDICT_PASS);
  give(&sink, "one", "bytewise", 0.5, VERDICT_FAIL);
  give(&sink, "two", "split:24", 1, VERDICT_ERROR);
  give(&sink, "two", "whole", 2, VERDICT_XPASS);
  give(&sink, "two", "fields", 0, VERDICT_SKIPPED);
  give(&sink, "two", "pause", 3, VERDICT_XFAIL);
  write_and_read(false);
}

START_TEST(a_run_is_remembered) {
  remember_one_run();
  assert_run("one", "whole", true, 250000, false);
  assert_run("one", "bytewise", true, 500000, true);
  assert_run("two", "split:24", true, 1000000, true);
  assert_run("two", "whole", true, 2000000, true);
  assert_run("two", "fields", true, 0, false);
  assert_run("two", "pause", true, 3000000, false);
  ck_assert_uint_eq(history_seed(history), UINT64_MAX);
}
END_TEST

START_TEST(what_was_red_names_each_delivery_once) {
  remember_one_run();
  struct sink sink = begin(1);
  give(&sink, "one", "whole", 1, VERDICT_FAIL);
  give(&sink, "two", "whole", 1, VERDICT_FAIL);
  give(&sink, "two", "split:2", 1, VERDICT_FAIL);
  give(&sink, "two", "split:24", 1, VERDICT_FAIL);
  write_and_read(false);
  char *deliveries, *transports;
  ck_assert(history_red(history, &deliveries, &transports));
  ck_assert_str_eq(deliveries, "whole,split:2,split:24");
  ck_assert_str_eq(transports, "unix");
  free(deliveries);
  free(transports);
}
END_TEST

START_TEST(a_later_run_keeps_the_times_of_others_and_forgets_their_failures) {
  remember_one_run();
  struct sink sink = begin(3);
  give(&sink, "one", "whole", 0.125, VERDICT_FAIL);
  write_and_read(false);
  assert_run("one", "whole", true, 125000, true);
  assert_run("one", "bytewise", true, 500000, false);
  assert_run("two", "split:24", true, 1000000, false);
  ck_assert_uint_eq(history_seed(history), 3);
}
END_TEST

START_TEST(a_part_of_a_run_changes_no_times) {
  remember_one_run();
  struct sink sink = begin(3);
  give(&sink, "one", "whole", 0.125, VERDICT_FAIL);
  give(&sink, "new", "whole", 0.125, VERDICT_FAIL);
  write_and_read(true);
  assert_run("one", "whole", true, 250000, true);
  assert_run("one", "bytewise", true, 500000, false);
  assert_run("new", "whole", false, 0, true);
}
END_TEST

START_TEST(of_repetitions_the_longest_and_any_failure_count) {
  load();
  struct sink sink = begin(3);
  give(&sink, "one", "whole", 0.25, VERDICT_PASS);
  give(&sink, "one", "whole", 0.5, VERDICT_FAIL);
  give(&sink, "one", "whole", 0.125, VERDICT_PASS);
  write_and_read(false);
  assert_run("one", "whole", true, 500000, true);
}
END_TEST

START_TEST(what_is_no_case_run_is_not_remembered) {
  load();
  struct sink sink = begin(3);
  struct result server = {.id = "server",
                          .delivery = "none",
                          .transport = "none",
                          .verdict = {.status = VERDICT_ERROR, .kind = KIND_SERVER_CRASH}};
  struct result cut = {.id = "one",
                       .file = "one.session",
                       .delivery = "whole",
                       .transport = "unix",
                       .verdict = {.status = VERDICT_ERROR, .kind = KIND_INTERRUPTED}};
  sink.result(sink.arg, &server);
  sink.result(sink.arg, &cut);
  give(&sink, "not \xff UTF-8", "whole", 1, VERDICT_FAIL);
  write_and_read(false);
  assert_nothing();
}
END_TEST

#define FILE_OF(run) "{\"format\": 1, \"seed\": \"1\", \"cases\": {\"one\": {" run "}}}"

static const char *const broken[] = {
    "",
    "{",
    "[]",
    "null",
    "{\"format\": 1}",
    "{\"format\": 2, \"seed\": \"1\", \"cases\": {}}",
    "{\"format\": 1, \"seed\": 1, \"cases\": {}}",
    "{\"format\": 1, \"seed\": \"x\", \"cases\": {}}",
    "{\"format\": 1, \"seed\": \"1\", \"cases\": []}",
    "{\"format\": 1, \"seed\": \"1\", \"cases\": {\"one\": 1}}",
    FILE_OF("\"whole unix\": 1"),
    FILE_OF("\"whole unix\": {\"us\": -1}"),
    FILE_OF("\"whole unix\": {\"us\": 1.5}"),
    FILE_OF("\"whole unix\": {\"us\": 86400000001}"),
    FILE_OF("\"whole unix\": {\"us\": 18446744073709551616}"),
    FILE_OF("\"whole unix\": {\"red\": 1}"),
    FILE_OF("\"whole\": {}"),
    FILE_OF("\"whole udp\": {}"),
    FILE_OF("\"nothing unix\": {}"),
    FILE_OF("\"split:0x18 unix\": {}"),
    FILE_OF("\"whole,bytewise unix\": {}"),
};

START_TEST(a_file_that_is_no_history_counts_as_none) {
  folder_put(&folder, "a/b/last.json", broken[_i]);
  load();
  ck_assert_uint_gt(why.n, 0);
  assert_nothing();
  struct sink sink = begin(3);
  give(&sink, "one", "whole", 1, VERDICT_FAIL);
  write_and_read(false);
  assert_run("one", "whole", true, 1000000, true);
}
END_TEST

START_TEST(a_sound_file_is_none_of_these) {
  folder_put(&folder, "a/b/last.json", FILE_OF("\"whole unix\": {\"us\": 86400000000}"));
  load();
  ck_assert_uint_eq(why.n, 0);
  assert_run("one", "whole", true, 86400000000, false);
}
END_TEST

START_TEST(what_is_no_regular_file_is_left_alone) {
  struct stat st;
  history = history_load("/dev/null", &why);
  ck_assert_uint_eq(why.n, 0);
  folder_put(&folder, "a/folder/x", "");
  ck_assert(history_write(history, "a/folder", false));
  ck_assert_int_eq(stat("a/folder/x", &st), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_told) {
  history = history_load("x/last.json", &why);
  folder_put(&folder, "x", "in the way");
  ck_assert(!history_write(history, "x/last.json", false));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("history");
  TCase *t = tcase_create("history");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_run_is_remembered);
  tcase_add_test(t, what_was_red_names_each_delivery_once);
  tcase_add_test(t, a_later_run_keeps_the_times_of_others_and_forgets_their_failures);
  tcase_add_test(t, a_part_of_a_run_changes_no_times);
  tcase_add_test(t, of_repetitions_the_longest_and_any_failure_count);
  tcase_add_test(t, what_is_no_case_run_is_not_remembered);
  tcase_add_loop_test(t, a_file_that_is_no_history_counts_as_none, 0,
                      sizeof broken / sizeof *broken);
  tcase_add_test(t, a_sound_file_is_none_of_these);
  tcase_add_test(t, what_is_no_regular_file_is_left_alone);
  tcase_add_test(t, a_file_that_cannot_be_written_is_told);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
