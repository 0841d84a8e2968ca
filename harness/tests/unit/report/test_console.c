#include "report/console.h"

#include <locale.h>
#include <time.h>

#include "unit.h"

static char *text;
static size_t text_n;
static FILE *out;
static struct console *console;
static struct sink sink;

static void begin(struct console_options options) {
  out = open_memstream(&text, &text_n);
  ck_assert_ptr_nonnull(out);
  options.out = out;
  console = console_new(options);
  sink = console_sink(console);
  sink.begin(sink.arg,
             &(struct run_info){.server = "memcached", .seed = 7, .planned = 40, .workers = 2});
}

static void teardown(void) {
  console_free(console);
  fclose(out);
  free(text);
}

static struct result result_of(const char *id, enum verdict_status status, const char *brief) {
  return (struct result){
      .id = id,
      .file = "cases/get/miss.session",
      .delivery = "bytewise",
      .transport = "unix",
      .server = "memcached",
      .seconds = 0.012,
      .verdict = {.status = status, .line = 5, .step = 2, .steps = 4, .brief = (char *)brief}};
}

static struct result nonconformance(void) {
  struct result r = result_of("get/miss", VERDICT_FAIL, "status: want 1, got 0");
  r.reproduce = "mcreplay run -s memcached -d bytewise --seed 7 cases/get/miss.session";
  r.verdict.kind = KIND_NONCONFORMANCE;
  r.verdict.detail = (char *)"expected  c1 < noop\nactual    c1 < get\n\nwant  81\n";
  return r;
}

#define NONCONFORMANCE_REST                                                                        \
  " get/miss [bytewise unix] memcached  cases/get/miss.session:5  step 2 of 4  (12 ms)"            \
  "  nonconformance\n"                                                                             \
  "  expected  c1 < noop\n"                                                                        \
  "  actual    c1 < get\n"                                                                         \
  "\n"                                                                                             \
  "  want  81\n"                                                                                   \
  "  reproduce  mcreplay run -s memcached -d bytewise --seed 7 cases/get/miss.session\n"

static void give(struct result r) {
  sink.result(sink.arg, &r);
}

static const char *written(void) {
  ck_assert_int_eq(fflush(out), 0);
  return text;
}

static void check_format(struct result r, const char *want) {
  struct buf b;
  buf_init(&b, SIZE_MAX);
  console_format(&b, &r);
  ck_assert_str_eq(buf_cstr(&b), want);
  buf_fini(&b);
}

START_TEST(format_failure) {
  check_format(nonconformance(), "FAIL " NONCONFORMANCE_REST);
}
END_TEST

START_TEST(format_tells_what_is_kept) {
  struct result r = result_of("get/miss", VERDICT_FAIL, "no answer");
  r.kept = "build/report/failures/get.\x1b.whole.unix";
  r.reproduce = "x";
  check_format(r, "FAIL  get/miss [bytewise unix] memcached  cases/get/miss.session:5"
                  "  step 2 of 4  (12 ms)\n"
                  "  no answer\n"
                  "  kept  build/report/failures/get.\\x1b.whole.unix\n"
                  "  reproduce  x\n");
}
END_TEST

START_TEST(format_brief_and_crash_details) {
  struct result r = result_of("get/miss", VERDICT_ERROR, "killed by signal 11");
  r.verdict.kind = KIND_SERVER_CRASH;
  r.verdict.detail = (char *)"standard error:\n  oh no";
  r.repetition = 2;
  check_format(r, "ERROR get/miss #3 [bytewise unix] memcached  cases/get/miss.session:5"
                  "  step 2 of 4  (12 ms)  server_crash\n"
                  "  killed by signal 11\n"
                  "  standard error:\n"
                  "    oh no\n");
}
END_TEST

START_TEST(format_leaves_out_what_is_not_known) {
  struct result r = {
      .id = "run.setup",
      .server = "memcached",
      .verdict = {.status = VERDICT_ERROR, .kind = KIND_SETUP, .brief = (char *)"no such program"}};
  check_format(r, "ERROR run.setup memcached  (0 ms)  setup\n  no such program\n");
}
END_TEST

START_TEST(format_escapes_control_characters) {
  struct result r = result_of("get/\x1b[2J", VERDICT_FAIL, "\x1b]0;x\x07\t\x7f");
  r.verdict.kind = KIND_TIMEOUT;
  r.verdict.detail = (char *)"a\rb \xc2\x9b \xc3\xbc \xff\n";
  r.reproduce = "x\ny";
  check_format(r, "FAIL  get/\\x1b[2J [bytewise unix] memcached  cases/get/miss.session:5"
                  "  step 2 of 4  (12 ms)  timeout\n"
                  "  \\x1b]0;x\\x07\t\\x7f\n"
                  "  a\\x0db \\xc2\\x9b \xc3\xbc \xff\n"
                  "  reproduce  x\\x0ay\n");
}
END_TEST

static void give_one_of_each(void) {
  give(result_of("a", VERDICT_PASS, NULL));
  give(nonconformance());
  give(result_of("b", VERDICT_SKIPPED, "needs tls"));
  give(result_of("c", VERDICT_SKIPPED, "needs sasl"));
  give(result_of("d", VERDICT_SKIPPED, "needs sasl"));
  give(result_of("e", VERDICT_XFAIL, "known"));
}

static void end(bool interrupted) {
  sink.end(sink.arg, &(struct run_totals){.run = 6,
                                          .passed = 1,
                                          .failed = 1,
                                          .skipped = 3,
                                          .xfailed = 1,
                                          .flaky = 2,
                                          .seconds = 1.2344,
                                          .interrupted = interrupted});
}

#define SUMMARY                                                                                    \
  "1 passed, 1 failed, 0 errors, 3 skipped, 1 xfailed, 0 xpassed, 2 flaky in 1.234 s (seed 7)\n"

START_TEST(pipe_gets_plain_lines) {
  begin((struct console_options){0});
  give_one_of_each();
  end(false);
  ck_assert_str_eq(written(), "40 case runs on memcached, 2 workers, seed 7\n"
                              "FAIL " NONCONFORMANCE_REST "skipped:\n"
                              "  2  needs sasl\n"
                              "  1  needs tls\n" SUMMARY);
}
END_TEST

START_TEST(quiet_has_failures_and_the_last_line) {
  begin((struct console_options){.quiet = true, .terminal = false});
  give_one_of_each();
  end(false);
  ck_assert_str_eq(written(), "FAIL " NONCONFORMANCE_REST SUMMARY);
}
END_TEST

START_TEST(verbose_has_a_line_for_each) {
  begin((struct console_options){.verbose = true});
  give(result_of("a", VERDICT_PASS, NULL));
  give(result_of("b", VERDICT_SKIPPED, "needs tls"));
  give(result_of("c", VERDICT_FLAKY, "now and then"));
  ck_assert_str_eq(
      written(),
      "40 case runs on memcached, 2 workers, seed 7\n"
      "PASS  a [bytewise unix] memcached  cases/get/miss.session:5  step 2 of 4  (12 ms)\n"
      "SKIP  b [bytewise unix] memcached  cases/get/miss.session:5  step 2 of 4  (12 ms)\n"
      "  needs tls\n"
      "FLAKY c [bytewise unix] memcached  cases/get/miss.session:5  step 2 of 4  (12 ms)\n"
      "  now and then\n");
}
END_TEST

START_TEST(unexpected_pass_is_printed) {
  begin((struct console_options){0});
  give(result_of("a", VERDICT_XPASS, "passed, but known/memcached lists it"));
  ck_assert_ptr_nonnull(strstr(written(), "XPASS a [bytewise unix] memcached"));
  ck_assert_ptr_nonnull(strstr(written(), "  passed, but known/memcached lists it\n"));
}
END_TEST

START_TEST(a_pause_tells_how_to_look) {
  const struct step step = {.line = 5, .text = span_str("c1 < noop")};
  struct pause_info info = {"get/miss", "cases/get/miss.session", &step, 2, 4, 77};
  begin((struct console_options){.quiet = true});
  sink.paused(sink.arg, &info);
  ck_assert_str_eq(written(), "paused before step 2 of 4 of get/miss  cases/get/miss.session:5\n"
                              "  next    c1 < noop\n"
                              "  server  pid 77; gdb -p 77\n"
                              "  Enter goes on\n");
  info.pid = 0;
  sink.paused(sink.arg, &info);
  ck_assert_ptr_null(strstr(strstr(written(), "goes on"), "pid"));
}
END_TEST

START_TEST(one_run_is_no_more_than_one) {
  begin((struct console_options){0});
  sink.begin(sink.arg, &(struct run_info){"memcached", 7, 1, 1});
  sink.end(sink.arg, &(struct run_totals){.stopped = true, .interrupted = true});
  ck_assert_ptr_nonnull(strstr(written(), "\n1 case run on memcached, 1 worker, seed 7\n"
                                          "interrupted after 0 of 1 case run\n"
                                          "stopped at the first failure, after 0 of 1 case run\n"));
}
END_TEST

START_TEST(interrupted_run_says_so) {
  begin((struct console_options){.quiet = true});
  end(true);
  ck_assert_str_eq(written(), "interrupted after 6 of 40 case runs\n" SUMMARY);
}
END_TEST

START_TEST(terminal_prints_failures_above_the_progress) {
  begin((struct console_options){.terminal = true});
  ck_assert_str_eq(written(), "40 case runs on memcached, 2 workers, seed 7\n"
                              "\r\x1b[K[0/40] 0 passed, 0 failed, 0 errors, 0 skipped");
  size_t before = text_n;
  give(nonconformance());
  ck_assert_ptr_nonnull(
      strstr(written() + before, "\r\x1b[K\x1b[31mFAIL \x1b[0m" NONCONFORMANCE_REST));
  end(false);
  ck_assert_str_eq(written() + text_n - strlen(SUMMARY), SUMMARY);
}
END_TEST

START_TEST(terminal_is_not_redrawn_for_each_result) {
  begin((struct console_options){.terminal = true});
  enum { RESULTS = 100000 };
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (int i = 0; i < RESULTS; i++)
    give(result_of("a", VERDICT_PASS, NULL));
  clock_gettime(CLOCK_MONOTONIC, &to);
  unsigned redraws = 0;
  for (const char *p = strchr(written(), '\r'); p; p = strchr(p + 1, '\r'))
    redraws++;
  ck_assert_uint_ge(redraws, 1);
  ck_assert_uint_le(redraws, 2 + (unsigned)(to.tv_sec - from.tv_sec + 1) * 10);
}
END_TEST

START_TEST(locale_does_not_matter) {
  ck_assert_ptr_nonnull(setlocale(LC_ALL, "de_DE.UTF-8"));
  begin((struct console_options){.quiet = true});
  end(false);
  ck_assert_str_eq(written(), SUMMARY);
  ck_assert_ptr_nonnull(setlocale(LC_ALL, "C"));
}
END_TEST

START_TEST(a_stop_is_told_and_a_note_ends_the_head_line) {
  begin((struct console_options){.note = "; a note"});
  give(nonconformance());
  sink.end(sink.arg, &(struct run_totals){.run = 1, .failed = 1, .stopped = true});
  ck_assert_ptr_eq(strstr(written(), "40 case runs on memcached, 2 workers, seed 7; a note\n"),
                   text);
  ck_assert_ptr_nonnull(
      strstr(text, "\nstopped at the first failure, after 1 of 40 case runs\n0 passed, 1 failed"));
}
END_TEST

static Suite *make(void) {
  Suite *suite = suite_create("report/console");
  TCase *format = tcase_create("format");
  tcase_add_test(format, format_failure);
  tcase_add_test(format, format_tells_what_is_kept);
  tcase_add_test(format, format_brief_and_crash_details);
  tcase_add_test(format, format_leaves_out_what_is_not_known);
  tcase_add_test(format, format_escapes_control_characters);
  suite_add_tcase(suite, format);
  TCase *run = tcase_create("run");
  tcase_add_checked_fixture(run, NULL, teardown);
  tcase_add_test(run, pipe_gets_plain_lines);
  tcase_add_test(run, quiet_has_failures_and_the_last_line);
  tcase_add_test(run, verbose_has_a_line_for_each);
  tcase_add_test(run, unexpected_pass_is_printed);
  tcase_add_test(run, a_pause_tells_how_to_look);
  tcase_add_test(run, one_run_is_no_more_than_one);
  tcase_add_test(run, interrupted_run_says_so);
  tcase_add_test(run, terminal_prints_failures_above_the_progress);
  tcase_add_test(run, terminal_is_not_redrawn_for_each_result);
  tcase_add_test(run, locale_does_not_matter);
  tcase_add_test(run, a_stop_is_told_and_a_note_ends_the_head_line);
  suite_add_tcase(suite, run);
  return suite;
}

UNIT_MAIN(make)
