/* What stays behind when a driver or a keeper is killed: nothing. The test is a subreaper, so that
 * every orphan becomes its child: when it has no child any more, no process is left. */
#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "net/file.h"
#include "server/internal.h"
#include "spawned.h"

enum { ROUNDS = 40, SPAWN_MICROSECONDS = 16000 };

static char tmp[] = "/tmp/mcreplay-test.XXXXXX";

static void setup(void) {
  ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  ck_assert_ptr_nonnull(mkdtemp(tmp));
  setenv("TMPDIR", tmp, 1);
}

static void teardown(void) {
  file_remove_tree(tmp);
}

/* Blocks for ever, until the test's time is over, when a process stays behind. */
static void must_leave_no_process(void) {
  while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
    ;
  ck_assert_int_eq(errno, ECHILD);
}

static void must_leave_no_folder(void) {
  char pattern[64];
  glob_t found;
  snprintf(pattern, sizeof pattern, "%s/*", tmp);
  ck_assert_int_eq(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
}

/* A server that starts another process, which leaves its session, and one that is orphaned. */
static struct profile *family_profile(void) {
  return script_profile(
      "unix", "setsid sleep 1000 & (sleep 1000 &); " MEMCACHED_UNIX " & exec sleep 1000", "");
}

/* Pids that a driver tells when its servers are ready. */
struct told {
  int server, worker;
};

/* Forks a driver that runs two servers and, if wanted, a worker that holds copies of all that the
 * driver has open; returns it when the servers are ready. */
static int driver_fork(const struct profile *p, bool forks_worker, struct told *told) {
  int ready[2];
  ck_assert_int_eq(pipe(ready), 0);
  int driver = fork();
  if (driver == 0) {
    struct server *s = must_spawn(p, TRANSPORT_UNIX), *t = must_spawn(p, TRANSPORT_UNIX);
    must_await(s);
    must_await(t);
    struct told pids = {.server = server_pid(s)};
    if (!forks_worker || (pids.worker = fork()) != 0)
      ck_assert_int_eq(write(ready[1], &pids, sizeof pids), sizeof pids);
    for (;;)
      pause();
  }
  close(ready[1]);
  ck_assert_int_eq(read(ready[0], told, sizeof *told), sizeof *told);
  close(ready[0]);
  return driver;
}

START_TEST(killed_driver) {
  struct profile *p = family_profile();
  struct told told;
  kill(driver_fork(p, false, &told), SIGKILL);
  must_leave_no_process();
  must_leave_no_folder();
  profile_free(p);
}
END_TEST

/* A worker that lives on holds the channel open: the keeper must learn of the death otherwise. */
START_TEST(killed_driver_with_a_worker) {
  struct profile *p = family_profile();
  struct told told;
  int driver = driver_fork(p, true, &told);
  int pidfd = (int)syscall(SYS_pidfd_open, told.server, 0);
  ck_assert_int_ge(pidfd, 0);
  kill(driver, SIGKILL);
  struct pollfd fds = {.fd = pidfd, .events = POLLIN};
  ck_assert_int_eq(poll(&fds, 1, 10000), 1);
  close(pidfd);
  kill(told.worker, SIGKILL);
  must_leave_no_process();
  must_leave_no_folder();
  profile_free(p);
}
END_TEST

/* At any moment of a spawn: each round another one, the same in every run. */
START_TEST(driver_killed_while_it_spawns) {
  struct profile *p = family_profile();
  struct rng rng = rng_of((uint64_t)_i);
  int driver = fork();
  if (driver == 0)
    for (;;) {
      struct server *s = must_spawn(p, TRANSPORT_UNIX);
      must_await(s);
      server_kill(s);
    }
  struct timespec moment = {0, (long)rng_below(&rng, SPAWN_MICROSECONDS) * 1000};
  nanosleep(&moment, NULL); /* no wait for an event: the moment is the input */
  kill(driver, SIGKILL);
  must_leave_no_process();
  profile_free(p);
}
END_TEST

START_TEST(driver_and_keeper_killed_at_once) {
  struct profile *p = script_profile("unix", "exec " MEMCACHED_UNIX, "");
  int keeper[2];
  ck_assert_int_eq(pipe(keeper), 0);
  int driver = fork();
  if (driver == 0) {
    struct server *s = must_spawn(p, TRANSPORT_UNIX);
    must_await(s);
    ck_assert_int_eq(write(keeper[1], &s->keeper, sizeof s->keeper), sizeof s->keeper);
    for (;;)
      pause();
  }
  int pid;
  ck_assert_int_eq(read(keeper[0], &pid, sizeof pid), sizeof pid);
  kill(pid, SIGSTOP); /* so that it can do nothing about it */
  kill(driver, SIGKILL);
  kill(pid, SIGKILL);
  must_leave_no_process();
  profile_free(p);
}
END_TEST

START_TEST(killed_keeper) {
  struct profile *p = script_profile("unix", MEMCACHED_UNIX " & exec sleep 1000", "");
  struct server *s = must_spawn(p, TRANSPORT_UNIX);
  must_await(s);
  kill(s->keeper, SIGKILL);
  ck_assert_int_eq(server_look_wait(s, 10000), SERVER_CRASHED);
  must_describe(s, "lost its keeper, which was killed");
  server_stop(s);
  ck_assert_uint_eq(stop_all().count, 0);
  must_leave_no_process();
  must_leave_no_folder();
  profile_free(p);
}
END_TEST

/* A keeper that held another's channel would keep that one from ending. */
START_TEST(servers_are_independent) {
  struct profile *p = family_profile();
  struct server *s = must_spawn(p, TRANSPORT_UNIX), *t = must_spawn(p, TRANSPORT_UNIX);
  kill(server_pid(s), SIGKILL);
  ck_assert_int_eq(server_look_wait(s, 10000), SERVER_CRASHED);
  server_stop(s); /* waits for its keeper */
  must_await(t);
  server_stop(t);
  ck_assert_uint_eq(stop_all().count, 0);
  must_leave_no_process();
  must_leave_no_folder();
  profile_free(p);
}
END_TEST

/* Runs a script to its end and compares all that it wrote. */
static void must_write(const char *script, const char *more, const char *expected) {
  struct profile *p = script_profile("unix", script, more);
  struct server *s = must_spawn(p, TRANSPORT_UNIX);
  ck_assert_int_eq(server_look_wait(s, 10000), SERVER_CRASHED);
  must_have_logged(s, expected);
  server_stop(s);
  profile_free(p);
}

START_TEST(server_inherits_three_descriptors) {
  int leak = dup(STDOUT_FILENO); /* not close-on-exec */
  must_write("cd /proc/self/fd; echo *; readlink /proc/$$/fd/0", "", "0 1 2 3\n/dev/null\n");
  close(leak);
}
END_TEST

START_TEST(server_has_its_environment) {
  setenv("FROM_DRIVER", "kept", 1);
  setenv("OVERRIDDEN", "driver's", 1);
  must_write("echo $FROM_DRIVER $OVERRIDDEN ${DIR#{dir}}",
             "environment: {DIR: '{dir}/x', OVERRIDDEN: profile's}", "kept profile's /x\n");
  must_write("cd {bin}; ls unit_server_keeper", "", "unit_server_keeper\n");
}
END_TEST

START_TEST(server_has_default_signals) {
  sigset_t all;
  signal(SIGPIPE, SIG_IGN);
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  must_write("kill -TERM $$; echo blocked", "", "");
  must_write("kill -PIPE $$; echo ignored", "", "");
}
END_TEST

START_TEST(server_has_its_memory_limit) {
  must_write("ulimit -v", "memory-limit: 1GiB", "1048576\n");
}
END_TEST

START_TEST(server_has_its_number_of_open_files) {
  must_write("ulimit -Sn", "open-files: 64", "64\n");
}
END_TEST

START_TEST(log_holds_what_orphans_wrote) {
  must_write("echo first; (setsid sh -c 'echo second >&2; kill $0; exec sleep 1000' $$ &); "
             "exec sleep 1000",
             "", "first\nsecond\n");
}
END_TEST

START_TEST(log_is_complete_at_the_end) {
  struct profile *p = script_profile("unix", "head -c 60000 /dev/zero | tr '\\0' x", "");
  struct server *s = must_spawn(p, TRANSPORT_UNIX);
  struct buf log;
  ck_assert_int_eq(server_look_wait(s, 10000), SERVER_CRASHED);
  buf_init(&log, 1 << 20);
  server_log_tail(s, 1 << 20, &log);
  ck_assert_uint_eq(log.n, 60000);
  buf_fini(&log);
  server_stop(s);
  profile_free(p);
}
END_TEST

static Suite *keeper_suite(void) {
  Suite *s = suite_create("keeper");
  TCase *t = tcase_create("keeper");
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, killed_driver);
  tcase_add_test(t, killed_driver_with_a_worker);
  tcase_add_loop_test(t, driver_killed_while_it_spawns, 0, ROUNDS);
  tcase_add_test(t, driver_and_keeper_killed_at_once);
  tcase_add_test(t, killed_keeper);
  tcase_add_test(t, servers_are_independent);
  tcase_add_test(t, server_inherits_three_descriptors);
  tcase_add_test(t, server_has_its_environment);
  tcase_add_test(t, server_has_default_signals);
  tcase_add_test(t, server_has_its_memory_limit);
  tcase_add_test(t, server_has_its_number_of_open_files);
  tcase_add_test(t, log_holds_what_orphans_wrote);
  tcase_add_test(t, log_is_complete_at_the_end);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(keeper_suite)
