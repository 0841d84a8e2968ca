#include "server/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "server/tree.h"

/* A driver that ignores SIGPIPE must not make the server ignore it. */
static void signals_reset(void) {
  sigset_t none;
  for (int i = 1; i < NSIG; i++)
    signal(i, SIG_DFL); /* fails for SIGKILL and SIGSTOP, which need no reset */
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing for 0. */
static void limit_softly(int resource, uint64_t most) {
  struct rlimit limit;
  if (most == 0 || getrlimit((unsigned)resource, &limit) != 0)
    return;
  limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
  setrlimit((unsigned)resource, &limit);
}

/* Signals are still blocked, SIGTTOU among them, which comes to who asks for this from behind. */
static void terminal_take(void) {
  int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    dup2(terminal, fd);
  tcsetpgrp(terminal, getpgrp());
}

static void output_take(int output) {
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
}

/* In the new process: the exec, or its errno through the pipe. */
static noreturn void child_exec(const struct child_plan *plan, int keeper, int error) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) /* it was killed before the line above */
    _exit(127);
  setpgid(0, 0);
  if (plan->terminal)
    terminal_take();
  else
    output_take(plan->output);
  signals_reset();
  limit_softly(RLIMIT_AS, plan->memory_bytes);
  limit_softly(RLIMIT_NOFILE, plan->open_files);
  /* exec's prototype lacks a const that its behaviour has. */
  execvpe(plan->argv[0], (char *const *)plan->argv, (char *const *)plan->envp);
  int failed = errno;
  while (write(error, &failed, sizeof failed) < 0 && errno == EINTR)
    ;
  _exit(127);
}

int child_start(const struct child_plan *plan) {
  int error[2], failed = 0, keeper = getpid();
  if (pipe2(error, O_CLOEXEC) != 0)
    return -1;
  int pid = fork();
  if (pid == 0)
    child_exec(plan, keeper, error[1]);
  if (pid < 0)
    failed = errno;
  close(error[1]);
  if (pid > 0 && read(error[0], &failed, sizeof failed) == sizeof failed) {
    waitpid(pid, NULL, 0);
    pid = -1;
  }
  close(error[0]);
  errno = failed;
  return pid;
}

static void signal_with_all_below(int pid, void *arg) {
  const int *number = arg;
  child_signal_below(pid, *number);
  kill(pid, *number);
}

void child_signal_below(int pid, int number) {
  tree_each_child(pid, signal_with_all_below, &number);
}

/* One kill for each process that is our child now. Killing a child makes its children ours. */
static void kill_children(void) {
  char path[64];
  int pid;
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  FILE *f = fopen(path, "re");
  CHECK(f); /* without it, a process that left the group would stay behind unseen */
  while (fscanf(f, "%d", &pid) == 1)
    kill(pid, SIGKILL);
  fclose(f);
}

void child_kill_all(void) {
  do
    kill_children();
  while (waitpid(-1, NULL, 0) > 0);
}
