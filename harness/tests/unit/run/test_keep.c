/* The folder of a failure: its name, what is in it, and when there is none. */
#include "run/keep.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "compiled.h"
#include "planned.h"

static struct planned planned;
static struct tape tape;

#define CASE "case t\nspec noop\nc1 > noop key=\"{ns}\"\n"

#define PROFILE                                                                                    \
  "name: x\ncommand: [serve, 'a b']\nenvironment: {A: '1 2'}\n"                                    \
  "transports:\n  unix: {args: [\"{socket}\"]}\nversion: '1.6'\n"

static void setup(void) {
  static const struct planned_file sessions[] = {{"cases/get/a miss.session", CASE}};
  planned_init(&planned, sessions, 1, PROFILE, "split:24");
  planned.config.keep = keep_new("kept/here");
  tape_init(&tape, 1 << 20);
}

static void teardown(void) {
  keep_free(planned.config.keep);
  tape_fini(&tape);
  planned_fini(&planned);
}

static struct verdict failure(void) {
  return (struct verdict){.status = VERDICT_FAIL,
                          .kind = KIND_TIMEOUT,
                          .line = 3,
                          .step = 1,
                          .steps = 1,
                          .brief = xstrdup("no answer"),
                          .detail = xstrdup("expected  something\n")};
}

/* Keeps a failure of the job; whether it is kept, and what the detail says then. */
static bool keeps(const struct job *job, struct verdict v, const char *detail) {
  const struct keep_side side = {.profile = planned.config.profile, .tape = &tape};
  char *path = keep_failure(&planned.config, job, &v, &side, 1);
  bool kept = path != NULL;
  if (detail)
    ck_assert_str_eq(v.detail, detail);
  verdict_fini(&v);
  free(path);
  return kept;
}

static const char place[] = "kept/here/get.a-miss.split-24.unix";

static void check_file(const char *name, const char *want) {
  struct buf text;
  char *path = xasprintf("%s/%s", place, name);
  buf_init(&text, 1 << 20);
  ck_assert_msg(file_read(path, &text), "%s", path);
  ck_assert_str_eq(buf_cstr(&text), want);
  buf_fini(&text);
  free(path);
}

static bool is_there(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

START_TEST(all_is_in_the_folder) {
  struct buf noop;
  buf_init(&noop, 1024);
  add_line_bytes(&noop, "noop key=\"1234\"", true);
  memcpy(tape.ns, "1234", 4);
  tape_add(&tape, TAPE_OPENED, 1, false, 1, (struct span){0});
  tape_add(&tape, TAPE_SENT, 1, false, 2, buf_span(&noop));
  tape_add(&tape, TAPE_CAME, 1, false, 3, span_str("?"));
  folder_put(&planned.folder, "kept/here/get.a-miss.split-24.unix/stale/file", "");
  ck_assert(keeps(&(struct job){0}, failure(), "expected  something\n"));
  check_file("case.session", CASE);
  check_file("diff.txt", "timeout: cases/get/a miss.session:3  step 1 of 1\nno answer\n"
                         "expected  something\n");
  check_file("conversation.txt", "# {ns} is 1234\n"
                                 "         1 us  c1 connect\n"
                                 "         2 us  c1 > noop key=\"1234\"\n"
                                 "         3 us  c1 < raw \"?\"\n");
  check_file("received.c1.bin", "?");
  check_file("server.txt", "profile      x (x.yaml)\n"
                           "command      serve 'a b'\n"
                           "environment  'A=1 2'\n"
                           "version      starts with 1.6\n"
                           "fate         could not be had\n");
  ck_assert(is_there("kept/here/get.a-miss.split-24.unix/conversation.pcap"));
  ck_assert(is_there("kept/here/get.a-miss.split-24.unix/sent.c1.bin"));
  ck_assert(!is_there("kept/here/get.a-miss.split-24.unix/stale"));
  char here[4096], *script;
  CHECK(getcwd(here, sizeof here));
  script = xasprintf("#!/bin/sh\ncd %s || exit\nexport MCREPLAY_DATA=.\n"
                     "exec true x -d split:24 --seed 7 'cases/get/a miss.session'"
                     " --keep none \"$@\"\n",
                     here);
  check_file("repro.sh", script);
  free(script);
  struct stat st;
  CHECK(stat("kept/here/get.a-miss.split-24.unix/repro.sh", &st) == 0);
  ck_assert_uint_eq(st.st_mode & 0100, 0100);
  buf_fini(&noop);
}
END_TEST

START_TEST(names_tell_the_case_run) {
  static const struct {
    struct job job;
    const char *id, *name;
  } rows[] = {
      {{0}, "get/miss", "get.miss.split-24.unix"},
      {{.transport = 1}, "get/miss", "get.miss.split-24.tcp"},
      {{.repetition = 2}, "get/miss", "get.miss.split-24.unix.r3"},
      {{0}, "/home/me/x", "home.me.x.split-24.unix"},
      {{0}, "../../x", "x.split-24.unix"},
      {{0}, "a b\n*?\xc3\xbc", "a-b-----.split-24.unix"},
  };
  struct test_case *c = vec_at(&planned.cases.cases, 0);
  char *id = c->id;
  c->id = (char *)rows[_i].id;
  char *name = keep_name(&planned.config, &rows[_i].job);
  ck_assert_str_eq(name, rows[_i].name);
  free(name);
  c->id = id;
}
END_TEST

START_TEST(long_names_fit_a_file_system) {
  struct test_case *c = vec_at(&planned.cases.cases, 0);
  free(c->id);
  c->id = xmalloc(1001);
  memset(c->id, 'x', 1000);
  c->id[1000] = '\0';
  ck_assert(keeps(&(struct job){0}, failure(), NULL));
}
END_TEST

static void list(const char *text, bool flaky) {
  ck_assert(known_read(&planned.known, span_str(text), "k", flaky, &planned.diag));
}

START_TEST(only_what_is_red_is_kept) {
  struct verdict pass = {.status = VERDICT_PASS};
  struct verdict skipped = {.status = VERDICT_SKIPPED};
  struct verdict interrupted = {.status = VERDICT_ERROR, .kind = KIND_INTERRUPTED};
  struct verdict error = {.status = VERDICT_ERROR, .kind = KIND_SERVER_CRASH};
  ck_assert(!keeps(&(struct job){0}, pass, NULL));
  ck_assert(!keeps(&(struct job){0}, skipped, NULL));
  ck_assert(!keeps(&(struct job){0}, interrupted, NULL));
  list("- {case: get/*, kind: timeout, why: x}\n", false);
  ck_assert(!keeps(&(struct job){0}, failure(), "expected  something\n"));
  ck_assert(!is_there("kept"));
  ck_assert(keeps(&(struct job){0}, error, NULL)); /* not the one that is known */
}
END_TEST

START_TEST(what_passes_against_the_list_is_kept) {
  list("- {case: get/*, kind: timeout, why: so it is}\n", false);
  ck_assert(keeps(&(struct job){0}, (struct verdict){.status = VERDICT_PASS}, NULL));
  check_file("diff.txt", "xpass: cases/get/a miss.session\n"
                         "passes, but is listed as a known timeout: so it is; remove the entry\n");
}
END_TEST

START_TEST(what_is_flaky_is_not_kept) {
  struct verdict leftover = {.status = VERDICT_FAIL, .kind = KIND_LEFTOVER};
  list("- {case: get/*, kind: timeout, why: x}\n", true);
  ck_assert(!keeps(&(struct job){0}, (struct verdict){.status = VERDICT_PASS}, NULL));
  ck_assert(!keeps(&(struct job){0}, failure(), "expected  something\n"));
  ck_assert(keeps(&(struct job){0}, leftover, NULL)); /* not as the list says */
}
END_TEST

START_TEST(nothing_is_kept_when_nothing_shall_be) {
  struct keep *k = planned.config.keep;
  planned.config.keep = NULL;
  ck_assert(!keeps(&(struct job){0}, failure(), "expected  something\n"));
  ck_assert(!is_there("kept"));
  planned.config.keep = k;
}
END_TEST

/* Workers count together. */
START_TEST(no_more_than_so_many_are_kept) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  for (unsigned i = 0; i < KEEP_MOST / 2; i++)
    CHECK(keeps(&(struct job){.repetition = pid ? i : KEEP_MOST + i}, failure(), NULL));
  if (pid == 0)
    _exit(0);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  ck_assert_int_eq(status, 0);
  ck_assert(!keeps(&(struct job){.transport = 1}, failure(),
                   "expected  something\n"
                   "not kept: 100 failures of this run are kept already\n"));
  ck_assert(!is_there("kept/here/get.a-miss.split-24.tcp"));
}
END_TEST

START_TEST(what_cannot_be_kept_is_told) {
  folder_put(&planned.folder, "kept/here", "a file");
  ck_assert(!keeps(&(struct job){0}, failure(),
                   "expected  something\n"
                   "not kept: can't write below kept/here/get.a-miss.split-24.unix: "
                   "Not a directory\n"));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("keep");
  TCase *t = tcase_create("keep");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, all_is_in_the_folder);
  tcase_add_loop_test(t, names_tell_the_case_run, 0, 6);
  tcase_add_test(t, long_names_fit_a_file_system);
  tcase_add_test(t, only_what_is_red_is_kept);
  tcase_add_test(t, what_passes_against_the_list_is_kept);
  tcase_add_test(t, what_is_flaky_is_not_kept);
  tcase_add_test(t, nothing_is_kept_when_nothing_shall_be);
  tcase_add_test(t, no_more_than_so_many_are_kept);
  tcase_add_test(t, what_cannot_be_kept_is_told);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
