#include "run/replay.h"

#include <event2/event.h>
#include <sched.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/vec.h"
#include "run/cas_map.h"
#include "run/clock.h"
#include "run/precedence.h"
#include "run/replay_answer.h"
#include "run/replay_talk.h"
#include "session/render.h"

enum { TICK_MS = 200, CAS_AT = 16 };
/* Bytes: how many are gathered before they are sent, how far answers that were recorded may be
 * ahead of those that come, and how many may wait for sockets to take them. */
enum { BATCH = 16 << 10, AHEAD_MAX = 256 << 10, UNSENT_MAX = 1 << 20 };

struct replay {
  const struct replay_config *config;
  struct replay_all all;
  struct buf *what;
  struct precedence *order;
  struct event *tick, *pace;
  struct vec talks;   /* of struct replay_talk *, by the capture's connection; NULL: it is over */
  struct vec waiting; /* of size_t: connections that have something to send */
  uint64_t seen;      /* of the progress */
  unsigned idle_ms;
  bool overdue, due;
  bool stuck;            /* a wait was overdue; all ends */
  uint64_t began, first; /* now, and in the capture */
  uint64_t usec;         /* of the event in hand, since the first */
};

static struct replay_talk *talk_of(const struct replay *r, size_t conn) {
  return *(struct replay_talk **)vec_at(&r->talks, conn);
}

static void tick_cb(evutil_socket_t fd, short what, void *arg) {
  struct replay *r = arg;
  (void)fd, (void)what;
  r->idle_ms = r->all.progress == r->seen ? r->idle_ms + TICK_MS : 0;
  r->seen = r->all.progress;
  r->overdue = r->idle_ms >= r->config->timeout_ms;
  r->config->on_progress(r->config->arg, r->all.counts);
}

static void due_cb(evutil_socket_t fd, short what, void *arg) {
  struct replay *r = arg;
  (void)fd, (void)what;
  r->due = true;
}

static void flush_all(struct replay *r) {
  for (size_t i = 0; i < r->waiting.n; i++) {
    struct replay_talk *t = talk_of(r, *(size_t *)vec_at(&r->waiting, i));
    if (t) {
      t->waits = false;
      replay_talk_flush(t);
    }
  }
  r->waiting.n = 0;
}

/* Lets the connections do what they can, or (`wait`) first lets there be something. */
static void turn(struct replay *r, bool wait) {
  flush_all(r);
  event_base_loop(r->all.base, wait ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
  while (r->all.over) {
    struct replay_talk *t = r->all.over;
    r->all.over = t->next;
    *(struct replay_talk **)vec_at(&r->talks, t->number - 1) = NULL;
    replay_talk_free(t);
  }
}

/* Begins a wait, which has the whole time. */
static void begin_wait(struct replay *r) {
  r->idle_ms = 0;
  r->overdue = false;
}

/* Nothing is sent any more: another request might bring the answer that is to be told as missing.
 */
static bool is_over(const struct replay *r) {
  return r->stuck || r->all.wrong;
}

/* A turn of a wait; false when it is not to go on. */
static bool go_on(struct replay *r) {
  r->stuck |= r->overdue && r->all.progress == r->seen;
  if (is_over(r))
    return false;
  turn(r, true);
  return true;
}

/* Until all that was recorded so far has come. */
static void await_answers(struct replay *r) {
  begin_wait(r);
  while (r->all.awaiting && go_on(r))
    ;
}

/* Until there is not too much in memory; once that has to be waited for, until there is room for
 * many requests at once. What is not a whole answer yet comes with the capture. */
static void await_room(struct replay *r) {
  begin_wait(r);
  size_t most = AHEAD_MAX;
  while (((r->all.awaiting && r->all.told > most) || r->all.unsent > UNSENT_MAX) && go_on(r))
    most = AHEAD_MAX / 2;
}

/* Until nothing is left to do. */
static void await_end(struct replay *r) {
  begin_wait(r);
  while ((r->all.awaiting || r->all.unsent) && go_on(r))
    ;
}

/* Waits until it is time for the event in hand. */
static void keep_pace(struct replay *r) {
  if (r->config->pace <= 0)
    return;
  uint64_t at = r->began + (uint64_t)((double)r->usec / r->config->pace), now = clock_usec();
  if (at <= now)
    return;
  const struct timeval tv = {(time_t)((at - now) / 1000000), (suseconds_t)((at - now) % 1000000)};
  r->due = false;
  CHECK(event_add(r->pace, &tv) == 0);
  while (!r->due)
    turn(r, true);
}

/* A request in hand, and whose. */
struct asking {
  struct replay *replay;
  const struct replay_talk *own;
};

static bool is_done(void *arg, struct asker who) {
  const struct asking *a = arg;
  if (who.conn == ASKER_MANY)
    return a->replay->all.busy == a->own->busy;
  const struct replay_talk *t = talk_of(a->replay, who.conn - 1);
  return !t || replay_talk_has_done(t, who.seq);
}

static bool is_awaited(void *arg, struct asker who) {
  const struct asking *a = arg;
  if (who.conn == ASKER_MANY)
    return a->replay->all.awaiting > a->own->awaits;
  const struct replay_talk *t = talk_of(a->replay, who.conn - 1);
  return t && t->awaits && !replay_talk_has_done(t, who.seq);
}

/* Waits for what had been answered before the request, where the order can show. */
static void await_others(struct replay *r, const struct replay_talk *t, const struct touch *touch,
                         const struct precedence_judge *judge) {
  begin_wait(r);
  while (r->all.awaiting > t->awaits &&
         precedence_before(r->order, t->number, touch, judge).conn != ASKER_NOBODY && go_on(r))
    ;
}

static bool sends_ahead(const struct replay *r) {
  return !r->config->in_step && r->config->pace <= 0;
}

/* A request, with the CAS of now, which is known when all answers have come that may tell; or bytes
 * that are none (NULL). */
static void ask(struct replay *r, struct replay_talk *t, const struct frame *f, struct span bytes) {
  struct asking asking = {r, t};
  const struct precedence_judge judge = {is_done, is_awaited, &asking};
  const struct touch touch = precedence_touch(f);
  uint64_t cas = f ? f->h.cas : 0;
  if (!sends_ahead(r) || cas)
    await_answers(r);
  else
    await_others(r, t, &touch, &judge);
  if (is_over(r))
    return;
  size_t at = replay_talk_ask(t, f, bytes);
  if (cas)
    be_put(t->out.p + at + CAS_AT, 8, cas_map_get(r->all.cas, cas));
  precedence_note(r->order, (struct asker){t->number, t->last}, &touch, &judge);
  r->all.counts->requests += f != NULL;
  if (!t->waits)
    *(size_t *)vec_push(&r->waiting) = t->number - 1;
  t->waits = true;
}

/* Asks what is whole; returns how many bytes that is. */
static size_t ask_whole(struct replay *r, struct replay_talk *t, struct span bytes) {
  size_t done = 0;
  while (done < bytes.n && !is_over(r)) {
    struct span rest = span_from(bytes, done);
    struct frame f;
    enum frame_cut cut = t->lost ? FRAME_NOT : frame_cut(rest, &f);
    if (cut == FRAME_SHORT)
      break;
    bool lost = cut == FRAME_NOT;
    t->lost = lost;
    size_t n = lost ? rest.n : f.len;
    ask(r, t, lost ? NULL : &f, span_sub(rest, 0, n));
    done += n;
  }
  return done;
}

static void asked(struct replay *r, struct replay_talk *t, struct span bytes) {
  keep_pace(r);
  if (t->asked.n) {
    buf_add_span(&t->asked, bytes);
    buf_drop(&t->asked, ask_whole(r, t, buf_span(&t->asked)));
  } else {
    buf_add_span(&t->asked, span_from(bytes, ask_whole(r, t, bytes)));
  }
  if (!is_over(r) && (t->out.n >= BATCH || r->config->pace > 0))
    turn(r, false);
}

/* The client has ended its side or reads no more: what is not a whole request is sent as it is. */
static void client_ended(struct replay *r, struct replay_talk *t, bool leaves) {
  keep_pace(r);
  if (t->asked.n)
    ask(r, t, NULL, buf_span(&t->asked));
  buf_reset(&t->asked);
  if (leaves)
    replay_talk_leave(t);
  else
    replay_talk_end(t);
}

static void open_talk(struct replay *r) {
  unsigned number = (unsigned)r->talks.n + 1;
  keep_pace(r);
  *(struct replay_talk **)vec_push(&r->talks) = replay_talk_new(&r->all, number);
  r->all.counts->conns++;
}

static void play(struct replay *r, const struct capture_event *e) {
  if (r->all.counts->conns == 0)
    r->first = e->usec;
  r->usec = e->usec > r->first ? e->usec - r->first : 0;
  if (e->what == CAPTURE_OPENED) {
    open_talk(r);
    return;
  }
  struct replay_talk *t = talk_of(r, e->conn);
  if (!t || t->leaves || t->ledger.told_end)
    return;
  if (e->what == CAPTURE_LOST)
    replay_talk_leave(t);
  else if (e->what != CAPTURE_DATA && e->from_server)
    replay_talk_tell_end(t, r->usec);
  else if (e->what != CAPTURE_DATA)
    client_ended(r, t, e->what == CAPTURE_RESET);
  else if (e->from_server)
    replay_talk_tell(t, e->bytes, r->usec);
  else
    asked(r, t, e->bytes);
  await_room(r);
}

static void put_difference(const struct replay *r, const struct replay_talk *t, const char *how) {
  const struct ledger *l = &t->ledger;
  buf_addf(r->what, "c%u, answer %llu, %.6f s into the capture: %s\n", t->number,
           (unsigned long long)l->answers + 1, (double)ledger_usec(l) * 1e-6, how);
}

/* What has not come is what the frame that was recorded says, or the bytes that are none. */
static void explain(const struct replay *r, const struct replay_talk *t) {
  const struct ledger *l = &t->ledger;
  struct span told = queue_span(&l->told);
  struct frame f;
  if (!l->raw && frame_cut(told, &f) == FRAME_WHOLE)
    told = span_sub(told, 0, f.len);
  replay_answer_explain(r->what, r->config->dialect, told, queue_span(&l->come), l->off, t->number);
}

static void put_wrong(const struct replay *r, const struct replay_talk *t) {
  if (t->ledger.state == LEDGER_MORE) {
    put_difference(r, t, "more has come before the server closed:");
    buf_addf(r->what, "    actual    c%u < ", t->number);
    render_brief(r->what, r->config->dialect, false, queue_span(&t->ledger.come));
    buf_add_byte(r->what, '\n');
    return;
  }
  put_difference(
      r, t, t->ledger.state == LEDGER_DIFFERS ? "differs" : "the server has closed the connection");
  explain(r, t);
}

/* The first connection that the server owes something on, or else one that has not been sent. */
static const struct replay_talk *overdue_talk(const struct replay *r) {
  const struct replay_talk *unsent = NULL;
  for (size_t i = 0; i < r->talks.n; i++) {
    const struct replay_talk *t = talk_of(r, i);
    if (t && t->awaits)
      return t;
    if (t && !unsent && !replay_talk_is_sent(t))
      unsent = t;
  }
  CHECK(unsent);
  return unsent;
}

/* Nothing has moved for too long. */
static void put_overdue(const struct replay *r) {
  const struct replay_talk *t = overdue_talk(r);
  if (!t->awaits) {
    put_difference(r, t, "the server takes no more of what is sent");
  } else if (t->told) {
    put_difference(r, t, "the server does not answer");
    explain(r, t);
  } else {
    put_difference(r, t, "the server does not close the connection");
  }
}

/* While it sends ahead it is a batch job: when answers come it does not take a processor from the
 * server that makes the next ones. Where that is not allowed, it goes without. */
static void give_way(const struct replay *r, bool give) {
  const struct sched_param none = {0};
  if (sends_ahead(r))
    (void)sched_setscheduler(0, give ? SCHED_BATCH : SCHED_OTHER, &none);
}

static void set_up(struct replay *r) {
  const struct timeval tick = {0, TICK_MS * 1000};
  r->all.base = event_base_new();
  CHECK(r->all.base);
  r->tick = event_new(r->all.base, -1, EV_PERSIST, tick_cb, r);
  r->pace = evtimer_new(r->all.base, due_cb, r);
  CHECK(r->tick && r->pace && event_add(r->tick, &tick) == 0);
  r->all.cas = cas_map_new();
  r->order = precedence_new();
  vec_init(&r->talks, sizeof(struct replay_talk *));
  vec_init(&r->waiting, sizeof(size_t));
  give_way(r, true);
  r->began = clock_usec();
}

static void tear_down(struct replay *r) {
  give_way(r, false);
  for (size_t i = 0; i < r->talks.n; i++)
    replay_talk_free(talk_of(r, i));
  vec_fini(&r->talks);
  vec_fini(&r->waiting);
  cas_map_free(r->all.cas);
  precedence_free(r->order);
  event_free(r->tick);
  event_free(r->pace);
  event_base_free(r->all.base);
}

enum replay_end replay_run(const struct replay_config *config, struct replay_counts *counts,
                           struct buf *what, struct diag *diag) {
  struct replay r = {.config = config, .all = {.to = config->to, .counts = counts}, .what = what};
  struct capture_event e;
  enum capture_read read = CAPTURE_READ;
  *counts = (struct replay_counts){0};
  set_up(&r);
  while (!is_over(&r) && (read = capture_next(config->capture, &e, diag)) == CAPTURE_READ)
    play(&r, &e);
  if (!is_over(&r) && read == CAPTURE_END)
    await_end(&r);
  bool differs = is_over(&r);
  if (r.all.wrong)
    put_wrong(&r, r.all.wrong);
  else if (r.stuck)
    put_overdue(&r);
  tear_down(&r);
  return differs ? REPLAY_DIFFERS : read == CAPTURE_END ? REPLAY_SAME : REPLAY_BAD;
}
