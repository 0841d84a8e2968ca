/* The words of `run` become a configuration; words that make no sense are refused with status 2. */
#include "cli/run_options.h"

#include <getopt.h>
#include <stdio.h>

#include "../run/folders.h"
#include "cli/command.h"

static struct folder folder;
static struct run_options options;

#define CASE(head) "case t\nspec noop\n" head "c1 > noop\n"
#define PROFILE(name) "name: " name "\ncommand: [x]\ntransports:\n  unix: {args: [\"{socket}\"]}\n"

#define LAST(case, red)                                                                            \
  "{\"format\": 1, \"seed\": \"77\", \"cases\": {\"" case "\": {\"bytewise unix\": {\"us\": 9, "   \
                                                          "\"red\": " red "}}}}"

static void setup(void) {
  folder_init(&folder);
  folder_put(&folder, "cases/get/hit.session", CASE("tag fast\n"));
  folder_put(&folder, "cases/get/miss.session", CASE("needs flush\n"));
  folder_put(&folder, "fixtures/servers/memcached.yaml", PROFILE("memcached"));
  folder_put(&folder, "fixtures/servers/known.yaml", PROFILE("known"));
  folder_put(&folder, "fixtures/servers/stale.yaml", PROFILE("stale"));
  folder_put(&folder, "fixtures/known/known.yaml", "- {case: get/miss, kind: timeout, why: x}\n");
  folder_put(&folder, "fixtures/known/stale.yaml", "- {case: gone, kind: timeout, why: x}\n");
  folder_put(&folder, "red.json", LAST("get/miss", "true"));
  folder_put(&folder, "green.json", LAST("get/miss", "false"));
  folder_put(&folder, "gone.json", LAST("get/gone", "true"));
  folder_put(&folder, "big", "");
  folder_put(&folder, "big.yaml", "");
  folder_put(&folder, "twice.yaml", "- {case: get/miss, kind: leftover, why: x}\n");
  CHECK(chdir(folder.path) == 0);
  CHECK(truncate("big", (1 << 20) + 1) == 0 && truncate("big.yaml", (1 << 20) + 1) == 0);
  setenv("MCREPLAY_DATA", ".", 1);
  CHECK(freopen("/dev/null", "w", stdout)); /* no terminal, wherever the test runs */
  optind = 0;                               /* begins anew */
}

static void teardown(void) {
  run_options_fini(&options);
  CHECK(chdir("/") == 0);
  folder_fini(&folder);
}

/* The words behind `run`, at single blanks. */
static int parse(const char *line) {
  static char words[512], *argv[32];
  int argc = 1;
  argv[0] = words;
  snprintf(words, sizeof words, "run%c%s", '\0', line);
  for (char *rest = words + 4; rest && *rest;)
    argv[argc++] = strsep(&rest, " ");
  argv[argc] = NULL;
  return run_options_parse(&options, argc, argv);
}

static const char *const refused[] = {
    "--nonsense",
    "-x",
    "-j 0",
    "-j 65",
    "-j x",
    "-j",
    "--repeat 0",
    "--min x",
    "--min 3",
    "--seed -1",
    "--shuffle=0",
    "--timeout 0",
    "--timeout 3ms",
    "--timeout soon",
    "--server-per day",
    "-d nothing",
    "-d split",
    "-d whole,,bytewise",
    "-s nothing",
    "-s nothing.yaml",
    "-s memcached --attach unix:/x",
    "--attach nonsense",
    "--command nothing",
    "--transport udp",
    "--transport tcp",
    "--transport unix,tcp",
    "--known nothing.yaml",
    "--known big",
    "-s big.yaml",
    "--flaky nothing.yaml",
    "--gdb --attach unix:/x",
    "--pause-before 1",
    "--pause-before 0 get/miss",
    "--pause-before 2 get/miss",
    "--pause-before 1 -d whole,bytewise get/miss",
    "--pause-before 1 -d crowd:2 get/miss",
    "--pause-before 1 --repeat 2 get/miss",
    "--pause-before 1 --strace get/miss",
    "--strace=-e' get/miss",
    "--flaky twice.yaml -s known",
    "--flaky twice.yaml -s known get/miss",
    "-s stale",
    "-k nothing",
    "--tag nothing",
    "--needs nothing",
    "--shard 0/3",
    "--shard 4/3",
    "--shard 3",
    "--shard /3",
    "--shard 1/",
    "--shard 1/2/3",
    "--shard 1/1001",
    "--shard 3/3",
    "--last-failed",
    "--last-failed --last green.json",
    "--last-failed --last gone.json",
    "--last-failed --last red.json get/hit",
    "--last-failed --last red.json -d whole",
    "--last-failed=1",
    "nothing",
    "get/miss nothing",
};

START_TEST(what_makes_no_sense_is_refused) {
  ck_assert_msg(parse(refused[_i]) == EXIT_USAGE, "%s", refused[_i]);
}
END_TEST

START_TEST(nothing_said_is_everything_once) {
  ck_assert_int_eq(parse(""), EXIT_WELL);
  const struct run_config *c = &options.config;
  ck_assert_uint_eq(c->suite->cases.n, 2);
  ck_assert_str_eq(c->profile->name, "memcached");
  ck_assert_uint_eq(c->ndeliveries, 1);
  ck_assert_str_eq(c->deliveries[0].name, "whole");
  ck_assert_uint_eq(c->ntransports, 1);
  ck_assert_int_eq(c->transports[0], TRANSPORT_UNIX);
  ck_assert_uint_eq(c->repeat, 1);
  ck_assert(!c->shuffle);
  ck_assert_uint_eq(c->timeout_ms, 5000);
  ck_assert_uint_ge(c->workers, 1);
  ck_assert_uint_lt(c->seed, 1000000000);
  ck_assert_uint_eq(c->known->entries.n, 0);
  ck_assert_ptr_nonnull(c->keep);
  ck_assert_str_eq(options.keep, "mcreplay-failures");
}
END_TEST

START_TEST(failures_are_kept_beside_the_other_reports) {
  folder_put(&folder, "build/x", "");
  ck_assert_int_eq(parse(""), EXIT_WELL);
  ck_assert_str_eq(options.keep, "build/report/failures");
}
END_TEST

START_TEST(failures_are_kept_where_it_is_said) {
  ck_assert_int_eq(parse("--keep some/where"), EXIT_WELL);
  ck_assert_str_eq(options.keep, "some/where");
  ck_assert_ptr_nonnull(options.config.keep);
}
END_TEST

START_TEST(failures_need_not_be_kept) {
  ck_assert_int_eq(parse("--keep x --keep none"), EXIT_WELL);
  ck_assert_ptr_null(options.config.keep);
}
END_TEST

START_TEST(words_are_taken) {
  ck_assert_int_eq(parse("-s known -d split:24,bytewise -j 3 --repeat 7 --seed 9 --shuffle=8 "
                         "--server-per case --timeout 250ms --transport unix,unix --min 2 -v"),
                   EXIT_WELL);
  const struct run_config *c = &options.config;
  ck_assert_uint_eq(c->ndeliveries, 2);
  ck_assert_str_eq(c->deliveries[0].name, "split:24");
  ck_assert_uint_eq(c->workers, 3);
  ck_assert_uint_eq(c->repeat, 7);
  ck_assert_uint_eq(c->seed, 9);
  ck_assert(c->shuffle);
  ck_assert_uint_eq(c->shuffle_seed, 8);
  ck_assert_int_eq(c->server_per, SERVER_PER_CASE);
  ck_assert_uint_eq(c->timeout_ms, 250);
  ck_assert_uint_gt(c->total_ms, c->timeout_ms);
  ck_assert_uint_eq(c->ntransports, 1);
  ck_assert_uint_eq(c->known->entries.n, 1);
  ck_assert(options.verbose && !options.quiet);
  ck_assert_ptr_nonnull(strstr(c->reproduce, " run -s known --timeout 250ms"));
}
END_TEST

START_TEST(both_lists_are_read) {
  folder_put(&folder, "fixtures/known/known.flaky.yaml",
             "- {case: get/hit, kind: timeout, why: x}\n");
  ck_assert_int_eq(parse("-s known"), EXIT_WELL);
  const struct known *k = options.config.known;
  ck_assert_uint_eq(k->entries.n, 2);
  ck_assert(!known_find(k, "get/miss", "whole")->flaky);
  ck_assert(known_find(k, "get/hit", "whole")->flaky);
  run_options_fini(&options);
  optind = 0;
  ck_assert_int_eq(parse("--flaky twice.yaml"), EXIT_WELL);
  ck_assert_uint_eq(options.config.known->entries.n, 1);
  ck_assert_ptr_nonnull(strstr(options.config.reproduce, " --flaky twice.yaml"));
}
END_TEST

START_TEST(nothing_is_left_below_a_build_that_is_no_folder) {
  folder_put(&folder, "build", "");
  ck_assert_int_eq(parse(""), EXIT_WELL);
  ck_assert_str_eq(options.keep, "mcreplay-failures");
  ck_assert_str_eq(options.last, ".mcreplay-last.json");
}
END_TEST

START_TEST(a_pause_is_for_one_case_run) {
  ck_assert_int_eq(parse("--pause-before 1 -j 2 get/miss"), EXIT_WELL);
  ck_assert_uint_eq(options.config.pause_before, 1);
  ck_assert_uint_eq(options.config.workers, 1);
  run_options_fini(&options);
  optind = 0;
  ck_assert_int_eq(parse("--pause-before 1 --last-failed --last red.json"), EXIT_WELL);
}
END_TEST

START_TEST(the_last_tool_is_taken) {
  ck_assert_int_eq(parse("-j 3 --timeout 2s --gdb=-x --strace=-T"), EXIT_WELL);
  ck_assert_str_eq(options.profile->command[0], "strace");
  ck_assert_uint_eq(options.config.workers, 1);
  ck_assert_uint_eq(options.config.timeout_ms, 20000);
  ck_assert_ptr_nonnull(strstr(options.reproduce, " --timeout 2000ms --strace=-T"));
  ck_assert_ptr_nonnull(strstr(options.note, "/mcreplay-strace.txt"));
}
END_TEST

START_TEST(a_shuffle_without_a_seed_takes_the_run_s) {
  ck_assert_int_eq(parse("--seed 9 --shuffle"), EXIT_WELL);
  ck_assert_uint_eq(options.config.shuffle_seed, 9);
}
END_TEST

static const struct {
  const char *words;
  size_t n;
} chosen[] = {
    {"get/miss", 1},
    {"-k hit", 1},
    {"--tag fast", 1},
    {"-k get --tag fast", 1},
    {"--needs flush", 1},
    {"cases/get --min 2", 2},
    {"-k get/*", 2},
    /* Not all cases: an entry for others is no error. */
    {"-s stale get/miss", 1},
};

START_TEST(cases_are_chosen) {
  ck_assert_int_eq(parse(chosen[_i].words), EXIT_WELL);
  ck_assert_uint_eq(options.config.suite->cases.n, chosen[_i].n);
}
END_TEST

static size_t count_chosen(void) {
  size_t n = 0;
  for (size_t i = 0; i < plan_places(&options.config); i++)
    n += options.chosen[i];
  return n;
}

START_TEST(what_failed_brings_its_delivery_and_seed) {
  ck_assert_int_eq(parse("--last-failed --last red.json"), EXIT_WELL);
  const struct run_config *c = &options.config;
  ck_assert_uint_eq(c->ndeliveries, 1);
  ck_assert_str_eq(c->deliveries[0].name, "bytewise");
  ck_assert_uint_eq(c->seed, 77);
  ck_assert_uint_eq(count_chosen(), 1);
  ck_assert(c->chosen[1] && !c->chosen[0]);
}
END_TEST

START_TEST(what_is_said_goes_before_what_is_remembered) {
  ck_assert_int_eq(parse("--last-failed --last red.json -d whole,bytewise --seed 5"), EXIT_WELL);
  ck_assert_uint_eq(options.config.ndeliveries, 2);
  ck_assert_uint_eq(options.config.seed, 5);
  ck_assert_uint_eq(count_chosen(), 1);
}
END_TEST

START_TEST(a_part_is_chosen_among_case_runs) {
  ck_assert_int_eq(parse("--shard 2/3 -d whole,bytewise --until-fail"), EXIT_WELL);
  ck_assert_uint_eq(options.config.suite->cases.n, 2);
  ck_assert_uint_eq(count_chosen(), 1);
  ck_assert(options.part);
  ck_assert(options.config.until_fail);
}
END_TEST

START_TEST(a_bad_history_is_no_error) {
  folder_put(&folder, "bad.json", "{");
  ck_assert_int_eq(parse("--shard 1/2 --last bad.json"), EXIT_WELL);
  ck_assert_uint_eq(count_chosen(), 1);
}
END_TEST

START_TEST(the_last_run_is_kept_where_things_are_built) {
  ck_assert_int_eq(parse(""), EXIT_WELL);
  ck_assert_str_eq(options.last, ".mcreplay-last.json");
  run_options_fini(&options);
  folder_put(&folder, "build/x", "");
  optind = 0;
  ck_assert_int_eq(parse(""), EXIT_WELL);
  ck_assert_str_eq(options.last, "build/report/last-run.json");
}
END_TEST

START_TEST(a_server_that_runs_is_attached_to) {
  ck_assert_int_eq(parse("--attach tcp:127.0.0.1:11211"), EXIT_WELL);
  ck_assert_ptr_nonnull(options.config.profile->attached);
  ck_assert_int_eq(options.config.transports[0], TRANSPORT_TCP);
  ck_assert_ptr_nonnull(strstr(options.config.reproduce, " --attach tcp:127.0.0.1:11211"));
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static Suite *suite(void) {
  Suite *s = suite_create("run_options");
  TCase *t = tcase_create("run_options");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, what_makes_no_sense_is_refused, 0, COUNT(refused));
  tcase_add_test(t, nothing_said_is_everything_once);
  tcase_add_test(t, failures_are_kept_beside_the_other_reports);
  tcase_add_test(t, failures_are_kept_where_it_is_said);
  tcase_add_test(t, failures_need_not_be_kept);
  tcase_add_test(t, words_are_taken);
  tcase_add_test(t, both_lists_are_read);
  tcase_add_test(t, nothing_is_left_below_a_build_that_is_no_folder);
  tcase_add_test(t, a_pause_is_for_one_case_run);
  tcase_add_test(t, the_last_tool_is_taken);
  tcase_add_test(t, a_shuffle_without_a_seed_takes_the_run_s);
  tcase_add_loop_test(t, cases_are_chosen, 0, COUNT(chosen));
  tcase_add_test(t, what_failed_brings_its_delivery_and_seed);
  tcase_add_test(t, what_is_said_goes_before_what_is_remembered);
  tcase_add_test(t, a_part_is_chosen_among_case_runs);
  tcase_add_test(t, a_bad_history_is_no_error);
  tcase_add_test(t, the_last_run_is_kept_where_things_are_built);
  tcase_add_test(t, a_server_that_runs_is_attached_to);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
