#include "run/play.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/check.h"
#include "mcbp/frame.h"
#include "run/blame.h"

enum {
  BATCH_MAX = 256 << 10, /* bytes that are joined before they are sent */
  TICKS = 4,             /* the deadline is looked at this often in its time */
  COLLECT_MS = 100,      /* after a failure: for the rest of the answer that is to be shown */
  COLLECT_MAX = 64 << 10
};

struct play {
  struct event_base *base;
  struct play_options options;
  void (*done)(void *arg);
  void *arg;

  struct bindings env;
  struct stream *streams;
  struct cursor script; /* the next step to do */

  /* What is being sent: requests of one connection, cut into chunks, one of them in hand. */
  struct buf batch;
  size_t *ends;
  size_t nends, ends_room;
  const struct step *last_send;
  struct stream *batch_stream;
  struct cuts cuts;
  size_t cut;
  bool flushing, in_hand;
  struct rng rng;
  uint8_t fence[HEADER_BYTES];

  struct event *start, *tick;
  uint64_t progress, progress_seen;
  unsigned idle_ticks, tick_ms, elapsed_ms;

  struct failure failure;
  struct event *collected;
  bool failed, finished;
  struct verdict verdict;
};

static void advance(struct play *p);

static void finish(struct play *p) {
  if (p->finished)
    return;
  p->finished = true;
  event_del(p->tick);
  p->done(p->arg);
}

static void conclude(struct play *p) {
  if (p->finished)
    return;
  p->verdict = blame(p->options.session, &p->failure, NULL);
  finish(p);
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
  return s->state != STREAM_OPEN || in.n >= COLLECT_MAX || frame_cut(in, &f) != FRAME_SHORT;
}

/* The verdict stands; what follows serves its explanation only. */
static void failed(struct play *p) {
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

static void on_data(void *arg, struct conn *c, struct span bytes) {
  struct play *p = arg;
  struct stream *s = stream_of(p, c);
  p->progress++;
  if (p->finished)
    return;
  if (p->failed) {
    if (s == p->failure.stream && s->in.n < COLLECT_MAX)
      buf_add_span(&s->in, bytes);
    if (s == p->failure.stream && failure_is_whole(p))
      conclude(p);
    return;
  }
  if (!stream_data(s, bytes, &p->failure))
    failed(p);
  else
    advance(p);
}

static void on_sent(void *arg, struct conn *c) {
  struct play *p = arg;
  (void)c;
  p->progress++;
  p->in_hand = false;
  if (!p->failed && !p->finished)
    advance(p);
}

static void on_close(void *arg, struct conn *c, enum conn_end end) {
  struct play *p = arg;
  struct stream *s = stream_of(p, c);
  if (s == p->batch_stream)
    p->in_hand = false;
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
    failed(p);
  else
    advance(p);
}

static void on_progress(void *arg, struct conn *c) {
  struct play *p = arg;
  (void)c;
  p->progress++;
}

static const struct conn_handler handler = {on_data, on_sent, on_close, on_progress};

static void open_stream(struct play *p, struct stream *s) {
  s->conn = conn_new(p->base, p->options.to, &handler, p);
  s->state = STREAM_OPEN;
}

/* Whether a stream other than `but` waits for an answer that the script has come past. */
static const struct stream *in_debt(const struct play *p, const struct stream *but) {
  for (unsigned i = 0; i < p->options.session->nconns; i++)
    if (&p->streams[i] != but && p->streams[i].matched < p->streams[i].needed)
      return &p->streams[i];
  return NULL;
}

static bool uses_capture(const struct pattern *pattern) {
  for (size_t i = 0; i < pattern->npatches; i++)
    if (pattern->patches[i].kind == PATCH_VAR)
      return true;
  return false;
}

static void flush(struct play *p) {
  const struct batch b = {buf_span(&p->batch), p->ends, p->nends};
  delivery_cut(p->options.delivery, &p->rng, &b, &p->cuts);
  p->cut = 0;
  p->flushing = true;
}

/* Gives the next chunk to the connection; false when the batch is done. A server that has closed
 * takes nothing more, which its expectations judge. */
static bool send_chunk(struct play *p) {
  struct stream *s = p->batch_stream;
  if (p->cut < p->cuts.n && s->state == STREAM_OPEN && !conn_broken(s->conn)) {
    size_t from = p->cut ? p->cuts.ends[p->cut - 1] : 0;
    size_t to = p->cuts.ends[p->cut++];
    p->in_hand = true;
    conn_send(s->conn, span_of(p->batch.p + from, to - from), p->options.delivery->kind->paced);
    return true;
  }
  p->flushing = false;
  buf_reset(&p->batch);
  p->nends = 0;
  return false;
}

enum advance { GO_ON, WAIT };

static enum advance do_send(struct play *p, const struct step *step) {
  struct stream *s = &p->streams[step->conn];
  bool pipelines = p->options.delivery->kind->pipelines;
  if (p->batch.n && (p->batch_stream != s || uses_capture(step->pattern))) {
    flush(p);
    return GO_ON;
  }
  if (in_debt(p, pipelines && !uses_capture(step->pattern) ? s : NULL))
    return WAIT;
  if (s->state == STREAM_NEW)
    open_stream(p, s);
  p->batch_stream = s;
  p->last_send = step;
  if (!pattern_bytes(step->pattern, &p->env, p->script.counters, &p->batch))
    DIE("a batch grew past its cap");
  if (p->nends == p->ends_room) {
    p->ends_room = p->ends_room ? 2 * p->ends_room : 64;
    p->ends = xrealloc(p->ends, p->ends_room * sizeof *p->ends);
  }
  p->ends[p->nends++] = p->batch.n;
  cursor_next(&p->script);
  if (!pipelines || p->batch.n >= BATCH_MAX)
    flush(p);
  return GO_ON;
}

static enum advance do_control(struct play *p, const struct step *step) {
  struct stream *s = &p->streams[step->conn];
  if (p->batch.n) {
    flush(p);
    return GO_ON;
  }
  if (in_debt(p, NULL))
    return WAIT;
  switch (step->kind) {
  case STEP_CONNECT:
    stream_restart(s);
    open_stream(p, s);
    break;
  case STEP_HALF_CLOSE:
    if (s->state == STREAM_NEW)
      open_stream(p, s);
    if (s->state == STREAM_OPEN)
      conn_half_close(s->conn);
    s->half_closed = true;
    break;
  default:
    conn_free(s->conn);
    s->conn = NULL;
    s->state = STREAM_CLOSED;
    break;
  }
  p->progress++;
  cursor_next(&p->script);
  return GO_ON;
}

static enum advance do_step(struct play *p, const struct step *step) {
  if (step->kind == STEP_SEND)
    return do_send(p, step);
  if (!step_expects(step))
    return do_control(p, step);
  struct stream *s = &p->streams[step->conn];
  if (s->state == STREAM_NEW)
    open_stream(p, s);
  s->needed++;
  cursor_next(&p->script);
  return GO_ON;
}

static void send_fence(struct play *p, struct stream *s) {
  const struct header h = {
      .magic = MAGIC_REQUEST, .opcode = 0x0a, .opaque = stream_fence_opaque(s)};
  header_pack(&h, p->fence);
  p->batch_stream = s;
  p->in_hand = true;
  s->proof = PROOF_FENCE_SENT;
  conn_send(s->conn, span_of(p->fence, sizeof p->fence), false);
}

static void half_close(struct stream *s) {
  conn_half_close(s->conn);
  s->half_closed = true;
}

/* Proves on one stream after another that nothing follows; true when that is done for all. */
static bool prove_end(struct play *p) {
  const struct session *session = p->options.session;
  if (p->options.delivery->kind->half_closes)
    for (unsigned i = 0; i < session->nconns; i++)
      if (p->streams[i].state == STREAM_OPEN && !p->streams[i].half_closed)
        half_close(&p->streams[i]);
  if (in_debt(p, NULL))
    return false;
  for (unsigned i = 0; i < session->nconns; i++) {
    struct stream *s = &p->streams[i];
    if (s->state != STREAM_OPEN)
      continue;
    if (!s->half_closed && s->proof == PROOF_NONE) {
      send_fence(p, s);
      return false;
    }
    if (!s->half_closed && s->proof == PROOF_FENCED)
      half_close(s);
    return false;
  }
  return true;
}

/* Does what can be done now, until something has to be waited for. */
static void advance(struct play *p) {
  while (!p->in_hand) {
    if (p->flushing) {
      if (send_chunk(p))
        return;
      continue;
    }
    const struct step *step = cursor_step(&p->script);
    if (step) {
      if (do_step(p, step) == WAIT)
        return;
    } else if (p->batch.n) {
      flush(p);
    } else {
      if (prove_end(p))
        finish(p);
      return;
    }
  }
}

static void overdue(struct play *p, unsigned ms) {
  const struct stream *waits = in_debt(p, NULL);
  struct stall stall = {.timeout_ms = ms};
  if (p->in_hand && p->flushing) {
    stall.send = p->last_send;
    stall.unsent = conn_unsent(p->batch_stream->conn);
    waits = p->batch_stream;
  }
  for (unsigned i = 0; i < p->options.session->nconns && !waits; i++)
    if (p->streams[i].state == STREAM_OPEN)
      waits = &p->streams[i];
  CHECK(waits);
  stream_overdue(&p->streams[waits->id], &p->failure);
  p->failed = true;
  p->verdict = blame(p->options.session, &p->failure, &stall);
  finish(p);
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
  advance(arg);
}

struct play *play_new(struct event_base *base, const struct play_options *options,
                      void (*done)(void *arg), void *arg) {
  const struct session *session = options->session;
  struct play *p = xcalloc(1, sizeof *p);
  p->base = base;
  p->options = *options;
  p->done = done;
  p->arg = arg;
  memcpy(p->env.ns, options->ns, sizeof p->env.ns);
  p->env.vars = xcalloc(1, session->vars_bytes);
  p->env.var_off = session->var_off;
  p->env.var_size = session->var_size;
  p->streams = xcalloc(session->nconns, sizeof *p->streams);
  for (unsigned i = 0; i < session->nconns; i++)
    stream_init(&p->streams[i], i, session, &p->env);
  p->script = cursor_of(session);
  p->rng = rng_of(options->seed ^ options->delivery->number);
  buf_init(&p->batch, SIZE_MAX / 2);
  cuts_init(&p->cuts);
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
  free(p->env.vars);
  buf_fini(&p->batch);
  free(p->ends);
  cuts_fini(&p->cuts);
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
