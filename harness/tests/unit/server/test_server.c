#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "net/file.h"
#include "spawned.h"

/* Listens on {socket} in Python; `answer` says what happens to a connection `c`. */
#define PYTHON_STUB(before_listen, answer)                                                         \
  "exec /usr/bin/python3 -c 'import socket, struct, time; s = socket.socket(socket.AF_UNIX); "     \
  "s.bind(\"{socket}\"); " before_listen                                                           \
  "; s.listen(); c = s.accept()[0]; q = c.recv(24); " answer "; s.accept()'"
#define PYTHON_VERSION                                                                             \
  "c.send(struct.pack(\">BBHBBHI4sQ\", 0x81, 11, 0, 0, 0, 0, 3, q[12:16], 0) + b\"1.6\")"

static void must_stop_well(struct server *s) {
  server_stop(s);
  struct bad_stops bad = stop_all();
  ck_assert_msg(bad.count == 0, "%s", bad.what);
}

static void must_kill_well(struct server *s) {
  server_kill(s);
  struct bad_stops bad = stop_all();
  ck_assert_msg(bad.count == 0, "%s", bad.what);
}

static struct profile *load(const char *yaml) {
  struct diag d;
  diag_init(&d);
  struct profile *p = profile_parse(span_str(yaml), "x.yaml", &d);
  ck_assert_msg(p != NULL, "%s", diag_text(&d));
  diag_fini(&d);
  return p;
}

static const char memcached_yaml[] =
    "name: memcached\n"
    "command: [memcached, -u, root, -t, '1', -U, '0']\n"
    "version: '1.6'\n"
    "transports:\n"
    "  unix: {args: [-s, '{socket}']}\n"
    "  tcp: {args: [-l, 127.0.0.1, -p, '-1'], port-file-env: MEMCACHED_PORT_FILENAME}\n";

START_TEST(memcached_on_both_transports) {
  struct profile *p = load(memcached_yaml);
  struct server *s = must_spawn(p, (enum transport)_i);
  must_await(s);
  ck_assert_int_gt(server_pid(s), 0);
  ck_assert_int_eq(kill(server_pid(s), 0), 0);
  ck_assert_int_ge(server_fd(s), 0);
  ck_assert_int_eq(server_look(s), SERVER_RUNNING);
  must_describe(s, "");
  const struct addr a = *server_addr(s);
  ck_assert_int_eq(a.transport, _i);
  if (a.transport == TRANSPORT_UNIX)
    ck_assert_int_eq(access(((const struct sockaddr_un *)&a.sa)->sun_path, F_OK), 0);
  else
    ck_assert_int_ne(((const struct sockaddr_in *)&a.sa)->sin_port, 0);
  int pid = server_pid(s);
  must_stop_well(s);
  ck_assert_int_ne(kill(pid, 0), 0);
  if (a.transport == TRANSPORT_UNIX) {
    char *path = strdup(((const struct sockaddr_un *)&a.sa)->sun_path);
    *strrchr(path, '/') = '\0';
    ck_assert_int_ne(access(path, F_OK), 0);
    free(path);
  }
  profile_free(p);
}
END_TEST

START_TEST(picked_port) {
  struct profile *p = script_profile("tcp", "exec " MEMCACHED_TCP "{port}", "version: '1.6'");
  struct server *s = must_spawn(p, TRANSPORT_TCP);
  must_await(s);
  must_kill_well(s);
  profile_free(p);
}
END_TEST

/* The script counts its starts in a file outside of the server's folder. */
static struct profile *counting_profile(const char *counter, const char *then) {
  char script[1024];
  snprintf(script, sizeof script, "echo >> %s; %s", counter, then);
  return script_profile("tcp", script, "");
}

static void must_count(const char *counter, size_t starts) {
  struct buf text;
  buf_init(&text, 4096);
  ck_assert(file_read(counter, &text));
  ck_assert_uint_eq(text.n, starts);
  buf_fini(&text);
  unlink(counter);
}

START_TEST(picked_port_is_tried_three_times) {
  char counter[] = "/tmp/mcreplay-test.XXXXXX";
  close(mkstemp(counter));
  struct profile *p = counting_profile(counter, "exit 4");
  struct server *s = must_spawn(p, TRANSPORT_TCP);
  must_not_await(s, SERVER_NOT_STARTED, "exited with status 4 before it was ready");
  must_stop_well(s);
  must_count(counter, 3);
  profile_free(p);
}
END_TEST

START_TEST(picked_port_may_be_taken_once) {
  char counter[] = "/tmp/mcreplay-test.XXXXXX", then[256];
  close(mkstemp(counter));
  snprintf(then, sizeof then, "test $(wc -l < %s) = 2 || exit 1; exec " MEMCACHED_TCP "{port}",
           counter);
  struct profile *p = counting_profile(counter, then);
  struct server *s = must_spawn(p, TRANSPORT_TCP);
  must_await(s);
  must_kill_well(s);
  must_count(counter, 2);
  profile_free(p);
}
END_TEST

START_TEST(no_such_program) {
  struct profile *p = load("{name: x, command: [memcachedd, '{socket}'], transports: {unix: {}}}");
  struct server *s = must_spawn(p, TRANSPORT_UNIX);
  must_not_await(s, SERVER_NOT_STARTED, "cannot run memcachedd: No such file or directory");
  ck_assert_int_eq(server_pid(s), 0);
  must_stop_well(s);
  profile_free(p);
}
END_TEST

START_TEST(transport_not_in_profile) {
  struct profile *p = script_profile("unix", "exit 0", "");
  struct buf why;
  buf_init(&why, 256);
  ck_assert_ptr_null(server_spawn(p, TRANSPORT_TCP, &why));
  ck_assert_str_eq(buf_cstr(&why), "x does not listen on tcp");
  buf_fini(&why);
  profile_free(p);
}
END_TEST

/* Scripts that never become ready, what is told, and what they have logged. */
static const struct {
  const char *script, *more;
  enum server_fate fate;
  const char *sentence;
  const char *log; /* NULL: anything */
} unready[] = {
    {"echo sorry; exit 3", "", SERVER_NOT_STARTED, "exited with status 3 before it was ready",
     "sorry\n"},
    {"kill -SEGV $$", "", SERVER_NOT_STARTED,
     "was killed by signal 11 (Segmentation fault) before it was ready", ""},
    {"exec sleep 1000", "ready-within: 50ms", SERVER_NOT_READY, "not ready within 50 ms: ", ""},
    {PYTHON_STUB("pass", "pass"), "ready-within: 2s", SERVER_NOT_READY, "not ready within 2000 ms",
     ""},
    {PYTHON_STUB("pass", "c.send(b\"ERROR\")"), "", SERVER_WRONG,
     "what answers `version` does not speak the binary protocol; its answer begins with "
     "\"ERROR\"",
     ""},
    {PYTHON_STUB("pass", "c.send(struct.pack(\">BBHBBHI4sQ\", 0x81, 11, 0, 0, 0, 0, 0, "
                         "bytes([q[12] ^ 1]) + q[13:16], 0))"),
     "", SERVER_WRONG,
     "what answers `version` gives no answer to it; its answer begins with "
     "\"\\x81\\x0b\\x00",
     ""},
    {PYTHON_STUB("pass", "c.send(struct.pack(\">BBHBBHI4sQ\", 0x81, 11, 0, 0, 0, 0x81, 0, "
                         "q[12:16], 0))"),
     "", SERVER_WRONG, "`version` was answered with status 0x0081", ""},
    {"exec " MEMCACHED_UNIX, "version: '9.9'", SERVER_WRONG,
     "expected a version that starts with \"9.9\", but the server says \"1.", ""},
    {"while :; do echo 0123456789; done", "log-limit: 4KiB", SERVER_LOG_LIMIT,
     "wrote more than 4 KiB to its log", NULL},
};

START_TEST(unready_script) {
  struct profile *p = script_profile("unix", unready[_i].script, unready[_i].more);
  struct server *s = must_spawn(p, TRANSPORT_UNIX);
  must_not_await(s, unready[_i].fate, unready[_i].sentence);
  if (unready[_i].log)
    must_have_logged(s, unready[_i].log);
  must_stop_well(s);
  profile_free(p);
}
END_TEST

static const char *const slow[] = {
    "sleep 0.2; exec " MEMCACHED_UNIX, /* no wait for an event: the moment is the input */
    PYTHON_STUB("time.sleep(0.2)", PYTHON_VERSION), /* as above */
    /* The first connection is closed without an answer. */
    PYTHON_STUB("pass", "c.close(); c = s.accept()[0]; q = c.recv(24); " PYTHON_VERSION),
};

START_TEST(slow_start) {
  struct profile *p = script_profile("unix", slow[_i], "version: '1.'");
  struct server *s = must_spawn(p, TRANSPORT_UNIX);
  must_await(s);
  must_kill_well(s);
  profile_free(p);
}
END_TEST

/* A server started ahead is asked for long after it could have answered. */
START_TEST(time_before_the_wait_does_not_count) {
  struct profile *ahead_profile = load(memcached_yaml), *other_profile = load(memcached_yaml);
  ahead_profile->ready_ms = 1000;
  struct server *ahead = must_spawn(ahead_profile, TRANSPORT_UNIX);
  struct timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do {
    struct server *other = must_spawn(other_profile, TRANSPORT_UNIX);
    must_await(other);
    must_kill_well(other);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while (now.tv_sec - start.tv_sec < 2);
  must_await(ahead);
  must_stop_well(ahead);
  profile_free(ahead_profile);
  profile_free(other_profile);
}
END_TEST

START_TEST(another_program_listens) {
  struct profile *p = script_profile("unix", "exec " MEMCACHED_UNIX, "");
  struct server *other = must_spawn(p, TRANSPORT_UNIX);
  must_await(other);
  char script[512], sentence[128];
  snprintf(script, sizeof script, "ln -s %s {socket}; exec sleep 1000",
           ((const struct sockaddr_un *)&server_addr(other)->sa)->sun_path);
  snprintf(sentence, sizeof sentence, "process %d listens on unix:", server_pid(other));
  struct profile *q = script_profile("unix", script, "");
  struct server *s = must_spawn(q, TRANSPORT_UNIX);
  must_not_await(s, SERVER_WRONG, sentence);
  server_stop(s);
  must_kill_well(other);
  profile_free(p);
  profile_free(q);
}
END_TEST

/* Two lines of a shell for a server that names the port of another one. */
#define NAMES_PORT "echo 'TCP INET: %u' > $PORT.new; mv $PORT.new $PORT; exec sleep 1000"

static uint16_t port_of(const struct server *s) {
  return ntohs(((const struct sockaddr_in *)&server_addr(s)->sa)->sin_port);
}

START_TEST(another_program_listens_on_tcp) {
  struct profile *p = script_profile("tcp", "exec " MEMCACHED_TCP "{port}", "");
  struct server *other = must_spawn(p, TRANSPORT_TCP);
  must_await(other);
  char yaml[512], sentence[128];
  struct diag d;
  diag_init(&d);
  snprintf(sentence, sizeof sentence, "process %d listens on tcp:", server_pid(other));
  snprintf(yaml, sizeof yaml,
           "name: x\ncommand: [/bin/sh, -c, \"" NAMES_PORT "\"]\n"
           "transports: {tcp: {port-file-env: PORT}}\n%s",
           port_of(other), _i ? "version: no such\n" : "");
  struct profile *q = profile_parse(span_str(yaml), "x.yaml", &d);
  ck_assert_msg(q != NULL, "%s", diag_text(&d));
  struct server *s = must_spawn(q, TRANSPORT_TCP);
  must_not_await(s, SERVER_WRONG, sentence);
  server_stop(s);
  must_kill_well(other);
  profile_free(p);
  profile_free(q);
  diag_fini(&d);
}
END_TEST

/* The first time another program comes before the server to the port that we picked. */
START_TEST(a_port_that_another_took_is_left_to_it) {
  char dir[] = "/tmp/unit-server-XXXXXX", script[1024], thief[256];
  ck_assert_ptr_nonnull(mkdtemp(dir));
  snprintf(thief, sizeof thief, "read p < %s/port; exec " MEMCACHED_TCP "$p", dir);
  snprintf(script, sizeof script,
           "if mkdir %s/first; then echo {port} > %s/port; exec sleep 1000; fi; exec " MEMCACHED_TCP
           "{port}",
           dir, dir);
  char *fifo = xasprintf("%s/port", dir);
  ck_assert_int_eq(mkfifo(fifo, 0600), 0);
  free(fifo);
  pid_t pid = fork();
  if (pid == 0)
    execl("/bin/sh", "sh", "-c", thief, NULL);
  struct profile *p = script_profile("tcp", script, "version: '1.6'");
  struct server *s = must_spawn(p, TRANSPORT_TCP);
  must_await(s);
  must_kill_well(s);
  kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
  file_remove_tree(dir);
  profile_free(p);
}
END_TEST

START_TEST(attached) {
  struct profile *p = script_profile("unix", "exec " MEMCACHED_UNIX, "");
  struct server *running = must_spawn(p, TRANSPORT_UNIX);
  must_await(running);
  struct profile *q = profile_attached(server_addr(running));
  struct server *s = must_spawn(q, TRANSPORT_UNIX);
  must_await(s);
  ck_assert_int_eq(server_pid(s), 0);
  ck_assert_int_eq(server_fd(s), -1);
  ck_assert_str_eq(server_addr(s)->text, server_addr(running)->text);
  ck_assert_int_eq(server_look_wait(s, 1000), SERVER_RUNNING);
  must_have_logged(s, "");
  must_stop_well(s);
  ck_assert_int_eq(server_look(running), SERVER_RUNNING);
  must_kill_well(running);
  s = must_spawn(q, TRANSPORT_UNIX);
  must_not_await(s, SERVER_WRONG, "cannot connect: No such file or directory");
  must_stop_well(s);
  profile_free(q);
  profile_free(p);
}
END_TEST

/* Scripts whose ready server is told to stop, and does not do so as it should. */
static const struct {
  const char *script, *more;
  enum server_fate fate;
  const char *sentence;
} bad_stops[] = {
    {"trap '' TERM; " MEMCACHED_UNIX " & exec sleep 1000", "stop: {within: 100ms}", SERVER_STUBBORN,
     "did not end within 100 ms of SIGTERM"},
    {"trap 'exit 23' TERM; " MEMCACHED_UNIX " & wait", "", SERVER_CRASHED,
     "exited with status 23 when told to stop"},
    {"trap 'kill -SEGV $$' TERM; " MEMCACHED_UNIX " & wait", "", SERVER_CRASHED,
     "was killed by signal 11 (Segmentation fault) when told to stop"},
    {"trap 'echo over; while :; do echo 0123456789; done' INT; " MEMCACHED_UNIX " & wait",
     "stop: {signal: SIGINT}\nlog-limit: 1MiB", SERVER_LOG_LIMIT,
     "wrote more than 1 MiB to its log"},
};

START_TEST(bad_stop_is_told_once) {
  struct profile *p = script_profile("unix", bad_stops[_i].script, bad_stops[_i].more);
  struct server *s = must_spawn(p, TRANSPORT_UNIX);
  must_await(s);
  server_stop(s);
  struct bad_stops bad = stop_all();
  ck_assert_uint_eq(bad.count, 1);
  ck_assert_int_eq(bad.fate, bad_stops[_i].fate);
  ck_assert_str_eq(bad.what, bad_stops[_i].sentence);
  ck_assert_uint_eq(stop_all().count, 0);
  profile_free(p);
}
END_TEST

static const struct {
  int signal;
  const char *sentence;
} crashes[] = {
    {SIGSEGV, "was killed by signal 11 (Segmentation fault)"},
    {SIGKILL, "was killed by signal 9 (Killed)"},
    {SIGTERM, "exited with status 0"},
};

START_TEST(crash_is_seen) {
  struct profile *p = load(memcached_yaml);
  struct server *s = must_spawn(p, TRANSPORT_UNIX);
  must_await(s);
  ck_assert_int_eq(server_look_wait(s, 1), SERVER_RUNNING);
  ck_assert_int_eq(server_look_closed(s, 600000), SERVER_RUNNING); /* it answers */
  kill(server_pid(s), crashes[_i].signal);
  if (crashes[_i].signal != SIGTERM) /* at which it may go on answering for a while */
    ck_assert_int_eq(server_look_closed(s, 10000), SERVER_CRASHED);
  ck_assert_int_eq(server_look_wait(s, 10000), SERVER_CRASHED);
  ck_assert_int_eq(server_look(s), SERVER_CRASHED);
  must_describe(s, crashes[_i].sentence);
  must_stop_well(s);
  profile_free(p);
}
END_TEST

START_TEST(unseen_crash_is_told_by_stop_all) {
  struct profile *p = load(memcached_yaml);
  struct server *s = must_spawn(p, TRANSPORT_UNIX);
  must_await(s);
  kill(server_pid(s), SIGSEGV);
  server_stop(s);
  struct bad_stops bad = stop_all();
  ck_assert_uint_eq(bad.count, 1);
  ck_assert_int_eq(bad.fate, SERVER_CRASHED);
  profile_free(p);
}
END_TEST

START_TEST(more_stop_than_are_kept) {
  struct profile *p = script_profile("unix", "exec sleep 1000", "");
  for (int i = 0; i < 80; i++)
    server_stop(must_spawn(p, TRANSPORT_UNIX));
  struct bad_stops bad = stop_all();
  ck_assert_msg(bad.count == 0, "%s", bad.what);
  profile_free(p);
}
END_TEST

static Suite *server_suite(void) {
  Suite *s = suite_create("server");
  TCase *t = tcase_create("server");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, memcached_on_both_transports, TRANSPORT_UNIX, TRANSPORT_TCP + 1);
  tcase_add_test(t, picked_port);
  tcase_add_test(t, picked_port_is_tried_three_times);
  tcase_add_test(t, picked_port_may_be_taken_once);
  tcase_add_test(t, no_such_program);
  tcase_add_test(t, transport_not_in_profile);
  tcase_add_loop_test(t, unready_script, 0, sizeof unready / sizeof *unready);
  tcase_add_loop_test(t, slow_start, 0, sizeof slow / sizeof *slow);
  tcase_add_test(t, time_before_the_wait_does_not_count);
  tcase_add_test(t, another_program_listens);
  tcase_add_loop_test(t, another_program_listens_on_tcp, 0, 2);
  tcase_add_test(t, a_port_that_another_took_is_left_to_it);
  tcase_add_test(t, attached);
  tcase_add_loop_test(t, bad_stop_is_told_once, 0, sizeof bad_stops / sizeof *bad_stops);
  tcase_add_loop_test(t, crash_is_seen, 0, sizeof crashes / sizeof *crashes);
  tcase_add_test(t, unseen_crash_is_told_by_stop_all);
  tcase_add_test(t, more_stop_than_are_kept);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(server_suite)
