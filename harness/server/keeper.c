#include "server/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "net/file.h"
#include "server/wait.h"

enum { CONTROL_FD = 3 }; /* above standard error, below all that is closed */

struct keeper {
  const struct keeper_job *job;
  int driver;  /* pid */
  int signals; /* signalfd */
  int output;  /* the read end of the server's output, or -1 after its end */
  int pid;     /* of the server; 0 when it has ended */
  int status;
  enum keeper_cause cause;
  int64_t deadline; /* for its stop; INT64_MAX when none runs */
  bool driver_gone;
};

static void tell(enum keeper_event event, enum keeper_cause cause, int value) {
  struct keeper_news news = {event, cause, value};
  while (send(CONTROL_FD, &news, sizeof news, MSG_NOSIGNAL) < 0 && errno == EINTR)
    ;
}

/* Signals the server's group, so that a shell's children get it too. While the server has not been
 * reaped, the group's number is surely its own. */
static void signal_server(const struct keeper *k, int number) {
  if (k->pid)
    kill(-k->pid, number);
}

static void kill_for(struct keeper *k, enum keeper_cause cause) {
  k->cause = cause;
  k->deadline = INT64_MAX;
  signal_server(k, SIGKILL);
}

/* Takes one chunk of output; false when there is none now, or none ever. */
static bool output_read(struct keeper *k) {
  uint8_t chunk[RING_CHUNK];
  if (k->output < 0)
    return false;
  ssize_t n = read(k->output, chunk, sizeof chunk);
  if (n < 0)
    return errno == EINTR;
  if (n == 0) {
    close(k->output);
    k->output = -1;
    return false;
  }
  ring_add(k->job->log, span_of(chunk, (size_t)n));
  if (k->pid && ring_total(k->job->log) > k->job->log_bytes && k->cause != CAUSE_LOG)
    kill_for(k, CAUSE_LOG);
  return true;
}

/* The server has been reaped: end what it left behind, then tell. */
static void server_ended(struct keeper *k) {
  k->pid = 0;
  k->deadline = INT64_MAX;
  child_kill_all();
  while (output_read(k))
    ;
  tell(KEEPER_ENDED, k->cause, k->status);
}

static void signals_read(struct keeper *k) {
  struct signalfd_siginfo info;
  while (read(k->signals, &info, sizeof info) == sizeof info)
    if (info.ssi_signo == SIGUSR1 && getppid() != k->driver)
      k->driver_gone = true;
  int pid, status;
  while (k->pid && (pid = waitpid(-1, &status, WNOHANG)) > 0)
    if (pid == k->pid) {
      k->status = status;
      server_ended(k);
    }
}

static void orders_read(struct keeper *k) {
  char order;
  ssize_t n = recv(CONTROL_FD, &order, 1, 0);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    k->driver_gone = true;
  if (n != 1 || !k->pid || k->cause != CAUSE_ITSELF)
    return;
  if (order == KEEPER_KILL) {
    kill_for(k, CAUSE_KILLED);
  } else {
    k->cause = CAUSE_STOPPED;
    k->deadline = wait_clock() + k->job->stop_ms;
    if (k->job->signals_below)
      child_signal_below(k->pid, k->job->stop_signal);
    else
      signal_server(k, k->job->stop_signal);
  }
}

/* Until the driver closes its end: it still reads the last news after the server has ended. */
static void keeper_loop(struct keeper *k) {
  while (!k->driver_gone) {
    struct pollfd fds[] = {{.fd = CONTROL_FD, .events = POLLIN},
                           {.fd = k->signals, .events = POLLIN},
                           {.fd = k->output, .events = POLLIN}};
    int timeout = k->deadline == INT64_MAX ? -1 : wait_left(k->deadline);
    int n = poll(fds, 3, timeout);
    CHECK(n >= 0 || errno == EINTR);
    if (fds[2].revents)
      output_read(k);
    /* Before the orders: a server that crashed just before its stop has crashed. */
    if (fds[1].revents)
      signals_read(k);
    if (fds[0].revents)
      orders_read(k);
    if (k->deadline != INT64_MAX && wait_left(k->deadline) == 0)
      kill_for(k, CAUSE_STUBBORN);
  }
}

/* Nothing inherited may stay open: not the other servers' channels, whose closing tells their
 * keepers that the driver is gone, and no pipe at whose end somebody waits for the driver. */
static void descriptors_close(int control) {
  CHECK(control == CONTROL_FD || dup2(control, CONTROL_FD) == CONTROL_FD);
  CHECK(close_range(CONTROL_FD + 1, ~0u, 0) == 0);
  CHECK(fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) == 0);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  CHECK(null >= 0);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    CHECK(fd == null || dup2(null, fd) == fd);
  if (null > CONTROL_FD)
    close(null);
}

/* Every signal is blocked here; the kernel's reports come through a signalfd. */
static int signals_open(void) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGUSR1);
  signal(SIGCHLD, SIG_DFL); /* ignored, it would reap for us and lose the status */
  return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void server_start(struct keeper *k) {
  int output[2];
  CHECK(pipe2(output, O_CLOEXEC) == 0);
  CHECK(fcntl(output[0], F_SETFL, O_NONBLOCK) == 0);
  k->output = output[0];
  struct child_plan plan = {.argv = k->job->argv,
                            .envp = k->job->envp,
                            .memory_bytes = k->job->memory_bytes,
                            .open_files = k->job->open_files,
                            .terminal = k->job->terminal,
                            .output = output[1]};
  int pid = child_start(&plan);
  int error = errno;
  close(output[1]);
  k->pid = pid > 0 ? pid : 0;
  if (k->pid)
    tell(KEEPER_STARTED, CAUSE_ITSELF, pid);
  else
    tell(KEEPER_NOT_STARTED, CAUSE_ITSELF, error);
}

static noreturn void keeper_main(const struct keeper_job *job, int driver, int control) {
  struct keeper k = {.job = job, .driver = driver, .output = -1, .deadline = INT64_MAX};
  if (!job->terminal) /* with a session of its own it would have none */
    setsid();
  prctl(PR_SET_NAME, "keeper");
  CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0);
  k.driver_gone = getppid() != driver; /* it died before the line above */
  descriptors_close(control);
  k.signals = signals_open();
  CHECK(k.signals >= 0);
  if (!k.driver_gone)
    server_start(&k);
  keeper_loop(&k);
  child_kill_all();
  file_remove_tree(job->dir);
  if (job->reports)
    file_remove_tree(job->reports);
  _exit(0); /* not exit: the driver's buffers, handlers and leak checks are the driver's */
}

int keeper_start(const struct keeper_job *job, int *fd) {
  int ends[2], driver = getpid(), error;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return -1;
  /* None of the driver's handlers may run in the keeper. */
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  int pid = fork();
  if (pid == 0)
    keeper_main(job, driver, ends[1]);
  error = errno;
  sigprocmask(SIG_SETMASK, &before, NULL);
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    errno = error;
    return -1;
  }
  *fd = ends[0];
  return pid;
}

void keeper_send(int fd, enum keeper_order order) {
  char byte = (char)order;
  /* A failure means that the keeper is gone, which keeper_receive tells. */
  while (send(fd, &byte, 1, MSG_NOSIGNAL) < 0 && errno == EINTR)
    ;
}

int keeper_receive(int fd, struct keeper_news *news) {
  ssize_t n;
  do
    n = recv(fd, news, sizeof *news, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    return 0;
  return n == (ssize_t)sizeof *news ? 1 : -1;
}
