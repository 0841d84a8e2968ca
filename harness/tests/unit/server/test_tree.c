#include "server/tree.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "unit.h"

static void *work(void *arg) {
  CHECK(write(*(int *)arg, "", 1) == 1);
  for (volatile bool ever = true; ever;)
    continue;
  return arg;
}

static void end(pid_t pid) {
  CHECK(kill(pid, SIGKILL) == 0);
  CHECK(waitpid(pid, NULL, 0) == pid);
}

START_TEST(a_process_that_waits_is_not_at_work) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  while (pid == 0)
    pause();
  while (tree_at_work(pid))
    sched_yield(); /* it is about to wait */
  end(pid);
  ck_assert(!tree_at_work(pid)); /* one that has gone */
}
END_TEST

/* The first thread waits. */
START_TEST(one_thread_that_runs_is_enough) {
  int fds[2];
  char byte;
  CHECK(pipe(fds) == 0);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    pthread_t t;
    CHECK(pthread_create(&t, NULL, work, &fds[1]) == 0);
    pthread_join(t, NULL);
  }
  CHECK(read(fds[0], &byte, 1) == 1);
  for (int i = 0; i < 1000; i++)
    ck_assert(tree_at_work(pid));
  end(pid);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("tree");
  TCase *t = tcase_create("tree");
  tcase_add_test(t, a_process_that_waits_is_not_at_work);
  tcase_add_test(t, one_thread_that_runs_is_enough);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
