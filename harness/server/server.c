#include "server/server.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/check.h"
#include "net/file.h"
#include "server/keeper.h"
#include "server/launch.h"
#include "server/ready.h"
#include "server/sanitizer.h"
#include "server/tool.h"
#include "server/wait.h"

enum {
  PORT_TRIES = 3,
  AFTERMATH_MS = 10, /* for a server that answers and all the same is about to end */
  WHY_MAX = 4096,
  VERSION_MAX = 1024
};

struct server *server_spawn(const struct profile *p, enum transport t, struct buf *why) {
  if (!p->transports[t].supported) {
    buf_addf(why, "%s does not listen on %s", p->name, transport_name(t));
    return NULL;
  }
  struct server *s = xcalloc(1, sizeof *s);
  s->profile = p;
  s->transport = t;
  s->fd = -1;
  CHECK(t != TRANSPORT_TLS || p->tls);
  buf_init(&s->version, VERSION_MAX);
  if (p->attached) {
    s->addr = *p->attached;
    s->addr.trust = t == TRANSPORT_TLS ? p->tls->trust : NULL;
  } else if (!launch_start(s, why)) {
    free(s);
    return NULL;
  }
  return s;
}

void server_free(struct server *s) {
  launch_undo(s);
  free(s->what);
  buf_fini(&s->version);
  free(s);
}

const struct addr *server_addr(const struct server *s) {
  return &s->addr;
}

const char *server_version(struct server *s) {
  return buf_cstr(&s->version);
}

const char *const *server_command(const struct server *s) {
  return s->argv;
}

int server_pid(const struct server *s) {
  return s->pid;
}

bool server_seat(struct server *s, const struct seats *seats, bool one) {
  if (s->pid == 0 || s->profile->tool)
    return false;
  if (s->seated != one)
    seats_give(seats, s->pid, one);
  s->seated = one;
  return one;
}

int server_fd(const struct server *s) {
  return s->fd;
}

void server_describe(const struct server *s, struct buf *out) {
  if (s->what)
    buf_add_str(out, s->what);
}

void server_log_tail(struct server *s, size_t n, struct buf *out) {
  if (s->log)
    ring_tail(s->log, n, out);
}

static void set_fate(struct server *s, enum server_fate fate, char *what) {
  free(s->what);
  s->fate = fate;
  s->what = what;
}

static char *describe_status(const struct profile *p, int status, const char *when) {
  if (p->tool && p->tool->error_status && WIFEXITED(status) &&
      WEXITSTATUS(status) == p->tool->error_status)
    return xasprintf("was ended by %s, which has found an error in it%s", p->tool->name, when);
  if (WIFEXITED(status) && WEXITSTATUS(status) == REPORTS_STATUS)
    return xasprintf("exited with status %d%s, as a sanitizer makes it do that has reported "
                     "something",
                     REPORTS_STATUS, when);
  if (WIFSIGNALED(status))
    return xasprintf("was killed by signal %d (%s)%s", WTERMSIG(status),
                     strsignal(WTERMSIG(status)), when);
  return xasprintf("exited with status %d%s", WEXITSTATUS(status), when);
}

static char *describe_limit(uint64_t bytes) {
  static const char *const units[] = {"bytes", "KiB", "MiB", "GiB"};
  size_t unit = 0;
  for (; unit < 3 && bytes % 1024 == 0; unit++)
    bytes /= 1024;
  return xasprintf("wrote more than %ju %s to its log", (uintmax_t)bytes, units[unit]);
}

/* Whether LeakSanitizer would have had a say at its exit. */
static bool would_check_leaks(const struct server *s) {
  return s->wants_leaks && s->program && reports_finds_leaks(s->program);
}

static void end_told(struct server *s, enum keeper_cause cause, int status) {
  const struct profile *p = s->profile;
  bool clean = WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == p->stop_signal;
  int found = p->tool && p->tool->error_status ? p->tool->error_status : REPORTS_STATUS;
  s->ended = true;
  if (s->fate != SERVER_RUNNING) /* it was not ready, or the wrong one, and so we killed it */
    return;
  if (cause == CAUSE_ITSELF)
    set_fate(s, SERVER_CRASHED, describe_status(p, status, ""));
  else if (cause == CAUSE_KILLED)
    set_fate(s, SERVER_STOPPED, xstrdup("was killed as wanted"));
  else if (cause == CAUSE_STUBBORN)
    set_fate(s, SERVER_STUBBORN,
             xasprintf("did not end within %u ms of SIG%s%s", p->stop_ms,
                       sigabbrev_np(p->stop_signal),
                       would_check_leaks(s) ? "; it has not been checked for leaks" : ""));
  else if (cause == CAUSE_LOG)
    set_fate(s, SERVER_LOG_LIMIT, describe_limit(p->log_bytes));
  else if (WIFEXITED(status) && WEXITSTATUS(status) == found)
    set_fate(s, SERVER_REPORTED, describe_status(p, status, " when told to stop"));
  else if (WIFSIGNALED(status) && clean && would_check_leaks(s))
    set_fate(s, SERVER_UNCHECKED,
             xasprintf("was ended by SIG%s itself, so that it has not been checked for leaks: it "
                       "must exit, or ASAN_OPTIONS=detect_leaks=0 be set",
                       sigabbrev_np(p->stop_signal)));
  else {
    set_fate(s, clean ? SERVER_STOPPED : SERVER_CRASHED,
             describe_status(p, status, " when told to stop"));
    s->stop_signal = !clean && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
}

/* Somebody killed the keeper. The kernel has killed the server, but not what that has started, and
 * nobody else clears away. */
static void keeper_lost(struct server *s) {
  s->ended = true;
  kill(-s->pid, SIGKILL);
  file_remove_tree(s->dir);
  file_remove_tree(s->reports.path);
  if (s->fate == SERVER_RUNNING)
    set_fate(s, SERVER_CRASHED, xstrdup("lost its keeper, which was killed"));
}

bool server_reports(struct server *s, struct buf *out) {
  struct buf text;
  struct sanitizer_report report;
  if (s->fd < 0 || s->reports_done)
    return false;
  buf_init(&text, REPORTS_MAX);
  reports_take(&s->reports, s->log, &text);
  if (text.n && !s->ended) {
    reports_await_whole(&s->reports, s->log, s->fd, &text);
    server_look(s);
  }
  struct span rest = buf_span(&text);
  bool any = sanitizer_next(&rest, &report);
  if (any)
    buf_add_span(out, buf_span(&text));
  s->reported |= any;
  buf_fini(&text);
  return any;
}

enum server_fate server_look(struct server *s) {
  struct keeper_news news;
  int n = s->fd < 0 || s->ended ? 0 : keeper_receive(s->fd, &news);
  if (n > 0)
    end_told(s, news.cause, news.value);
  else if (n < 0)
    keeper_lost(s);
  return s->fate;
}

unsigned server_end_ms(const struct server *s) {
  return s->profile->end_ms;
}

enum server_fate server_look_wait(struct server *s, unsigned ms) {
  if (s->fd >= 0 && !s->ended)
    wait_for(s->fd, POLLIN, -1, wait_clock() + ms);
  return server_look(s);
}

enum server_fate server_look_closed(struct server *s, unsigned ms) {
  struct probe probe = {.watch = s->fd, .deadline = wait_clock() + ms};
  if (s->fd < 0 || s->ended)
    return s->fate;
  struct buf why;
  buf_init(&why, WHY_MAX);
  enum probe_end end = probe_server(&probe, &s->addr, &why);
  buf_fini(&why);
  if (end == PROBE_RIGHT || end == PROBE_WRONG)
    return server_look_wait(s, AFTERMATH_MS);
  int left = wait_left(probe.deadline);
  return server_look_wait(s, left > 0 ? (unsigned)left : 0);
}

/* Kills a server that is of no use, and waits so that its log is complete. */
static void give_up(struct server *s, enum server_fate fate, char *what) {
  set_fate(s, fate, what);
  if (s->fd < 0)
    return;
  keeper_send(s->fd, KEEPER_KILL);
  while (!s->ended) {
    wait_for(s->fd, POLLIN, -1, INT64_MAX);
    server_look(s);
  }
}

/* Sets a fate other than SERVER_RUNNING unless it is ready (PROBE_RIGHT). */
static enum probe_end await_ready(struct server *s) {
  const struct profile *p = s->profile;
  struct ready ready = {.probe = {.version = p->version,
                                  .said = &s->version,
                                  .keeper = s->keeper,
                                  .watch = s->fd,
                                  .deadline = wait_clock() + p->ready_ms},
                        .dir = s->dir,
                        .file = s->file,
                        .is_port_file = s->transport != TRANSPORT_UNIX && s->file,
                        .trust = s->transport == TRANSPORT_TLS ? p->tls->trust : NULL};
  struct buf why;
  buf_init(&why, WHY_MAX);
  enum probe_end end = ready_wait(&ready, &s->addr, &why);
  if (end == PROBE_ENDED && server_look(s) == SERVER_CRASHED) {
    char *what = xasprintf("%s before it was ready", s->what);
    set_fate(s, SERVER_NOT_STARTED, what);
  } else if (end == PROBE_LATE) {
    give_up(s, SERVER_NOT_READY,
            xasprintf("not ready within %u ms: %s", p->ready_ms, buf_cstr(&why)));
  } else if (end == PROBE_WRONG || end == PROBE_OTHER) {
    give_up(s, SERVER_WRONG, xstrdup(buf_cstr(&why)));
  }
  buf_fini(&why);
  return end;
}

static void start_again(struct server *s) {
  struct buf why;
  buf_init(&why, WHY_MAX);
  launch_undo(s);
  if (!launch_start(s, &why))
    set_fate(s, SERVER_NOT_STARTED, xstrdup(buf_cstr(&why)));
  buf_fini(&why);
}

bool server_await(struct server *s, struct buf *why) {
  unsigned tries = PORT_TRIES;
  while (s->fate == SERVER_RUNNING) {
    enum probe_end end = await_ready(s);
    if (end == PROBE_RIGHT) {
      launch_note_program(s);
      return true;
    }
    /* Somebody may have taken the port since it was found free. */
    bool taken = s->fate == SERVER_NOT_STARTED || end == PROBE_OTHER;
    if (taken && s->picks_port && --tries > 0)
      start_again(s);
  }
  server_describe(s, why);
  return false;
}
