#include "run/worker.h"

#include <stdlib.h>
#include <unistd.h>

#include "run/clock.h"
#include "run/fate.h"
#include "run/fleet.h"
#include "run/keep.h"
#include "run/log_tail.h"
#include "run/stage.h"
#include "run/wire.h"

struct worker {
  const struct run_config *config;
  int fd;
  struct stage *stage;
  struct fleet fleet;
  struct tape tape;    /* of the case in hand */
  const char *last_id; /* the case that ran last, for a server found dead afterwards */
};

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
  report_server(w, fate_kind(fate), buf_take(&brief), buf_take(&detail));
  fleet_give(&w->fleet, t, s, false);
}

/* A play that has come to its pause. */
struct paused {
  struct worker *worker;
  const struct job *job;
  struct server *server;
};

static void pause_cb(void *arg) {
  const struct paused *p = arg;
  struct wire_report r = {.kind = WIRE_PAUSED, .job = p->job->number, .pid = server_pid(p->server)};
  if (!wire_send_report(p->worker->fd, &r) || !wire_receive_go(p->worker->fd))
    _exit(1); /* the parent has gone */
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
    r.verdict = fate_setup(&why);
    r.kept = keep_failure(w->config, job, &r.verdict, NULL, NULL);
  } else {
    struct play_options options = stage_options(w->config, job);
    bool wrapped;
    options.to = server_addr(s);
    options.tape = w->config->keep ? &w->tape : NULL;
    struct paused paused = {w, job, s};
    options.pause = w->config->pause_before ? pause_cb : NULL;
    options.pause_arg = &paused;
    options.pause_before = w->config->pause_before;
    r.verdict = stage_play(w->stage, options, &wrapped);
    fate_add(s, &r.verdict);
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
  report_server(arg, fate_kind(fate), buf_take(&brief), buf_take(&detail));
}

void worker_main(const struct run_config *config, int fd, unsigned index) {
  struct worker w = {.config = config, .fd = fd, .stage = stage_new(config, index)};
  fleet_init(&w.fleet, config);
  tape_init(&w.tape, KEEP_TAPE_MAX);
  struct job job;
  while (wire_receive_job(fd, &job))
    run_job(&w, &job);
  fleet_stop(&w.fleet);
  server_stop_all(bad_stop, &w);
  tape_fini(&w.tape);
  stage_free(w.stage);
}
