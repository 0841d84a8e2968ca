#include "run/schedule.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "run/clock.h"
#include "run/comparison.h"
#include "run/fold.h"
#include "run/keep.h"
#include "run/pause.h"
#include "run/tally.h"
#include "run/wire.h"
#include "run/worker.h"
#include "server/tool.h"
#include "session/cursor.h"

enum {
  GRACE_MS = 30000, /* beyond a case's own limits, before its worker is taken for hung */
  MANY_FRESH = 32   /* servers to be started one by one, for which it pays to make forks cheap */
};

struct crew;

struct worker_slot {
  struct crew *crew;
  unsigned index;
  pid_t pid; /* 0: none */
  int fd;
  struct event *readable, *watchdog;
  const struct job *job; /* in hand, or NULL */
  bool dismissed;        /* told that there are no more jobs */
  bool hung;             /* killed for giving no verdict */
};

struct crew {
  struct pause *pause; /* of the one job that is played then, or NULL */
  const struct run_config *config;
  const struct sink *sinks;
  size_t nsinks;
  struct event_base *base;
  struct job *jobs;
  size_t njobs, next;
  struct worker_slot *slots;
  unsigned alive;
  int processor; /* that the run began on */
  struct run_totals totals;
  unsigned server_findings, sanitizer_findings;
  struct tally tally;
};

static void count(struct run_totals *t, const struct verdict *v) {
  size_t *const counts[] = {
      [VERDICT_PASS] = &t->passed,     [VERDICT_FAIL] = &t->failed,   [VERDICT_ERROR] = &t->errors,
      [VERDICT_SKIPPED] = &t->skipped, [VERDICT_XFAIL] = &t->xfailed, [VERDICT_XPASS] = &t->xpassed,
      [VERDICT_FLAKY] = &t->flaky,
  };
  t->run++;
  ++*counts[v->status];
  if (v->status == VERDICT_ERROR && v->kind == KIND_SETUP)
    t->setup++;
}

static void tell(struct crew *c, const struct result *r) {
  count(&c->totals, &r->verdict);
  for (size_t i = 0; i < c->nsinks; i++)
    c->sinks[i].result(c->sinks[i].arg, r);
  bool untestable = c->config->candidate && r->verdict.kind == KIND_SETUP;
  if ((c->config->until_fail && verdict_is_red(&r->verdict)) || untestable) {
    c->totals.stopped |= c->next < c->njobs;
    c->next = c->njobs; /* what has been dealt out is played to its end */
  }
}

/* Tells a job's verdict; takes over what the report owns. */
static void tell_job(struct crew *c, const struct job *job, struct wire_report report) {
  struct verdict v = report.verdict;
  const struct test_case *test = suite_case(c->config->suite, job->test);
  const char *delivery = c->config->deliveries[job->delivery].name;
  if (v.status != VERDICT_SKIPPED && v.kind != KIND_INTERRUPTED) {
    const struct known_entry *e = known_find(c->config->known, test->id, delivery);
    if (e)
      known_apply(e, &v);
  }
  char *line = verdict_is_red(&v) ? plan_reproduce(c->config, job) : NULL;
  struct result r = {
      .id = test->id,
      .file = test->file,
      .title = test->session->title,
      .delivery = delivery,
      .transport = transport_name(c->config->transports[job->transport]),
      .server = c->config->server,
      .repetition = job->repetition,
      .seconds = report.seconds,
      .alike = report.alike,
      .figures = report.compared ? report.figures : NULL,
      .kept = report.kept,
      .reproduce = line,
      .verdict = v,
  };
  tell(c, &r);
  free(line);
  free(report.kept);
  verdict_fini(&r.verdict);
}

/* Counts what a sanitizer has reported in a job. */
static void note_finding(struct crew *c, const struct job *job, struct wire_report *r) {
  const struct run_config *config = c->config;
  char *where = xasprintf("%s [%s %s]", suite_case(config->suite, job->test)->id,
                          config->deliveries[job->delivery].name,
                          transport_name(config->transports[job->transport]));
  tally_add(&c->tally, r->finding, r->verdict.brief, r->known, where);
  free(where);
  free(r->finding);
  verdict_fini(&r->verdict);
}

/* The same outside any case: told once for each that is not known. */
static void tell_finding(struct crew *c, struct wire_report *report) {
  struct verdict v = report->verdict;
  bool first = tally_add(&c->tally, report->finding, v.brief, report->known, NULL);
  if (first && report->known < 0) {
    char *name = xasprintf("sanitizer.%u", ++c->sanitizer_findings);
    char *kept = keep_finding(c->config, name, &v);
    tell(c, &(struct result){.id = "sanitizer",
                             .title = "sanitizer reports that belong to no case",
                             .delivery = "none",
                             .transport = "none",
                             .server = c->config->server,
                             .repetition = c->sanitizer_findings - 1,
                             .kept = kept,
                             .verdict = v});
    free(kept);
    free(name);
  }
  free(report->finding);
  verdict_fini(&v);
}

static void tell_server(struct crew *c, struct verdict v) {
  struct result r = {.id = "server",
                     .title = "the server between and after the cases",
                     .delivery = "none",
                     .transport = "none",
                     .server = c->config->server,
                     .repetition = c->server_findings++,
                     .verdict = v};
  tell(c, &r);
  verdict_fini(&r.verdict);
}

static void start_worker(struct worker_slot *s);

/* Gives a worker so long, and the grace, to be heard of. */
static void watch(struct worker_slot *s, uint64_t ms) {
  ms += GRACE_MS;
  struct timeval tv = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
  event_add(s->watchdog, &tv);
}

/* The longest that a job may take: its plays, or all of a duel's. */
static uint64_t job_ms(const struct run_config *config) {
  uint64_t ms = (uint64_t)config->total_ms + config->profile->ready_ms;
  if (config->candidate)
    ms += (uint64_t)config->total_ms + config->candidate->ready_ms;
  /* What a sanitizer reports on is played once more. */
  return config->candidate ? ms * COMPARISON_MOST : ms * 2;
}

static void watch_job(struct worker_slot *s) {
  watch(s, job_ms(s->crew->config));
}

static uint64_t stop_ms(const struct run_config *config) {
  return (uint64_t)config->profile->stop_ms + (config->candidate ? config->candidate->stop_ms : 0);
}

/* Skips what can't be run, and gives the next job to an idle worker; dismisses it when there is
 * none. */
static void deal(struct worker_slot *s) {
  struct crew *c = s->crew;
  while (!s->job && c->next < c->njobs) {
    const struct job *job = &c->jobs[c->next++];
    char *skip = plan_skip(c->config, job);
    if (skip)
      tell_job(c, job, (struct wire_report){.verdict = {.status = VERDICT_SKIPPED, .brief = skip}});
    else
      s->job = job;
  }
  if (s->job) {
    watch_job(s);
    /* A worker that can't be told has died; its end is seen on the same descriptor. */
    (void)wire_send_job(s->fd, s->job);
  } else if (!s->dismissed) {
    s->dismissed = true;
    watch(s, stop_ms(c->config)); /* it stops its servers */
    shutdown(s->fd, SHUT_WR);
  }
}

/* The error that a worker's death is; `status` is its wait status. */
static struct verdict death(const struct worker_slot *s, int status) {
  struct verdict v = {.status = VERDICT_ERROR, .kind = KIND_WORKER};
  if (s->crew->totals.interrupted) {
    v.kind = KIND_INTERRUPTED;
    v.brief = xstrdup("the run was interrupted while this case ran");
  } else if (s->hung) {
    v.brief = xstrdup(s->job ? "the driver's worker gave no verdict and was killed"
                             : "the driver's worker did not end and was killed");
  } else if (WIFSIGNALED(status)) {
    v.brief = xasprintf("the driver's worker was killed by signal %d (%s)", WTERMSIG(status),
                        strsignal(WTERMSIG(status)));
  } else {
    v.brief = xasprintf("the driver's worker exited with status %d", WEXITSTATUS(status));
  }
  return v;
}

/* Keeps what there is to a worker's death, which took servers and tapes with it. */
static char *keep_death(const struct run_config *config, const struct job *job, struct verdict *v) {
  bool two = config->candidate != NULL;
  const struct keep_side sides[SIDES] = {
      {.name = two ? side_name(BASELINE) : NULL, .profile = config->profile},
      {.name = side_name(CANDIDATE), .profile = config->candidate}};
  return keep_failure(config, job, v, sides, two ? SIDES : 1);
}

static void worker_ended(struct worker_slot *s) {
  struct crew *c = s->crew;
  int status = 0;
  while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
    continue;
  event_free(s->readable);
  event_free(s->watchdog);
  close(s->fd);
  s->pid = 0;
  c->alive--;
  pause_free(c->pause); /* there is one worker when there is a pause */
  c->pause = NULL;
  if (s->job) {
    struct wire_report r = {.verdict = death(s, status)};
    r.kept = keep_death(c->config, s->job, &r.verdict);
    tell_job(c, s->job, r);
    s->job = NULL;
  } else if (status != 0 && !c->totals.interrupted) {
    tell_server(c, death(s, status));
  }
  if (!c->totals.interrupted && c->next < c->njobs)
    start_worker(s);
  else if (c->alive == 0)
    event_base_loopbreak(c->base);
}

static void go_cb(void *arg) {
  struct worker_slot *s = arg;
  watch_job(s);
  (void)wire_send_go(s->fd); /* as with a job, its end is seen on the same descriptor */
}

/* Nothing runs out while the case stands still. */
static void job_paused(struct worker_slot *s, int pid) {
  struct crew *c = s->crew;
  const struct test_case *test = suite_case(c->config->suite, s->job->test);
  struct pause_info info = {
      .id = test->id, .file = test->file, .number = c->config->pause_before, .pid = pid};
  info.step = step_numbered(test->session, info.number, &info.steps);
  event_del(s->watchdog);
  for (size_t i = 0; i < c->nsinks; i++)
    if (c->sinks[i].paused)
      c->sinks[i].paused(c->sinks[i].arg, &info);
  c->pause = pause_new(c->base, go_cb, s);
}

static void readable_cb(evutil_socket_t fd, short what, void *arg) {
  struct worker_slot *s = arg;
  struct wire_report r;
  bool ended = false;
  (void)what;
  while (wire_receive_report(fd, &r, &ended)) {
    if (r.kind == WIRE_SERVER) {
      if (r.finding)
        tell_finding(s->crew, &r);
      else
        tell_server(s->crew, r.verdict);
      continue;
    }
    CHECK(s->job && r.job == s->job->number);
    if (r.kind == WIRE_FINDING) {
      note_finding(s->crew, s->job, &r);
      continue;
    }
    if (r.kind == WIRE_PAUSED) {
      job_paused(s, r.pid);
      continue;
    }
    const struct job *job = s->job;
    s->job = NULL;
    event_del(s->watchdog);
    tell_job(s->crew, job, r);
    deal(s);
  }
  if (ended)
    worker_ended(s);
}

static void watchdog_cb(evutil_socket_t fd, short what, void *arg) {
  struct worker_slot *s = arg;
  (void)fd;
  (void)what;
  s->hung = true;
  kill(s->pid, SIGKILL);
}

/* The child's side: nothing of the parent's but its own end of the pair and the standard
 * descriptors. */
static void be_worker(const struct worker_slot *s, int fd, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(1);
  setpgid(0, 0); /* a Ctrl-C is the parent's to handle */
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  if (fd != 3 && dup3(fd, 3, O_CLOEXEC) < 0)
    _exit(1);
  close_range(4, ~0u, 0);
  worker_main(s->crew->config, 3, s->index, s->crew->processor);
  _exit(0);
}

static void start_worker(struct worker_slot *s) {
  struct crew *c = s->crew;
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    DIE("no socket pair: %s", strerror(errno));
  fflush(NULL);
  pid_t parent = getpid(), pid = fork();
  if (pid < 0)
    DIE("can't fork: %s", strerror(errno));
  if (pid == 0)
    be_worker(s, pair[1], parent);
  close(pair[1]);
  s->pid = pid;
  s->fd = pair[0];
  s->dismissed = s->hung = false;
  s->readable = event_new(c->base, s->fd, EV_READ | EV_PERSIST, readable_cb, s);
  s->watchdog = evtimer_new(c->base, watchdog_cb, s);
  if (!s->readable || !s->watchdog || event_add(s->readable, NULL) != 0)
    DIE("no event");
  c->alive++;
  deal(s);
}

static void signal_cb(evutil_socket_t fd, short what, void *arg) {
  struct crew *c = arg;
  (void)fd;
  (void)what;
  c->totals.interrupted = true;
  for (unsigned i = 0; i < c->config->workers; i++)
    if (c->slots[i].pid)
      kill(c->slots[i].pid, SIGKILL); /* their servers' keepers see the end and clear up */
}

static void tell_reports(struct crew *c) {
  struct buf summary;
  buf_init(&summary, 1 << 20);
  tally_add_text(&c->tally, &summary);
  for (size_t i = 0; i < c->nsinks && summary.n; i++)
    if (c->sinks[i].reported)
      c->sinks[i].reported(c->sinks[i].arg, buf_cstr(&summary));
  buf_fini(&summary);
}

static void prepare_forks(const struct crew *c) {
  size_t fresh = 0;
  for (size_t i = 0; i < c->njobs; i++)
    fresh += c->jobs[i].fresh;
  if (fresh >= MANY_FRESH)
    fold_heap();
}

struct run_totals schedule_run(const struct run_config *config, const struct sink *sinks,
                               size_t nsinks) {
  struct crew c = {.config = config, .sinks = sinks, .nsinks = nsinks, .processor = sched_getcpu()};
  const struct tool *tool = config->profile->tool;
  tally_init(&c.tally, config->baseline, tool && strcmp(tool->name, "valgrind") == 0);
  c.base = event_base_new();
  if (!c.base)
    DIE("no event base");
  c.jobs = plan_jobs(config, &c.njobs);
  c.slots = xcalloc(config->workers, sizeof *c.slots);
  struct event *signals[] = {evsignal_new(c.base, SIGINT, signal_cb, &c),
                             evsignal_new(c.base, SIGTERM, signal_cb, &c)};
  for (size_t i = 0; i < 2; i++)
    if (!signals[i] || event_add(signals[i], NULL) != 0)
      DIE("no event");
  struct run_info info = {config->server, config->seed, c.njobs, config->workers};
  uint64_t start = clock_usec();
  for (size_t i = 0; i < nsinks; i++)
    sinks[i].begin(sinks[i].arg, &info);
  prepare_forks(&c);
  for (unsigned i = 0; i < config->workers && i < c.njobs; i++) {
    c.slots[i] = (struct worker_slot){.crew = &c, .index = i};
    start_worker(&c.slots[i]);
  }
  if (c.alive)
    event_base_dispatch(c.base);
  c.totals.seconds = clock_since(start);
  tell_reports(&c);
  for (size_t i = 0; i < nsinks; i++)
    sinks[i].end(sinks[i].arg, &c.totals);
  tally_fini(&c.tally);
  event_free(signals[0]);
  event_free(signals[1]);
  free(c.slots);
  free(c.jobs);
  event_base_free(c.base);
  return c.totals;
}
