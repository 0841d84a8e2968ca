/* Threads and processes seated on one processor, and on all again. */
#include "server/seats.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "unit.h"

static bool sits(int pid, const cpu_set_t *set) {
  cpu_set_t is;
  CHECK(sched_getaffinity(pid, sizeof is, &is) == 0);
  return CPU_EQUAL(&is, set);
}

START_TEST(the_caller) {
  struct seats s;
  seats_init(&s, sched_getcpu(), 0);
  seats_give(&s, 0, true);
  ck_assert(!s.several || sits(0, &s.one));
  seats_give(&s, 0, false);
  ck_assert(!s.several || sits(0, &s.all));
}
END_TEST

static void *sleep_on(void *tid) {
  int id = gettid();
  CHECK(write(*(int *)tid, &id, sizeof id) == sizeof id);
  for (;;)
    pause();
  return NULL;
}

/* A process tells the id of its second thread, and stays. */
static pid_t start_two(int *thread) {
  int fds[2];
  CHECK(pipe(fds) == 0);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    pthread_t t;
    CHECK(pthread_create(&t, NULL, sleep_on, &fds[1]) == 0);
    for (;;)
      pause();
  }
  CHECK(read(fds[0], thread, sizeof *thread) == sizeof *thread);
  return pid;
}

START_TEST(a_process_with_all_its_threads) {
  struct seats s;
  int thread;
  pid_t pid = start_two(&thread);
  seats_init(&s, 0, 1);
  seats_give(&s, pid, true);
  ck_assert(!s.several || (sits(pid, &s.one) && sits(thread, &s.one)));
  seats_give(&s, pid, false);
  ck_assert(!s.several || (sits(pid, &s.all) && sits(thread, &s.all)));
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  seats_give(&s, pid, true); /* one that has gone */
}
END_TEST

/* As many in a row as there are share none, and the next has that of the first. */
START_TEST(each_has_its_own) {
  struct seats s, all;
  cpu_set_t taken;
  CPU_ZERO(&taken);
  int first = sched_getcpu();
  seats_init(&all, first, 0);
  unsigned n = all.several ? (unsigned)CPU_COUNT(&all.all) : 0;
  for (unsigned i = 0; i < n; i++) {
    seats_init(&s, first, i);
    ck_assert_int_eq(CPU_COUNT(&s.one), 1);
    CPU_OR(&taken, &taken, &s.one);
  }
  ck_assert(n == 0 || CPU_EQUAL(&taken, &all.all));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("seats");
  TCase *t = tcase_create("seats");
  tcase_add_test(t, the_caller);
  tcase_add_test(t, a_process_with_all_its_threads);
  tcase_add_test(t, each_has_its_own);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
