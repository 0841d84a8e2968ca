#include "run/worker.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "run/clock.h"
#include "run/crowd.h"
#include "run/fleet.h"
#include "run/keep.h"
#include "run/log_tail.h"
#include "run/play.h"
#include "run/wire.h"

enum {
  CRASH_WAIT_MS = 250, /* for the news of a crash after a connection has ended */
  NS_DIGITS = 62,
  NS_COUNT = NS_DIGITS * NS_DIGITS * NS_DIGITS
};

struct worker {
  const struct run_config *config;
  int fd;
  struct event_base *base;
  struct fleet fleet;
  unsigned index;
  unsigned ns_next;
  struct tape tape;    /* of the case in hand */
  const char *last_id; /* the case that ran last, for a server found dead afterwards */
};

static void done_cb(void *arg) {
  event_base_loopbreak(arg);
}

/* Four characters: which worker, and a count. True when the count has gone round, so that keys of
 * earlier cases may be met again on the same server. */
static bool next_ns(struct worker *w, char ns[4]) {
  static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  unsigned n = w->ns_next++ % NS_COUNT;
  ns[0] = digits[w->index % NS_DIGITS];
  ns[1] = digits[n / NS_DIGITS / NS_DIGITS];
  ns[2] = digits[n / NS_DIGITS % NS_DIGITS];
  ns[3] = digits[n % NS_DIGITS];
  return w->ns_next % NS_COUNT == 0;
}

static struct verdict play_one(struct worker *w, const struct play_options *options) {
  struct play *p = play_new(w->base, options, done_cb, w->base);
  event_base_dispatch(w->base);
  struct verdict v = play_verdict(p);
  play_free(p);
  return v;
}

static struct verdict play_crowd(struct worker *w, const struct play_options *options,
                                 char (*ns)[4]) {
  struct crowd *c = crowd_new(w->base, options, options->delivery->number, (const char(*)[4])ns,
                              done_cb, w->base);
  event_base_dispatch(w->base);
  struct verdict v = crowd_verdict(c);
  crowd_free(c);
  return v;
}

/* Plays a job; `*wrapped` tells that key spaces will be met again. */
static struct verdict play(struct worker *w, const struct job *job, const struct addr *to,
                           bool *wrapped) {
  const struct test_case *c = suite_case(w->config->suite, job->test);
  struct play_options options = {
      .session = c->session,
      .delivery = &w->config->deliveries[job->delivery],
      .to = to,
      .seed = rng_mix(w->config->seed, span_str(c->id)),
      .tape = w->config->keep ? &w->tape : NULL,
      .timeout_ms = w->config->timeout_ms,
      .total_ms = w->config->total_ms,
  };
  bool crowds = options.delivery->kind->crowds;
  size_t n = crowds ? options.delivery->number : 1;
  char(*ns)[4] = xcalloc(n, sizeof *ns);
  *wrapped = false;
  for (size_t i = 0; i < n; i++)
    *wrapped |= next_ns(w, ns[i]);
  memcpy(options.ns, ns[0], sizeof options.ns);
  struct verdict v = crowds ? play_crowd(w, &options, ns) : play_one(w, &options);
  free(ns);
  return v;
}

static enum verdict_kind kind_of_fate(enum server_fate fate) {
  return fate == SERVER_LOG_LIMIT || fate == SERVER_STUBBORN ? KIND_SERVER_LIMIT
                                                             : KIND_SERVER_CRASH;
}

/* Adds to a failure what became of the server; a failure by its crash becomes that error. */
static void add_server(struct worker *w, struct server *s, struct verdict *v) {
  if (w->config->profile->attached)
    return;
  bool ended = v->kind == KIND_UNEXPECTED_CLOSE;
  enum server_fate fate = ended ? server_look_wait(s, CRASH_WAIT_MS) : server_look(s);
  if (v->status == VERDICT_PASS && fate == SERVER_RUNNING)
    return;
  struct buf detail;
  buf_init(&detail, WIRE_DETAIL_MAX);
  if (v->detail)
    buf_add_str(&detail, v->detail);
  if (fate != SERVER_RUNNING) {
    struct buf brief;
    buf_init(&brief, WIRE_BRIEF_MAX);
    buf_add_str(&brief, "the server ");
    server_describe(s, &brief);
    free(v->brief);
    v->brief = buf_take(&brief);
    v->status = VERDICT_ERROR;
    v->kind = kind_of_fate(fate);
    log_tail_add_of(&detail, "the server's log ends with", s);
  } else {
    size_t before = detail.n;
    log_tail_add_of(&detail, "server alive; its log ends with", s);
    if (detail.n == before)
      buf_add_str(&detail, "server alive, its log empty\n");
  }
  free(v->detail);
  v->detail = buf_take(&detail);
}

static void report_server(struct worker *w, enum verdict_kind kind, char *brief, char *detail) {
  struct wire_report r = {.kind = WIRE_SERVER};
  r.verdict =
      (struct verdict){.status = VERDICT_ERROR, .kind = kind, .brief = brief, .detail = detail};
  if (!wire_send_report(w->fd, &r))
    _exit(1);
  verdict_fini(&r.verdict);
}

/* A shared server that has ended since the last case: told as a finding of its own. */
static void check_shared(struct worker *w, enum transport t) {
  struct server *s = w->fleet.shared[t];
  if (!s || w->config->profile->attached)
    return;
  enum server_fate fate = server_look(s);
  if (fate == SERVER_RUNNING)
    return;
  struct buf brief, detail;
  buf_init(&brief, WIRE_BRIEF_MAX);
  buf_init(&detail, WIRE_DETAIL_MAX);
  buf_add_str(&brief, "the server ");
  server_describe(s, &brief);
  buf_addf(&brief, " after %s had passed", w->last_id ? w->last_id : "its start");
  log_tail_add_of(&detail, "the server's log ends with", s);
  report_server(w, kind_of_fate(fate), buf_take(&brief), buf_take(&detail));
  fleet_give(&w->fleet, t, s, false);
}

static struct verdict setup_failed(struct buf *why) {
  const char *newline = memchr(buf_cstr(why), '\n', why->n);
  size_t first = newline ? (size_t)(newline - (const char *)why->p) : why->n;
  struct verdict v = {.status = VERDICT_ERROR, .kind = KIND_SETUP};
  v.brief = xasprintf("%.*s", (int)first, buf_cstr(why));
  v.detail = xstrdup(newline ? newline + 1 : "");
  return v;
}

static void run_job(struct worker *w, const struct job *job) {
  const struct test_case *c = suite_case(w->config->suite, job->test);
  enum transport t = w->config->transports[job->transport];
  bool attached = w->config->profile->attached != NULL;
  struct wire_report r = {.kind = WIRE_VERDICT, .job = job->number};
  struct buf why;
  buf_init(&why, WIRE_DETAIL_MAX);
  uint64_t start = clock_usec();
  tape_reset(&w->tape);
  if (!job->fresh)
    check_shared(w, t);
  struct server *s = fleet_take(&w->fleet, t, job, &why);
  if (!s) {
    r.verdict = setup_failed(&why);
    r.kept = keep_failure(w->config, job, &r.verdict, NULL, NULL);
  } else {
    bool wrapped;
    r.verdict = play(w, job, server_addr(s), &wrapped);
    add_server(w, s, &r.verdict);
    r.kept = keep_failure(w->config, job, &r.verdict, &w->tape, s);
    /* A server that a case has failed on is not trusted with the next one. */
    bool again = !job->fresh && !wrapped && r.verdict.status == VERDICT_PASS;
    fleet_give(&w->fleet, t, s, again || attached);
  }
  r.seconds = clock_since(start);
  w->last_id = c->id;
  if (!wire_send_report(w->fd, &r))
    _exit(1); /* the parent has gone */
  verdict_fini(&r.verdict);
  free(r.kept);
  buf_fini(&why);
}

static void bad_stop(void *arg, enum server_fate fate, const char *what, const char *log) {
  struct buf detail, brief;
  buf_init(&detail, WIRE_DETAIL_MAX);
  buf_init(&brief, WIRE_BRIEF_MAX);
  buf_addf(&brief, "the server %s", what);
  log_tail_add(&detail, "the server's log ends with", span_str(log));
  report_server(arg, kind_of_fate(fate), buf_take(&brief), buf_take(&detail));
}

/* TCP's pacing steps need precise timers, which cost a system call in each turn of the loop. */
static struct event_base *new_base(const struct run_config *config) {
  struct event_config *ec = event_config_new();
  if (!ec)
    DIE("no event base");
  for (size_t i = 0; i < config->ntransports; i++)
    if (config->transports[i] == TRANSPORT_TCP &&
        event_config_set_flag(ec, EVENT_BASE_FLAG_PRECISE_TIMER) != 0)
      DIE("no precise timers");
  struct event_base *base = event_base_new_with_config(ec);
  event_config_free(ec);
  if (!base)
    DIE("no event base");
  return base;
}

void worker_main(const struct run_config *config, int fd, unsigned index) {
  struct worker w = {.config = config, .fd = fd, .index = index};
  if (config->profile->attached)
    w.ns_next = (unsigned)getpid() * 7919u;
  w.base = new_base(config);
  fleet_init(&w.fleet, config);
  tape_init(&w.tape, KEEP_TAPE_MAX);
  struct job job;
  while (wire_receive_job(fd, &job))
    run_job(&w, &job);
  fleet_stop(&w.fleet);
  server_stop_all(bad_stop, &w);
  tape_fini(&w.tape);
  event_base_free(w.base);
}
