/* The tools: the words before the server's command, and what becomes of the profile. */
#include "server/tool.h"

#include <signal.h>

#include "unit.h"

static struct profile *profile;
static struct diag diag;

static void setup(void) {
  diag_init(&diag);
  profile = profile_of_command("serve {socket}", "--command", &diag);
  ck_assert_ptr_nonnull(profile);
  profile->stop_signal = SIGUSR1;
  profile->memory_bytes = 1 << 20;
}

static void teardown(void) {
  profile_free(profile);
  diag_fini(&diag);
}

static bool apply(const char *name, const char *options, bool terminal) {
  const struct tool_use use = {
      .tool = tool_find(name), .options = options, .out = "/x/out", .terminal = terminal};
  return tool_apply(profile, &use, &diag);
}

static void check_command(const char *want) {
  struct buf got;
  buf_init(&got, 4096);
  for (const char **word = profile->command; *word; word++)
    buf_addf(&got, "%s%s", got.n ? "|" : "", *word);
  ck_assert_str_eq(buf_cstr(&got), want);
  buf_fini(&got);
}

#define QUIET(name) "handle SIG" name " nostop noprint pass"

static const struct {
  const char *name, *options, *command;
  unsigned stretch;
  bool terminal;
} rows[] = {
    {"strace", NULL, "strace|-f|-tt|-A|-o|/x/out|serve|{socket}", 10, false},
    {"strace", "-e 'trace=read, write'",
     "strace|-f|-tt|-A|-o|/x/out|-e|trace=read, write|serve|{socket}", 10, false},
    {"strace", NULL, "strace|-f|-tt|-A|-o|/x/out|serve|{socket}", 0, true},
    {"valgrind", "-v",
     "valgrind|-q|--error-exitcode=99|--log-file={reports}/memcheck.%p|--leak-check=full|"
     "--show-leak-kinds=definite|--errors-for-leak-kinds=definite|-v|serve|{socket}",
     20, false},
    {"rr", "", "rr|record|serve|{socket}", 10, false},
    {"gdb", "-ex 'break f'",
     "gdb|-q|-batch|-ex|" QUIET("PIPE") "|-ex|" QUIET(
         "USR1") "|-ex|break f|-ex|run|-ex|thread apply "
                 "all backtrace|-ex|set language c|-ex|quit !$_isvoid($_exitcode) ? $_exitcode : "
                 "$_isvoid($_exitsignal) ? 255 : $_exitsignal == 10 ? 0 : 128 + "
                 "$_exitsignal|--args|serve|"
                 "{socket}",
     10, false},
    {"gdb", NULL, "gdb|-q|-ex|" QUIET("PIPE") "|--args|serve|{socket}", 0, true},
};

START_TEST(the_command_comes_behind_the_tool) {
  unsigned ready = profile->ready_ms, stop = profile->stop_ms, end = profile->end_ms;
  ck_assert(apply(rows[_i].name, rows[_i].options, rows[_i].terminal));
  check_command(rows[_i].command);
  ck_assert_str_eq(profile->name, "serve");
  ck_assert_str_eq(profile->tool->name, rows[_i].name);
  if (rows[_i].stretch) {
    ck_assert_uint_eq(profile->ready_ms, ready * rows[_i].stretch);
    ck_assert_uint_eq(profile->stop_ms, stop * rows[_i].stretch);
    ck_assert_int_eq(profile->stop_signal, SIGUSR1);
  } else { /* no deadline that anybody lives to see, and nothing but the tool ends the server */
    ck_assert_uint_gt(profile->ready_ms, 10u * 24 * 3600 * 1000);
    ck_assert_uint_gt(profile->stop_ms, 10u * 24 * 3600 * 1000);
    ck_assert_int_eq(profile->stop_signal, 0);
  }
  ck_assert_uint_gt(profile->end_ms, end);
  ck_assert_uint_eq(profile->memory_bytes, 0);
}
END_TEST

START_TEST(rr_is_told_where_by_a_variable) {
  static const char *own[] = {"A=1", NULL};
  profile->environment = own;
  ck_assert(apply("rr", NULL, false));
  ck_assert_str_eq(profile->environment[0], "_RR_TRACE_DIR=/x/out");
  ck_assert_str_eq(profile->environment[1], "A=1");
  ck_assert_ptr_null(profile->environment[2]);
}
END_TEST

START_TEST(an_open_quote_is_told) {
  ck_assert(!apply("gdb", "-ex 'x", false));
  ck_assert_str_eq(diag_text(&diag),
                   "--gdb:1:5: left open; close the quote or end with a character\n");
}
END_TEST

START_TEST(long_deadlines_stay_in_their_range) {
  const struct tool_use use = {.tool = tool_find("valgrind")};
  ck_assert_uint_eq(tool_stretch(&use, 5000), 100000);
  ck_assert_uint_eq(tool_stretch(&use, 1u << 30), 1u << 30);
  ck_assert_uint_eq(tool_stretch(&use, 1u << 29), 1u << 30);
}
END_TEST

START_TEST(there_are_no_others) {
  ck_assert_ptr_null(tool_find("ltrace"));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("tool");
  TCase *t = tcase_create("tool");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, the_command_comes_behind_the_tool, 0, (int)(sizeof rows / sizeof *rows));
  tcase_add_test(t, rr_is_told_where_by_a_variable);
  tcase_add_test(t, an_open_quote_is_told);
  tcase_add_test(t, long_deadlines_stay_in_their_range);
  tcase_add_test(t, there_are_no_others);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
