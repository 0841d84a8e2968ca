/* A meter on a process that takes memory, gives it back, and works. */
#include "run/meter.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "unit.h"

enum { MIB = 1 << 20, TAKEN = 32 * MIB, WORK_NS = 50000000 };

/* A child that does one of these for each byte it is sent, and sends the byte back when it has. */
struct child {
  int pid, to, from;
};

static uint64_t own_cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void take_and_give_back(void) {
  char *p = mmap(NULL, TAKEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(p != MAP_FAILED);
  for (size_t i = 0; i < TAKEN; i += 4096)
    p[i] = 1;
  munmap(p, TAKEN);
}

static void work(void) {
  uint64_t end = own_cpu_ns() + WORK_NS;
  while (own_cpu_ns() < end)
    continue;
}

static void serve(int from, int to) {
  char what;
  while (read(from, &what, 1) == 1) {
    if (what == 'm')
      take_and_give_back();
    else if (what == 'w')
      work();
    if (write(to, &what, 1) != 1)
      break;
  }
  _exit(0);
}

/* `inside`: a process in between, as a script around a server is. */
static struct child child_new(bool inside) {
  int down[2], up[2];
  CHECK(pipe(down) == 0 && pipe(up) == 0);
  struct child c = {.pid = fork(), .to = down[1], .from = up[0]};
  CHECK(c.pid >= 0);
  if (c.pid == 0) {
    close(down[1]);
    if (inside && fork() != 0) {
      close(down[0]);
      wait(NULL);
      _exit(0);
    }
    serve(down[0], up[1]);
  }
  close(down[0]);
  close(up[1]);
  return c;
}

static void tell(const struct child *c, char what) {
  CHECK(write(c->to, &what, 1) == 1);
  CHECK(read(c->from, &what, 1) == 1);
}

static void child_end(const struct child *c) {
  close(c->to);
  close(c->from);
  waitpid(c->pid, NULL, 0);
}

static struct figures measured(const struct child *c, const char *what) {
  struct meter m;
  struct figures f = {0};
  meter_start(&m, c->pid);
  for (; *what; what++)
    tell(c, *what);
  meter_stop(&m, &f);
  ck_assert(f.measured);
  return f;
}

START_TEST(the_peak_is_that_of_the_time_between) {
  struct child c = child_new(_i);
  tell(&c, 'm');
  struct figures still = measured(&c, "."), taken = measured(&c, "m"), after = measured(&c, ".");
  ck_assert_uint_gt(still.peak, 0);
  ck_assert_uint_lt(still.grown, TAKEN / 2);
  ck_assert_uint_ge(taken.grown, TAKEN * 9u / 10);
  ck_assert_uint_ge(taken.peak, taken.grown);
  ck_assert_uint_lt(after.grown, TAKEN / 2);
  ck_assert_uint_lt(after.peak, taken.peak);
  child_end(&c);
}
END_TEST

START_TEST(time_is_what_was_worked_between) {
  struct child c = child_new(_i);
  tell(&c, 'w');
  struct figures still = measured(&c, "."), worked = measured(&c, "ww");
  ck_assert_uint_lt(still.cpu_ns, WORK_NS);
  ck_assert_uint_ge(worked.cpu_ns, 2 * WORK_NS);
  child_end(&c);
}
END_TEST

START_TEST(what_has_ended_or_is_not_ours_is_not_measured) {
  struct child c = child_new(false);
  struct meter m;
  struct figures f = {.measured = true};
  meter_start(&m, c.pid);
  child_end(&c);
  meter_stop(&m, &f);
  ck_assert(!f.measured);
  meter_start(&m, 0);
  meter_stop(&m, &f);
  ck_assert(!f.measured);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("meter");
  TCase *t = tcase_create("meter");
  tcase_add_loop_test(t, the_peak_is_that_of_the_time_between, 0, 2);
  tcase_add_loop_test(t, time_is_what_was_worked_between, 0, 2);
  tcase_add_test(t, what_has_ended_or_is_not_ours_is_not_measured);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
