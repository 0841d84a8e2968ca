#include "base/check.h"
#include "net/tls.h"
#include "run/debt.h"
#include "run/play_internal.h"
#include "server/tree.h"

#include <stdlib.h>

enum {
  BATCH_MAX = 256 << 10, /* bytes that are joined before they are sent */
  RECORD_CUTS = 4        /* of a TLS record, see delivery/inside_records.c */
};

struct stream *play_in_debt(const struct play *p, const struct stream *but) {
  for (unsigned i = 0; i < p->options.session->nconns; i++)
    if (&p->streams[i] != but && p->streams[i].matched < p->streams[i].needed)
      return &p->streams[i];
  return NULL;
}

static void bystander_done(void *arg, const char *wrong) {
  struct play *p = arg;
  p->progress++;
  if (p->failed || p->finished)
    return;
  if (wrong) {
    stream_overdue(p->batch_stream, &p->failure);
    p->failure.kind = KIND_NONCONFORMANCE;
    p->failure.aside = wrong;
    play_failed(p);
    return;
  }
  p->after_bystander(p);
}

static void act_aside(struct play *p, void (*after)(struct play *p)) {
  if (!p->bystander)
    p->bystander = bystander_new(p->base, p->options.to, bystander_done, p);
  p->after_bystander = after;
  bystander_act(p->bystander);
}

static void each_conn(void *owner, void (*each)(void *arg, struct conn *c), void *arg) {
  struct play *p = owner;
  for (unsigned i = 0; i < p->options.session->nconns; i++)
    if (p->streams[i].state == STREAM_OPEN)
      each(arg, p->streams[i].conn);
}

static uint64_t owed(void *owner, bool *exact) {
  struct play *p = owner;
  uint64_t bytes = 0;
  *exact = !p->in_hand;
  if (p->in_hand)
    return UINT64_MAX;
  for (unsigned i = 0; i < p->options.session->nconns; i++) {
    struct debt d = debt_of(&p->streams[i]);
    bytes += d.bytes;
    *exact &= d.exact;
  }
  *exact &= p->options.to->transport != TRANSPORT_TLS; /* what lies in the queues is ciphertext */
  return bytes;
}

static void drain(struct play *p) {
  jam_drain(p->jam);
  play_advance(p); /* what became possible while a bystander acted */
}

static void jammed(void *owner) {
  struct play *p = owner;
  if (p->options.delivery->kind->drains_last)
    act_aside(p, drain);
  else
    drain(p);
}

static bool at_work(void *owner) {
  const struct play *p = owner;
  return p->options.server_pid && tree_at_work(p->options.server_pid);
}

const struct jam_owner play_jam_owner = {each_conn, owed, at_work, jammed};

static void limit_cuts(struct play *p) {
  if (p->cuts.n > p->cuts_left + 1) {
    p->cuts.ends[p->cuts_left] = p->batch.n;
    p->cuts.n = p->cuts_left + 1;
  }
  p->cuts_left -= p->cuts.n - 1;
}

static void flush(struct play *p) {
  const struct batch b = {buf_span(&p->batch), p->ends, p->nends};
  delivery_cut(p->options.delivery, &p->rng, &b, &p->cuts);
  if (p->options.delivery->kind->paced)
    limit_cuts(p);
  if (p->options.to->transport == TRANSPORT_TLS)
    delivery_record_ends(p->options.delivery, &b, &p->records);
  p->record = 0;
  p->cut = 0;
  p->flushing = true;
  if (p->jam)
    jam_hold(p->jam);
}

static void take_in_hand(struct play *p, struct span bytes) {
  p->in_hand = true;
  p->hand = bytes;
  p->hand_noted = 0;
}

/* Whether sealed records may still be cut, which costs as much as other cuts. */
static bool may_cut_wire(struct play *p, size_t records) {
  size_t cost = RECORD_CUTS * (records + p->hand.n / TLS_RECORD_MAX);
  bool may = p->options.delivery->kind->cut_wire && cost <= p->cuts_left &&
             conn_steps(p->batch_stream->conn) < PLAY_TCP_STEPS;
  if (may)
    p->cuts_left -= cost;
  return may;
}

/* Gives a chunk of the batch to the connection, on TLS as the records that the delivery makes. */
static void give_chunk(struct play *p, size_t from, size_t to) {
  const struct delivery_kind *kind = p->options.delivery->kind;
  struct conn *conn = p->batch_stream->conn;
  struct cuts *ends = &p->in_hand_records;
  take_in_hand(p, span_of(p->batch.p + from, to - from));
  if (p->options.to->transport != TRANSPORT_TLS) {
    conn_send(conn, p->hand, kind->paced);
    return;
  }
  ends->n = 0;
  for (; p->record < p->records.n && p->records.ends[p->record] <= to; p->record++)
    cuts_add(ends, p->records.ends[p->record] - from);
  cuts_add(ends, to - from);
  const struct conn_records records = {p->hand, ends->ends, ends->n, kind->paced,
                                       may_cut_wire(p, ends->n) ? kind->cut_wire : NULL};
  conn_send_records(conn, &records);
}

/* Gives the next chunk to the connection; false when the batch is done. A server that has closed
 * takes nothing more, which its expectations judge. */
static bool send_chunk(struct play *p) {
  struct stream *s = p->batch_stream;
  if (p->options.delivery->kind->acts_between && p->cut > 0 && p->cut < p->cuts.n && !p->acted &&
      p->acts < PLAY_ACTS) {
    p->acts++;
    p->acted = true;
    act_aside(p, play_advance);
    return true;
  }
  p->acted = false;
  if (p->cut < p->cuts.n && s->state == STREAM_OPEN && !conn_broken(s->conn)) {
    size_t from = p->cut ? p->cuts.ends[p->cut - 1] : 0;
    if (conn_steps(s->conn) >= PLAY_TCP_STEPS)
      p->cut = p->cuts.n - 1;
    size_t to = p->cuts.ends[p->cut++];
    give_chunk(p, from, to);
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
  if (p->batch.n && (p->batch_stream != s || pattern_uses_capture(step->pattern))) {
    flush(p);
    return GO_ON;
  }
  if (play_in_debt(p, pipelines && !pattern_uses_capture(step->pattern) ? s : NULL))
    return WAIT;
  if (s->state == STREAM_NEW)
    play_open(p, s);
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

static void half_close(struct play *p, struct stream *s) {
  if (s->state == STREAM_OPEN) {
    conn_half_close(s->conn);
    play_note(p, TAPE_HALF_CLOSED, s->id, (struct span){0});
  }
  s->half_closed = true;
}

static enum advance do_control(struct play *p, const struct step *step) {
  struct stream *s = &p->streams[step->conn];
  if (p->batch.n) {
    flush(p);
    return GO_ON;
  }
  if (play_in_debt(p, NULL))
    return WAIT;
  switch (step->kind) {
  case STEP_CONNECT:
    stream_restart(s);
    play_open(p, s);
    break;
  case STEP_HALF_CLOSE:
    if (s->state == STREAM_NEW)
      play_open(p, s);
    half_close(p, s);
    break;
  default:
    play_note(p, TAPE_CLOSED, s->id, (struct span){0});
    stream_drop(s);
    break;
  }
  p->progress++;
  cursor_next(&p->script);
  return GO_ON;
}

static enum advance do_pause(struct play *p) {
  if (p->batch.n) {
    flush(p);
    return GO_ON;
  }
  if (play_in_debt(p, NULL))
    return WAIT;
  p->pause_at = NULL;
  p->options.pause(p->options.pause_arg);
  p->progress++;
  return GO_ON;
}

static enum advance do_step(struct play *p, const struct step *step) {
  if (step->kind == STEP_SEND)
    return do_send(p, step);
  if (!step_expects(step))
    return do_control(p, step);
  struct stream *s = &p->streams[step->conn];
  if (s->state == STREAM_NEW)
    play_open(p, s);
  s->needed++;
  cursor_next(&p->script);
  return GO_ON;
}

static void send_fence(struct play *p, struct stream *s) {
  stream_fence(s->id, p->fence);
  p->batch_stream = s;
  s->proof = PROOF_FENCE_SENT;
  take_in_hand(p, span_of(p->fence, sizeof p->fence));
  conn_send(s->conn, p->hand, false);
}

/* Whether the server is to end the stream by itself, or may. */
static bool server_may_close(const struct session *session, unsigned conn) {
  const struct step *last = NULL;
  for (size_t i = 0; i < session->nsteps; i++)
    if (session->steps[i].conn == conn && session->steps[i].kind != STEP_LOOP &&
        session->steps[i].kind != STEP_LOOP_END)
      last = &session->steps[i];
  if (!last || last->kind != STEP_EXPECT_EITHER)
    return last && last->kind == STEP_EXPECT_CLOSED;
  for (size_t i = 0; i < last->choice->n; i++) {
    const struct sequence *q = &last->choice->alternatives[i];
    if (q->n && !q->items[q->n - 1].pattern)
      return true;
  }
  return false;
}

/* Whether the delivery ends the client's side early. On TLS that is said in bytes: a server that
 * closes by itself does not read them, so that its kernel resets the connection and drops the
 * answers that are on their way, which is nobody's fault. */
static bool ends_early(const struct play *p, const struct stream *s) {
  return p->options.delivery->kind->half_closes && s->state == STREAM_OPEN && !s->half_closed &&
         !(p->options.to->transport == TRANSPORT_TLS &&
           server_may_close(p->options.session, s->id));
}

/* Proves on one stream after another that nothing follows; true when that is done for all. */
static bool prove_end(struct play *p) {
  const struct session *session = p->options.session;
  for (unsigned i = 0; i < session->nconns; i++)
    if (ends_early(p, &p->streams[i]))
      half_close(p, &p->streams[i]);
  if (play_in_debt(p, NULL))
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
      half_close(p, s);
    return false;
  }
  return true;
}

static enum advance advance_once(struct play *p) {
  if (p->flushing)
    return send_chunk(p) ? WAIT : GO_ON;
  const struct step *step = cursor_step(&p->script);
  if (step && p->pause_at && step >= p->pause_at) /* later ones when it opens a loop */
    return do_pause(p);
  if (step)
    return do_step(p, step);
  if (p->batch.n) {
    flush(p);
    return GO_ON;
  }
  if (prove_end(p))
    play_finish(p);
  return WAIT;
}

void play_advance(struct play *p) {
  while (!p->in_hand && !bystander_acts(p->bystander) && advance_once(p) == GO_ON)
    continue;
  if (p->jam && !p->finished && !bystander_acts(p->bystander))
    jam_watch(p->jam);
}
