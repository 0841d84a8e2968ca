#include "run/play.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/check.h"
#include "mcbp/frame.h"
#include "run/blame.h"
#include "run/clock.h"
#include "run/play_internal.h"

enum {
  TICKS = 4,        /* the deadline is looked at this often in its time */
  COLLECT_MS = 100, /* after a failure: for the rest of the answer that is to be shown */
  COLLECT_MAX = 64 << 10
};

void play_note(struct play *p, enum tape_kind kind, unsigned conn, struct span bytes) {
  struct tape *tape = p->options.tape;
  bool own = kind == TAPE_SENT && p->streams[conn].proof == PROOF_FENCE_SENT;
  if (tape)
    tape_add(tape, kind, conn, own, clock_usec() - p->born, bytes);
}

/* Notes as much of the chunk in hand as the kernel has taken since it was noted last. */
static void note_hand(struct play *p) {
  if (!p->in_hand || !p->options.tape)
    return;
  struct stream *s = p->batch_stream;
  size_t taken = p->hand.n - conn_unsent(s->conn);
  if (taken > p->hand_noted)
    play_note(p, TAPE_SENT, s->id, span_sub(p->hand, p->hand_noted, taken - p->hand_noted));
  p->hand_noted = taken;
}

void play_finish(struct play *p) {
  if (p->finished)
    return;
  p->finished = true;
  note_hand(p);
  answers_judge(p);
  event_del(p->tick);
  p->done(p->arg);
}

static void conclude(struct play *p) {
  if (p->finished)
    return;
  answers_failure(p);
  p->verdict = blame(p->options.session, &p->failure, NULL);
  play_finish(p);
}

static void collected_cb(evutil_socket_t fd, short what, void *arg) {
  (void)fd;
  (void)what;
  conclude(arg);
}

/* Whether the answer that differs is there as far as it will be shown. */
static bool failure_is_whole(const struct play *p) {
  const struct stream *s = p->failure.stream;
  struct frame f;
  struct span in = span_from(buf_span(&s->in), p->failure.shift);
  return p->failure.aside || s->state != STREAM_OPEN || in.n >= COLLECT_MAX ||
         frame_cut(in, &f) != FRAME_SHORT;
}

/* The verdict stands; what follows serves its explanation only. */
void play_failed(struct play *p) {
  p->failed = true;
  if (failure_is_whole(p)) {
    conclude(p);
    return;
  }
  struct timeval tv = {0, COLLECT_MS * 1000};
  event_add(p->collected, &tv);
}

static struct stream *stream_of(struct play *p, const struct conn *c) {
  for (unsigned i = 0; i < p->options.session->nconns; i++)
    if (p->streams[i].conn == c)
      return &p->streams[i];
  DIE("a connection that is none of the play's");
}

/* What has come on other streams may have waited for what this one has captured. */
static bool resume_others(struct play *p) {
  for (unsigned i = 0; i < p->options.session->nconns;) {
    struct stream *s = &p->streams[i++];
    uint64_t before = s->matched;
    if (!stream_resume(s, &p->failure))
      return false;
    if (s->matched != before)
      i = 0;
  }
  return true;
}

static void on_data(void *arg, struct conn *c, struct span bytes) {
  struct play *p = arg;
  struct stream *s = stream_of(p, c);
  p->progress++;
  note_hand(p); /* an answer may overtake the news that its request has been sent */
  play_note(p, TAPE_CAME, s->id, bytes);
  if (p->finished)
    return;
  if (p->failed) {
    if (s == p->failure.stream && s->in.n < COLLECT_MAX)
      buf_add_span(&s->in, bytes);
    if (s == p->failure.stream && failure_is_whole(p))
      conclude(p);
    return;
  }
  if (p->jam)
    jam_read(p->jam, c);
  if (!stream_data(s, bytes, &p->failure) || !resume_others(p))
    play_failed(p);
  else
    play_advance(p);
}

static void on_sent(void *arg, struct conn *c) {
  struct play *p = arg;
  (void)c;
  p->progress++;
  note_hand(p);
  p->in_hand = false;
  if (!p->failed && !p->finished)
    play_advance(p);
}

static void on_close(void *arg, struct conn *c, enum conn_end end) {
  struct play *p = arg;
  struct stream *s = stream_of(p, c);
  note_hand(p);
  if (s == p->batch_stream)
    p->in_hand = false;
  play_note(p, end == CONN_EOF ? TAPE_ENDED : TAPE_RESET, s->id, (struct span){0});
  p->progress++;
  if (p->finished)
    return;
  if (p->failed) {
    s->state = STREAM_ENDED;
    if (s == p->failure.stream)
      conclude(p);
    return;
  }
  if (!stream_closed(s, end, &p->failure))
    play_failed(p);
  else
    play_advance(p);
}

static void on_progress(void *arg, struct conn *c) {
  struct play *p = arg;
  (void)c;
  p->progress++;
  note_hand(p);
  if (p->jam && !p->failed && !p->finished)
    jam_came(p->jam);
}

static const struct conn_handler handler = {on_data, on_sent, on_close, on_progress};

void play_open(struct play *p, struct stream *s) {
  s->conn = conn_new(p->base, p->options.to, &handler, p);
  s->state = STREAM_OPEN;
  play_note(p, TAPE_OPENED, s->id, (struct span){0});
}

static void overdue(struct play *p, unsigned ms) {
  const struct stream *waits = play_in_debt(p, NULL);
  struct stall stall = {.timeout_ms = ms};
  if (bystander_acts(p->bystander)) {
    waits = p->batch_stream;
  } else if (p->in_hand && p->flushing) {
    stall.send = p->last_send;
    stall.unsent = conn_unsent(p->batch_stream->conn);
    waits = p->batch_stream;
  }
  for (unsigned i = 0; i < p->options.session->nconns && !waits; i++)
    if (p->streams[i].state == STREAM_OPEN)
      waits = &p->streams[i];
  CHECK(waits);
  stream_overdue(&p->streams[waits->id], &p->failure);
  if (bystander_acts(p->bystander))
    p->failure.aside = "another connection got no answer to its version";
  p->failed = true;
  answers_failure(p);
  p->verdict = blame(p->options.session, &p->failure, &stall);
  play_finish(p);
}

static void tick_cb(evutil_socket_t fd, short what, void *arg) {
  struct play *p = arg;
  (void)fd;
  (void)what;
  p->elapsed_ms += p->tick_ms;
  p->idle_ticks = p->progress == p->progress_seen ? p->idle_ticks + 1 : 0;
  p->progress_seen = p->progress;
  if (p->failed || p->finished)
    return;
  if (p->idle_ticks >= TICKS)
    overdue(p, p->options.timeout_ms);
  else if (p->elapsed_ms >= p->options.total_ms)
    overdue(p, p->options.total_ms);
}

static void start_cb(evutil_socket_t fd, short what, void *arg) {
  (void)fd;
  (void)what;
  play_advance(arg);
}

struct play *play_new(struct event_base *base, const struct play_options *options,
                      void (*done)(void *arg), void *arg) {
  const struct session *session = options->session;
  struct play *p = xcalloc(1, sizeof *p);
  p->base = base;
  p->options = *options;
  p->done = done;
  p->born = clock_usec();
  p->arg = arg;
  memcpy(p->env.ns, options->ns, sizeof p->env.ns);
  p->env.vars = xcalloc(1, session->vars_bytes);
  p->env.var_off = session->var_off;
  p->env.var_size = session->var_size;
  p->streams = xcalloc(session->nconns, sizeof *p->streams);
  for (unsigned i = 0; i < session->nconns; i++)
    stream_init(&p->streams[i], i, session, &p->env, p->streams);
  answers_init(p);
  if (options->tape)
    memcpy(options->tape->ns, options->ns, sizeof options->ns);
  p->script = cursor_of(session);
  if (options->pause) {
    unsigned steps;
    p->pause_at = step_numbered(session, options->pause_before, &steps);
  }
  p->cuts_left = options->to->transport == TRANSPORT_UNIX ? PLAY_UNIX_CUTS : PLAY_TCP_CUTS;
  p->rng = rng_of(options->seed ^ options->delivery->number);
  if (options->delivery->kind->slow_reads)
    p->jam = jam_new(base, &play_jam_owner, p, options->seed);
  buf_init(&p->batch, SIZE_MAX / 2);
  cuts_init(&p->cuts);
  cuts_init(&p->records);
  cuts_init(&p->in_hand_records);
  p->tick_ms = options->timeout_ms / TICKS ? options->timeout_ms / TICKS : 1;
  p->start = evtimer_new(base, start_cb, p);
  p->tick = event_new(base, -1, EV_PERSIST, tick_cb, p);
  p->collected = evtimer_new(base, collected_cb, p);
  if (!p->start || !p->tick || !p->collected)
    DIE("no event");
  struct timeval tv = {p->tick_ms / 1000, p->tick_ms % 1000 * 1000};
  event_add(p->tick, &tv);
  /* The first step is taken from the loop as all others are, so that `done` never comes from here.
   */
  event_active(p->start, EV_TIMEOUT, 0);
  return p;
}

void play_free(struct play *p) {
  if (!p)
    return;
  for (unsigned i = 0; i < p->options.session->nconns; i++)
    stream_fini(&p->streams[i]);
  free(p->streams);
  golden_check_free(p->golden);
  free(p->env.vars);
  buf_fini(&p->batch);
  free(p->ends);
  cuts_fini(&p->cuts);
  cuts_fini(&p->records);
  cuts_fini(&p->in_hand_records);
  jam_free(p->jam);
  bystander_free(p->bystander);
  event_free(p->start);
  event_free(p->tick);
  event_free(p->collected);
  verdict_fini(&p->verdict);
  free(p);
}

struct verdict play_verdict(struct play *p) {
  CHECK(p->finished);
  struct verdict v = p->verdict;
  p->verdict = (struct verdict){0};
  return v;
}
