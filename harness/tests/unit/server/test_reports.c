#include "server/reports.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "net/file.h"
#include "unit.h"

static struct reports reports;
static struct ring *ring;
static struct buf out;

static void setup(void) {
  CHECK(reports_open(&reports, "/tmp"));
  ring = ring_new();
  CHECK(ring);
  buf_init(&out, REPORTS_MAX);
}

static void teardown(void) {
  file_remove_tree(reports.path);
  reports_close(&reports);
  ring_free(ring);
  buf_fini(&out);
}

static void add(const char *name, const char *text) {
  char *path = xasprintf("%s/%s", reports.path, name);
  FILE *f = fopen(path, "ae");
  ck_assert_ptr_nonnull(f);
  bool written = fputs(text, f) >= 0;
  ck_assert(fclose(f) == 0 && written);
  free(path);
}

static void expect(const char *text) {
  buf_reset(&out);
  reports_take(&reports, ring, &out);
  ck_assert_str_eq(buf_cstr(&out), text);
}

START_TEST(only_what_is_new_is_taken) {
  expect("");
  add("asan.7", "one\n");
  expect("one\n");
  expect("");
  add("asan.7", "two\n");
  add("tsan.8", "three\n");
  reports_take(&reports, ring, &out);
  ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "two\n"));
  ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "three\n"));
  ck_assert_uint_eq(out.n, 10);
  expect("");
}
END_TEST

START_TEST(what_sums_up_a_report_that_was_taken_is_left_out) {
  add("ubsan.7", "a.c:1:2: runtime error: shift exponent\n\n");
  expect("a.c:1:2: runtime error: shift exponent\n\n");
  add("ubsan.7", "\nSUMMARY: UndefinedBehaviorSanitizer: undefined-behavior a.c:1:2 in \n"
                 "a.c:3:4: runtime error: shift exponent\n");
  expect("a.c:3:4: runtime error: shift exponent\n");
}
END_TEST

START_TEST(the_log_is_told_from_its_first_report_on) {
  const char *report = "==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6\n";
  ring_add(ring, span_str("a client has come\n"));
  expect("");
  ring_add(ring, span_str("another\n"));
  ring_add(ring, span_str(report));
  expect(report);
  ring_add(ring, span_str("    #0 0x5 in item_get items.c:7\n"));
  expect("    #0 0x5 in item_get items.c:7\n");
}
END_TEST

START_TEST(what_is_no_file_is_left_alone) {
  char *link = xasprintf("%s/link", reports.path), *pipe = xasprintf("%s/pipe", reports.path);
  ck_assert_int_eq(symlink("/etc/passwd", link), 0);
  ck_assert_int_eq(mkfifo(pipe, 0600), 0);
  expect("");
  free(link);
  free(pipe);
}
END_TEST

START_TEST(everybody_can_write_there) {
  struct stat st;
  ck_assert_int_eq(stat(reports.path, &st), 0);
  ck_assert_int_eq(st.st_mode & 07777, 01777);
}
END_TEST

START_TEST(a_folder_whose_name_would_end_an_option_is_not_taken) {
  struct reports other;
  ck_assert(reports_open(&other, "/tmp/a:b"));
  ck_assert_int_eq(strncmp(other.path, "/tmp/mcreplay.reports.", 22), 0);
  rmdir(other.path);
  reports_close(&other);
  ck_assert(!reports_open(&other, "/dev/null"));
}
END_TEST

START_TEST(options_that_are_set_stay_between_ours) {
  const char *const envp[] = {"A=b", "ASAN_OPTIONS=symbolize=0:detect_leaks=0",
                              "TSAN_OPTIONS=", NULL};
  const char *variables[REPORTS_VARIABLES];
  struct arena arena;
  arena_init(&arena);
  reports_variables(&reports, &arena, envp, variables);
  char *asan = xasprintf("ASAN_OPTIONS=symbolize=1:symbolize=0:detect_leaks=0:log_path=%s/asan:"
                         "exitcode=97",
                         reports.path),
       *tsan = xasprintf("TSAN_OPTIONS=symbolize=1:log_path=%s/tsan:exitcode=97", reports.path);
  unsigned found = 0;
  for (int i = 0; i < REPORTS_VARIABLES; i++)
    found += strcmp(variables[i], asan) == 0 || strcmp(variables[i], tsan) == 0;
  ck_assert_uint_eq(found, 2);
  free(asan);
  free(tsan);
  arena_fini(&arena);
}
END_TEST

START_TEST(whether_leaks_are_looked_for) {
  const char *const none[] = {NULL}, *const other[] = {"ASAN_OPTIONS=symbolize=1", NULL},
                    *const off[] = {"LSAN_OPTIONS=a=1:detect_leaks=0", NULL},
                    *const on[] = {"ASAN_OPTIONS=detect_leaks=0:detect_leaks=1", NULL};
  ck_assert(reports_want_leaks(none));
  ck_assert(reports_want_leaks(other));
  ck_assert(!reports_want_leaks(off));
  ck_assert(reports_want_leaks(on));
  ck_assert(!reports_finds_leaks("/bin/true"));
  ck_assert(!reports_finds_leaks("/dev/null/none"));
}
END_TEST

START_TEST(a_report_is_waited_for_until_it_is_whole) {
  const char *rest = "    #0 item_get items.c:7\nSUMMARY: ThreadSanitizer: data race\n";
  add("tsan.7", "WARNING: ThreadSanitizer: data race (pid=7)\n");
  reports_take(&reports, ring, &out);
  int pid = fork();
  if (pid == 0) {
    add("tsan.7", rest);
    _exit(0);
  }
  reports_await_whole(&reports, ring, -1, &out);
  ck_assert_ptr_nonnull(strstr(buf_cstr(&out), rest));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("reports");
  TCase *c = tcase_create("reports");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, only_what_is_new_is_taken);
  tcase_add_test(c, what_sums_up_a_report_that_was_taken_is_left_out);
  tcase_add_test(c, the_log_is_told_from_its_first_report_on);
  tcase_add_test(c, what_is_no_file_is_left_alone);
  tcase_add_test(c, everybody_can_write_there);
  tcase_add_test(c, a_folder_whose_name_would_end_an_option_is_not_taken);
  tcase_add_test(c, options_that_are_set_stay_between_ours);
  tcase_add_test(c, whether_leaks_are_looked_for);
  tcase_add_test(c, a_report_is_waited_for_until_it_is_whole);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
