#include "server/profile.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "net/file.h"
#include "unit.h"

enum { FILE_MAX_BYTES = 64 << 10, BAD_PROFILES = 15 };

/* The tests read fixtures by the names that their diagnostics hold: from the project's root. */
static void go_to_root(void) {
  ck_assert_int_eq(chdir(PROJECT_ROOT), 0);
}

static struct profile *parse(const char *text, struct diag *d) {
  return profile_parse(span_str(text), "x.yaml", d);
}

static struct profile *must_parse(const char *text) {
  struct diag d;
  diag_init(&d);
  struct profile *p = parse(text, &d);
  ck_assert_msg(p != NULL, "%s", diag_text(&d));
  ck_assert_uint_eq(d.count, 0);
  diag_fini(&d);
  return p;
}

static void load(const char *path, struct buf *b) {
  buf_init(b, FILE_MAX_BYTES);
  ck_assert_msg(file_read(path, b), "cannot read %s", path);
}

START_TEST(every_key) {
  struct profile *p = must_parse("name: srv-1.0\n"
                                 "command: [./srv, 'a b', \"{dir}/x\"]\n"
                                 "transports:\n"
                                 "  unix: {args: [-s, '{socket}']}\n"
                                 "  tcp: {args: [-p, '{port}']}\n"
                                 "environment: {A: '{dir}', B: \"\"}\n"
                                 "version: 1.6\n"
                                 "capabilities: [sasl, flush]\n"
                                 "goldens: srv\n"
                                 "dialect: couchbase\n"
                                 "ready-within: 1500ms\n"
                                 "stop: {signal: SIGINT, within: 2}\n"
                                 "log-limit: 64KiB\n"
                                 "memory-limit: 1GiB\n"
                                 "open-files: 64\n");
  ck_assert_str_eq(p->name, "srv-1.0");
  ck_assert_str_eq(p->file, "x.yaml");
  ck_assert_str_eq(p->command[0], "./srv");
  ck_assert_str_eq(p->command[1], "a b");
  ck_assert_str_eq(p->command[2], "{dir}/x");
  ck_assert_ptr_null(p->command[3]);
  ck_assert(p->transports[TRANSPORT_UNIX].supported && p->transports[TRANSPORT_TCP].supported);
  ck_assert_str_eq(p->transports[TRANSPORT_UNIX].args[1], "{socket}");
  ck_assert_ptr_null(p->transports[TRANSPORT_UNIX].args[2]);
  ck_assert_str_eq(p->transports[TRANSPORT_TCP].args[1], "{port}");
  ck_assert_ptr_null(p->transports[TRANSPORT_TCP].port_file_env);
  ck_assert_str_eq(p->environment[0], "A={dir}");
  ck_assert_str_eq(p->environment[1], "B=");
  ck_assert_ptr_null(p->environment[2]);
  ck_assert_str_eq(p->version, "1.6");
  ck_assert(profile_can(p, "sasl") && profile_can(p, "flush") && !profile_can(p, "tls"));
  ck_assert_str_eq(p->goldens, "srv");
  ck_assert_int_eq(p->dialect, DIALECT_COUCHBASE);
  ck_assert_uint_eq(p->ready_ms, 1500);
  ck_assert_int_eq(p->stop_signal, SIGINT);
  ck_assert_uint_eq(p->stop_ms, 2000);
  ck_assert_uint_eq(p->log_bytes, 64 << 10);
  ck_assert_uint_eq(p->memory_bytes, 1 << 30);
  ck_assert_uint_eq(p->open_files, 64);
  ck_assert_ptr_null(p->attached);
  profile_free(p);
}
END_TEST

START_TEST(defaults) {
  struct profile *p = must_parse("{name: x, command: [x, '{socket}'], transports: {unix: {}}}");
  ck_assert(!p->transports[TRANSPORT_TCP].supported);
  ck_assert_ptr_null(p->transports[TRANSPORT_UNIX].args[0]);
  ck_assert_ptr_null(p->environment[0]);
  ck_assert_ptr_null(p->capabilities[0]);
  ck_assert_ptr_null(p->version);
  ck_assert_str_eq(p->goldens, "x");
  ck_assert_int_eq(p->dialect, DIALECT_STOCK);
  ck_assert_int_eq(p->stop_signal, SIGTERM);
  ck_assert_uint_eq(p->stop_ms, 10000);
  ck_assert_uint_eq(p->ready_ms, 10000);
  ck_assert_uint_eq(p->log_bytes, 16 << 20);
  ck_assert_uint_eq(p->memory_bytes, 0);
  ck_assert_uint_eq(p->open_files, 0);
  profile_free(p);
}
END_TEST

START_TEST(stock_profiles_compile) {
  glob_t found;
  struct diag d;
  go_to_root();
  ck_assert_int_eq(glob("fixtures/servers/*.yaml", 0, NULL, &found), 0);
  for (size_t i = 0; i < found.gl_pathc; i++) {
    struct buf text;
    diag_init(&d);
    load(found.gl_pathv[i], &text);
    struct profile *p = profile_parse(buf_span(&text), found.gl_pathv[i], &d);
    ck_assert_msg(p != NULL, "%s", diag_text(&d));
    profile_free(p);
    buf_fini(&text);
    diag_fini(&d);
  }
  globfree(&found);
}
END_TEST

START_TEST(bad_profiles_give_their_diagnostics) {
  glob_t found;
  struct diag d;
  go_to_root();
  ck_assert_int_eq(glob("fixtures/bad/profile-*.yaml", 0, NULL, &found), 0);
  ck_assert_uint_ge(found.gl_pathc, BAD_PROFILES);
  for (size_t i = 0; i < found.gl_pathc; i++) {
    const char *path = found.gl_pathv[i];
    char expected_path[512];
    struct buf text, expected;
    snprintf(expected_path, sizeof expected_path, "%.*s.expected", (int)strlen(path) - 5, path);
    diag_init(&d);
    load(path, &text);
    load(expected_path, &expected);
    ck_assert_msg(!profile_parse(buf_span(&text), path, &d), "%s compiles", path);
    ck_assert_str_eq(diag_text(&d), buf_cstr(&expected));
    buf_fini(&text);
    buf_fini(&expected);
    diag_fini(&d);
  }
  globfree(&found);
}
END_TEST

/* Every prefix of a right profile and every single damaged byte is either right or told. */
START_TEST(damaged_text_is_told_or_right) {
  struct buf text;
  go_to_root();
  load("fixtures/servers/memcached.yaml", &text);
  for (size_t n = 0; n <= text.n; n++) {
    struct diag d;
    diag_init(&d);
    struct profile *p = profile_parse(span_sub(buf_span(&text), 0, n), "x.yaml", &d);
    ck_assert_int_eq(p == NULL, d.count > 0);
    profile_free(p);
    if (n < text.n) {
      uint8_t was = text.p[n];
      text.p[n] = (uint8_t) "\0\xff{}[]:*&\t"[n % 10];
      d.count = 0;
      p = profile_parse(buf_span(&text), "x.yaml", &d);
      ck_assert_int_eq(p == NULL, d.count > 0);
      profile_free(p);
      text.p[n] = was;
    }
    diag_fini(&d);
  }
  buf_fini(&text);
}
END_TEST

START_TEST(of_command) {
  struct diag d;
  diag_init(&d);
  struct profile *p =
      profile_of_command("  build/bin/srv -s '{socket}' \"a \\\" b\"c d\\ e ''", "--command", &d);
  ck_assert_msg(p != NULL, "%s", diag_text(&d));
  ck_assert_str_eq(p->name, "srv");
  ck_assert_str_eq(p->command[0], "build/bin/srv");
  ck_assert_str_eq(p->command[2], "{socket}");
  ck_assert_str_eq(p->command[3], "a \" bc");
  ck_assert_str_eq(p->command[4], "d e");
  ck_assert_str_eq(p->command[5], "");
  ck_assert_ptr_null(p->command[6]);
  ck_assert(p->transports[TRANSPORT_UNIX].supported && !p->transports[TRANSPORT_TCP].supported);
  profile_free(p);
  p = profile_of_command("srv --port={port}", "--command", &d);
  ck_assert(p && p->transports[TRANSPORT_TCP].supported && !profile_wants_cert(p));
  profile_free(p);
  p = profile_of_command("srv --port={port} --key={key}", "--command", &d);
  ck_assert(p && p->transports[TRANSPORT_TLS].supported && profile_wants_cert(p));
  ck_assert(!p->transports[TRANSPORT_TCP].supported);
  profile_free(p);
  diag_fini(&d);
}
END_TEST

static const struct {
  const char *command, *expected;
} bad_commands[] = {
    {"", "--command: names no program\n"},
    {"memcached",
     "--command: must hold either {socket} or {port}, where the server shall listen\n"},
    {"x {socket} {port}",
     "--command: must hold either {socket} or {port}, where the server shall listen\n"},
    {"x {socket} {cert}", "--command: {cert} and {key} have no meaning on a Unix socket\n"},
    {"x '{socket}", "--command:1:3: left open; close the quote or end with a character\n"},
    {"x {socket} \\", "--command:1:12: left open; close the quote or end with a character\n"},
    {"x {sock}",
     "--command:1:3: {sock} stands for nothing; there are {socket}, {port}, {dir}, {bin}, "
     "{cert}, {key} and {ca}\n"},
};

START_TEST(of_bad_command) {
  struct diag d;
  diag_init(&d);
  ck_assert_ptr_null(profile_of_command(bad_commands[_i].command, "--command", &d));
  ck_assert_str_eq(diag_text(&d), bad_commands[_i].expected);
  diag_fini(&d);
}
END_TEST

START_TEST(attached) {
  struct addr a;
  addr_loopback(&a, 11211);
  struct profile *p = profile_attached(&a);
  ck_assert_ptr_null(p->command);
  ck_assert_str_eq(p->attached->text, a.text);
  ck_assert(p->transports[TRANSPORT_TCP].supported && !p->transports[TRANSPORT_UNIX].supported);
  profile_free(p);
  profile_free(NULL);
}
END_TEST

static Suite *profile_suite(void) {
  Suite *s = suite_create("profile");
  TCase *t = tcase_create("profile");
  tcase_add_test(t, every_key);
  tcase_add_test(t, defaults);
  tcase_add_test(t, stock_profiles_compile);
  tcase_add_test(t, bad_profiles_give_their_diagnostics);
  tcase_add_test(t, damaged_text_is_told_or_right);
  tcase_add_test(t, of_command);
  tcase_add_loop_test(t, of_bad_command, 0, sizeof bad_commands / sizeof *bad_commands);
  tcase_add_test(t, attached);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(profile_suite)
