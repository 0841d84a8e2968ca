#include "run/worker.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "net/unread.h"
#include "run/accept.h"
#include "run/clock.h"
#include "run/duel.h"
#include "run/fate.h"
#include "run/fleet.h"
#include "run/inspect.h"
#include "run/keep.h"
#include "run/log_tail.h"
#include "run/stage.h"
#include "run/wire.h"

struct worker {
  const struct run_config *config;
  int fd;
  struct stage *stage;        /* NULL: what is played are duels */
  struct duel *duel;          /* NULL: they are not */
  struct fleet fleets[SIDES]; /* the second is there for duels */
  struct seats seats;
  struct accept_server accept;
  struct tape tape;     /* of the case in hand */
  struct vec bad_stops; /* of struct bad_stop */
  const char *last_id;  /* the case that ran last, for a server found dead afterwards */
};

static void report_server(struct worker *w, struct verdict v) {
  struct wire_report r = {.kind = WIRE_SERVER, .verdict = v};
  if (!wire_send_report(w->fd, &r))
    _exit(1);
  verdict_fini(&r.verdict);
}

/* Tells of a finding outside any case; `when` says more of that. */
static void report_finding(struct worker *w, const struct sighting *f, enum side side,
                           const char *when) {
  struct wire_report r = {.kind = WIRE_SERVER, .finding = f->key, .known = f->known};
  r.verdict = (struct verdict){.status = VERDICT_ERROR,
                               .kind = KIND_SANITIZER_REPORT,
                               .brief = xasprintf("%s%s%s (%s)", w->duel ? side_name(side) : "",
                                                  w->duel ? ": " : "", f->line, when),
                               .detail = xstrdup(f->text)};
  if (!wire_send_report(w->fd, &r))
    _exit(1);
  verdict_fini(&r.verdict);
}

/* Tells of what has been reported on a shared server since the last case. Whether any of it is new,
 * so that the server is not to be trusted. */
static bool report_since(struct worker *w, enum side side, struct server *s, const char *after) {
  struct sightings f;
  struct buf text;
  buf_init(&text, REPORTS_TEXT_MAX);
  server_reports(s, &text);
  sightings_read(&f, buf_span(&text), w->config->baseline);
  for (size_t i = 0; i < f.list.n; i++)
    report_finding(w, sightings_at(&f, i), side, after);
  bool news = f.news > 0;
  sightings_fini(&f);
  buf_fini(&text);
  return news;
}

/* A shared server that has ended, or has been reported on, since the last case: told as a finding
 * of its own. False when one has. */
static bool check_shared(struct worker *w, enum side side, enum transport t) {
  struct fleet *fleet = &w->fleets[side];
  struct server *s = fleet->shared[t];
  if (!s || fleet->profile->attached)
    return true;
  enum server_fate fate = server_look(s);
  char *after = xasprintf("after %s had passed", w->last_id ? w->last_id : "its start");
  bool news = report_since(w, side, s, after);
  bool well = fate == SERVER_RUNNING && !news;
  if (fate != SERVER_RUNNING && !news) {
    struct buf brief, detail;
    buf_init(&brief, WIRE_BRIEF_MAX);
    buf_init(&detail, WIRE_DETAIL_MAX);
    buf_addf(&brief, "%s%sthe server ", w->duel ? side_name(side) : "", w->duel ? ": " : "");
    server_describe(s, &brief);
    buf_addf(&brief, " %s", after);
    log_tail_add_of(&detail, "the server's log ends with", s);
    report_server(w, (struct verdict){.status = VERDICT_ERROR,
                                      .kind = fate_kind(fate),
                                      .brief = buf_take(&brief),
                                      .detail = buf_take(&detail)});
  }
  if (!well)
    fleet_give(fleet, t, s, false);
  free(after);
  return well;
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

/* The same for both of a duel: when one has ended the other is given up, too, so that both have the
 * same history. */
static void check_both(struct worker *w, enum transport t) {
  bool baseline = check_shared(w, BASELINE, t), both = check_shared(w, CANDIDATE, t) && baseline;
  for (int s = 0; s < SIDES && !both; s++)
    if (w->fleets[s].shared[t])
      fleet_give(&w->fleets[s], t, w->fleets[s].shared[t], false);
}

/* Where a delivery waits until the server has read each chunk, or has answered each request, driver
 * and server act in turn, and share a processor. */
static bool act_in_turn(struct worker *w, const struct play_options *options, struct server *s) {
  bool in_turn = options->delivery->kind->paced || !options->delivery->kind->pipelines;
  return server_seat(s, &w->seats, in_turn);
}

static void share_processor(struct worker *w, bool share) {
  seats_give(&w->seats, 0, share);
  unread_take_turns(share);
}

/* Plays a job to be judged. */
static struct verdict play_judged(struct worker *w, const struct job *job, struct server *s,
                                  bool *wrapped) {
  struct play_options options = stage_options(w->config, job);
  struct paused paused = {w, job, s};
  options.tape = w->config->keep ? &w->tape : NULL;
  options.pause = w->config->pause_before ? pause_cb : NULL;
  options.pause_arg = &paused;
  options.pause_before = w->config->pause_before;
  bool shared = act_in_turn(w, &options, s);
  if (shared)
    share_processor(w, true);
  struct verdict v = stage_play(w->stage, s, options, wrapped);
  if (shared)
    share_processor(w, false); /* servers that are started next may run anywhere */
  fate_add(s, &v);
  return v;
}

/* A server that a case has failed on is not trusted with the next one, unless it is known to fail
 * in that very way. */
static bool trusted(const struct run_config *config, const struct job *job,
                    const struct verdict *v) {
  const struct known_entry *e = known_find(config->known, suite_case(config->suite, job->test)->id,
                                           config->deliveries[job->delivery].name);
  return v->status == VERDICT_PASS ||
         (v->status == VERDICT_FAIL && e && known_status(e, v) == VERDICT_XFAIL);
}

/* Plays a job on the one server that there is. */
static void play(struct worker *w, const struct job *job, struct wire_report *r) {
  const struct profile *profile = w->config->profile;
  enum transport t = w->config->transports[job->transport];
  struct keep_side side = {.profile = profile};
  struct buf why, reports;
  buf_init(&why, WIRE_DETAIL_MAX);
  buf_init(&reports, REPORTS_TEXT_MAX);
  tape_reset(&w->tape);
  struct server *s = fleet_take(&w->fleets[0], t, job, &why);
  if (!s) {
    r->verdict = fate_setup(&why);
    r->kept = keep_failure(w->config, job, &r->verdict, &side, 1);
  } else {
    bool wrapped;
    side.tape = &w->tape;
    side.server = s;
    if (w->config->accept)
      r->verdict = accept_play(w->stage, w->config, job, s, &w->accept, &r->kept, &wrapped);
    else
      r->verdict = play_judged(w, job, s, &wrapped);
    struct inspection in = {w->config, w->stage, &w->fleets[0], w->fd};
    if (!inspect_case(&in, job, s, &r->verdict, &reports))
      _exit(1); /* the parent has gone */
    side.reports = buf_span(&reports);
    if (!r->kept)
      r->kept = keep_failure(w->config, job, &r->verdict, &side, 1);
    bool again = !job->fresh && !wrapped && trusted(w->config, job, &r->verdict);
    fleet_give(&w->fleets[0], t, s, again || profile->attached);
  }
  buf_fini(&reports);
  buf_fini(&why);
}

static void duel(struct worker *w, const struct job *job, struct wire_report *r) {
  struct duel_outcome o = duel_play(w->duel, job);
  r->verdict = o.verdict;
  r->kept = o.kept;
  r->compared = true;
  r->alike = o.alike;
  memcpy(r->figures, o.figures, sizeof r->figures);
}

static void run_job(struct worker *w, const struct job *job) {
  struct wire_report r = {.kind = WIRE_VERDICT, .job = job->number};
  uint64_t start = clock_usec();
  enum transport t = w->config->transports[job->transport];
  if (!job->fresh && w->duel)
    check_both(w, t);
  else if (!job->fresh)
    check_shared(w, BASELINE, t);
  if (w->duel)
    duel(w, job, &r);
  else
    play(w, job, &r);
  r.seconds = clock_since(start);
  w->last_id = suite_case(w->config->suite, job->test)->id;
  if (!wire_send_report(w->fd, &r))
    _exit(1); /* the parent has gone */
  verdict_fini(&r.verdict);
  free(r.kept);
}

/* A server that ended badly when it was stopped, or what was reported on it then. */
struct bad_stop {
  enum side side;
  enum verdict_kind kind;
  const struct known_entry *known; /* that this may happen; NULL: it may not */
  char *what, *detail;
  struct sighting finding; /* its key is NULL when it is none */
};

static void bad_stop_cb(void *arg, const struct server_bad_end *end) {
  struct worker *w = arg;
  enum side side = end->profile == w->config->candidate ? CANDIDATE : BASELINE;
  struct sightings f;
  sightings_read(&f, span_str(end->reports), w->config->baseline);
  size_t found = f.list.n, news = f.news;
  for (size_t i = 0; i < found; i++) {
    struct bad_stop *b = vec_push(&w->bad_stops);
    *b = (struct bad_stop){.side = side, .finding = *sightings_at(&f, i)};
    b->what = xstrdup(b->finding.key);
  }
  vec_fini(&f.list); /* the findings have been taken over */
  /* How a server ends of which there are reports needs no word besides. */
  bool explained = end->fate == SERVER_STOPPED || (end->fate == SERVER_REPORTED && found) ||
                   (end->fate == SERVER_CRASHED && news);
  if (explained)
    return;
  struct bad_stop *b = vec_push(&w->bad_stops);
  struct buf detail;
  buf_init(&detail, WIRE_DETAIL_MAX);
  log_tail_add(&detail, "the server's log ends with", span_str(end->log));
  b->side = side;
  b->kind = fate_kind(end->fate);
  b->known = known_find_stop(w->config->known, end->signal, end->transport);
  b->what = xstrdup(end->what);
  b->detail = buf_take(&detail);
}

/* Whether one of the other side's servers has ended in the same way. */
static bool stops_alike(const struct worker *w, const struct bad_stop *b) {
  for (size_t i = 0; i < w->bad_stops.n; i++) {
    const struct bad_stop *other = vec_at(&w->bad_stops, i);
    if (other->side != b->side && strcmp(other->what, b->what) == 0)
      return true;
  }
  return false;
}

/* Waits until all servers have ended, and tells of those that ended badly; of a duel's those that
 * tell one side from the other. */
static void stop_all(struct worker *w) {
  fleet_stop(&w->fleets[BASELINE]);
  fleet_stop(&w->fleets[CANDIDATE]);
  server_stop_all(bad_stop_cb, w);
  for (size_t i = 0; i < w->bad_stops.n; i++) {
    struct bad_stop *b = vec_at(&w->bad_stops, i);
    if (stops_alike(w, b))
      continue;
    if (b->finding.key) {
      report_finding(w, &b->finding, b->side, "when it was told to stop");
      continue;
    }
    struct verdict v = {.status = VERDICT_ERROR,
                        .kind = b->kind,
                        .brief = xasprintf("%s%sthe server %s", w->duel ? side_name(b->side) : "",
                                           w->duel ? ": " : "", b->what),
                        .detail = xstrdup(b->detail)};
    if (b->known)
      known_apply(b->known, &v);
    report_server(w, v);
  }
  for (size_t i = 0; i < w->bad_stops.n; i++) {
    struct bad_stop *b = vec_at(&w->bad_stops, i);
    free(b->what);
    free(b->detail);
    free(b->finding.key);
    free(b->finding.line);
    free(b->finding.text);
  }
}

void worker_main(const struct run_config *config, int fd, unsigned index, int processor) {
  struct worker w = {.config = config, .fd = fd};
  fleet_init(&w.fleets[BASELINE], config->profile);
  fleet_init(&w.fleets[CANDIDATE], config->candidate);
  if (config->candidate)
    w.duel = duel_new(config, w.fleets, index);
  else
    w.stage = stage_new(config, index);
  tape_init(&w.tape, KEEP_TAPE_MAX);
  seats_init(&w.seats, processor, index);
  vec_init(&w.bad_stops, sizeof(struct bad_stop));
  struct job job;
  while (wire_receive_job(fd, &job))
    run_job(&w, &job);
  stop_all(&w);
  vec_fini(&w.bad_stops);
  tape_fini(&w.tape);
  stage_free(w.stage);
  duel_free(w.duel);
}
