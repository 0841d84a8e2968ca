#include "run/replay.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/vec.h"
#include "run/cas_map.h"
#include "run/clock.h"
#include "run/replay_answer.h"
#include "run/replay_talk.h"
#include "session/freedom.h"
#include "session/render.h"

enum { TICK_MS = 200, BATCH_MAX = 256 << 10, CAS_AT = 16 };

struct replay {
  const struct replay_config *config;
  struct replay_counts *counts;
  struct buf *what;
  struct event_base *base;
  struct event *tick, *pace;
  struct cas_map *cas;
  struct vec talks;   /* of struct replay_talk *, by the capture's connection; NULL: it is over */
  struct vec waiting; /* of size_t: connections that have something to send */
  uint64_t progress, seen;
  unsigned idle_ms;
  bool differs, overdue, due;
  uint64_t began, first; /* now, and in the capture */
  uint64_t usec;         /* of the event in hand, since the first */
};

static struct replay_talk *talk_of(const struct replay *r, size_t conn) {
  return *(struct replay_talk **)vec_at(&r->talks, conn);
}

static void drop(struct replay *r, size_t conn) {
  replay_talk_free(talk_of(r, conn));
  *(struct replay_talk **)vec_at(&r->talks, conn) = NULL;
}

static void tick_cb(evutil_socket_t fd, short what, void *arg) {
  struct replay *r = arg;
  (void)fd, (void)what;
  r->idle_ms = r->progress == r->seen ? r->idle_ms + TICK_MS : 0;
  r->seen = r->progress;
  r->overdue = r->idle_ms >= r->config->timeout_ms;
  r->config->on_progress(r->config->arg, r->counts);
}

static void due_cb(evutil_socket_t fd, short what, void *arg) {
  struct replay *r = arg;
  (void)fd, (void)what;
  r->due = true;
}

static void turn(struct replay *r) {
  event_base_loop(r->base, EVLOOP_ONCE);
}

/* Begins a wait, which has the whole time. */
static void fresh_deadline(struct replay *r) {
  r->idle_ms = 0;
  r->overdue = false;
}

static void flush_all(struct replay *r) {
  for (size_t i = 0; i < r->waiting.n; i++) {
    struct replay_talk *t = talk_of(r, *(size_t *)vec_at(&r->waiting, i));
    if (t)
      replay_talk_flush(t);
  }
  r->waiting.n = 0;
}

/* Waits until it is time for the event in hand. */
static void keep_pace(struct replay *r) {
  if (r->config->pace <= 0)
    return;
  uint64_t at = r->began + (uint64_t)((double)r->usec / r->config->pace), now = clock_usec();
  if (at <= now)
    return;
  const struct timeval tv = {(time_t)((at - now) / 1000000), (suseconds_t)((at - now) % 1000000)};
  flush_all(r);
  r->due = false;
  CHECK(event_add(r->pace, &tv) == 0);
  while (!r->due)
    turn(r);
  fresh_deadline(r);
}

static void differ(struct replay *r, const struct replay_talk *t, const char *how) {
  r->differs = true;
  buf_addf(r->what, "c%u, answer %llu, %.6f s into the capture: %s\n", t->number,
           (unsigned long long)r->counts->answers + 1, (double)r->usec * 1e-6, how);
}

/* Waits for `least` bytes or, when it is 0, a whole frame. False when these don't come. */
static bool await(struct replay *r, struct replay_talk *t, size_t least, struct frame *now) {
  flush_all(r);
  fresh_deadline(r);
  for (;;) {
    struct span in = replay_talk_in(t);
    bool there = least ? in.n >= least : in.n && frame_cut(in, now) != FRAME_SHORT;
    if (there || t->closed || r->overdue)
      return there;
    turn(r);
  }
}

static void differ_from(struct replay *r, const struct replay_talk *t, struct span recorded,
                        bool came) {
  differ(r, t,
         came        ? "differs"
         : t->closed ? "the server has closed the connection"
                     : "the server does not answer");
  replay_answer_explain(r->what, r->config->dialect, recorded, replay_talk_in(t), t->off,
                        t->number);
}

static void compare_frame(struct replay *r, struct replay_talk *t, const struct frame *f,
                          struct span recorded) {
  struct frame now = {0};
  if (frame_is_figure(f)) {
    t->figures = true;
    r->counts->answers++;
    return;
  }
  bool came = await(r, t, 0, &now);
  while (came && t->figures && now.len && frame_is_figure(&now)) {
    replay_talk_take(t, now.len);
    came = await(r, t, 0, &now);
  }
  t->figures = false;
  struct span in = span_sub(replay_talk_in(t), 0, now.len);
  if (!came || frame_cut(in, &now) != FRAME_WHOLE || !replay_answer_same(f, recorded, &now, in)) {
    differ_from(r, t, recorded, came);
    return;
  }
  if (f->h.cas && frame_is_answer(f))
    cas_map_put(r->cas, f->h.cas, now.h.cas);
  r->counts->answers++;
  replay_talk_take(t, now.len);
}

static void compare_raw(struct replay *r, struct replay_talk *t, struct span recorded) {
  bool came = await(r, t, recorded.n, NULL);
  if (!came || !span_eq(span_sub(replay_talk_in(t), 0, recorded.n), recorded))
    differ_from(r, t, recorded, came);
  else
    replay_talk_take(t, recorded.n);
}

static void told(struct replay *r, struct replay_talk *t, struct span bytes) {
  size_t done = 0;
  buf_add_span(&t->told, bytes);
  while (done < t->told.n && !r->differs) {
    struct span rest = span_from(buf_span(&t->told), done);
    struct frame f;
    enum frame_cut cut = t->lost[1] ? FRAME_NOT : frame_cut(rest, &f);
    if (cut == FRAME_SHORT)
      break;
    bool lost = cut == FRAME_NOT;
    t->lost[1] = lost;
    if (lost)
      compare_raw(r, t, rest);
    else
      compare_frame(r, t, &f, span_sub(rest, 0, f.len));
    done += lost ? rest.n : f.len;
  }
  buf_drop(&t->told, done);
}

/* A request, with the CAS of now. */
static void ask(struct replay *r, struct replay_talk *t, const struct frame *f, struct span bytes) {
  size_t at = t->out.n;
  buf_add_span(&t->out, bytes);
  if (f->h.cas)
    be_put(t->out.p + at + CAS_AT, 8, cas_map_get(r->cas, f->h.cas));
  r->counts->requests++;
}

static void asked(struct replay *r, struct replay_talk *t, size_t conn, struct span bytes) {
  size_t done = 0;
  keep_pace(r);
  buf_add_span(&t->asked, bytes);
  while (done < t->asked.n) {
    struct span rest = span_from(buf_span(&t->asked), done);
    struct frame f;
    enum frame_cut cut = t->lost[0] ? FRAME_NOT : frame_cut(rest, &f);
    if (cut == FRAME_SHORT)
      break;
    bool lost = cut == FRAME_NOT;
    t->lost[0] = lost;
    if (lost)
      buf_add_span(&t->out, rest);
    else
      ask(r, t, &f, span_sub(rest, 0, f.len));
    done += lost ? rest.n : f.len;
  }
  buf_drop(&t->asked, done);
  *(size_t *)vec_push(&r->waiting) = conn;
  if (t->out.n >= BATCH_MAX || r->config->pace > 0)
    flush_all(r);
}

/* What is not whole when a side ends is sent, and held against what has come, as it is. */
static void finish_side(struct replay *r, struct replay_talk *t, bool from_server) {
  if (from_server && t->told.n)
    compare_raw(r, t, buf_span(&t->told));
  else if (!from_server)
    buf_add_span(&t->out, buf_span(&t->asked));
  buf_reset(from_server ? &t->told : &t->asked);
}

/* The server has ended its side, or reset the connection. */
static void server_ended(struct replay *r, size_t conn) {
  struct replay_talk *t = talk_of(r, conn);
  finish_side(r, t, true);
  flush_all(r);
  fresh_deadline(r);
  while (!r->differs && !t->closed && !r->overdue)
    turn(r);
  if (!r->differs && !t->closed)
    differ(r, t, "the server does not close the connection");
  else if (!r->differs && replay_talk_in(t).n) {
    differ(r, t, "more has come before the server closed:");
    buf_addf(r->what, "    actual    c%u < ", t->number);
    render_brief(r->what, r->config->dialect, false, replay_talk_in(t));
    buf_add_byte(r->what, '\n');
  } else {
    drop(r, conn);
  }
}

/* The client reads no more. */
static void client_gone(struct replay *r, size_t conn) {
  struct replay_talk *t = talk_of(r, conn);
  flush_all(r);
  fresh_deadline(r);
  while (!replay_talk_is_sent(t) && !r->overdue)
    turn(r);
  drop(r, conn);
}

static void open_talk(struct replay *r) {
  unsigned number = (unsigned)r->talks.n + 1;
  keep_pace(r);
  *(struct replay_talk **)vec_push(&r->talks) =
      replay_talk_new(r->base, r->config->to, number, &r->progress, r->counts->bytes);
  r->counts->conns++;
}

static void play(struct replay *r, const struct capture_event *e) {
  if (r->counts->conns == 0)
    r->first = e->usec;
  r->usec = e->usec > r->first ? e->usec - r->first : 0;
  if (e->what == CAPTURE_OPENED) {
    open_talk(r);
    return;
  }
  struct replay_talk *t = talk_of(r, e->conn);
  if (!t)
    return;
  if (e->what == CAPTURE_LOST) {
    client_gone(r, e->conn);
  } else if (e->what != CAPTURE_DATA && e->from_server) {
    server_ended(r, e->conn);
  } else if (e->what != CAPTURE_DATA) {
    keep_pace(r);
    finish_side(r, t, false);
    if (e->what == CAPTURE_RESET)
      client_gone(r, e->conn);
    else
      replay_talk_end(t);
  } else if (e->from_server) {
    told(r, t, e->bytes);
  } else {
    asked(r, t, e->conn, e->bytes);
  }
}

static void set_up(struct replay *r) {
  const struct timeval tick = {0, TICK_MS * 1000};
  r->base = event_base_new();
  CHECK(r->base);
  r->tick = event_new(r->base, -1, EV_PERSIST, tick_cb, r);
  r->pace = evtimer_new(r->base, due_cb, r);
  CHECK(r->tick && r->pace && event_add(r->tick, &tick) == 0);
  r->cas = cas_map_new();
  vec_init(&r->talks, sizeof(struct replay_talk *));
  vec_init(&r->waiting, sizeof(size_t));
  r->began = clock_usec();
}

static void tear_down(struct replay *r) {
  for (size_t i = 0; i < r->talks.n; i++)
    replay_talk_free(talk_of(r, i));
  vec_fini(&r->talks);
  vec_fini(&r->waiting);
  cas_map_free(r->cas);
  event_free(r->tick);
  event_free(r->pace);
  event_base_free(r->base);
}

/* All that was asked is sent, answers or not. */
static void send_rest(struct replay *r) {
  flush_all(r);
  fresh_deadline(r);
  for (size_t i = 0; i < r->talks.n; i++)
    while (talk_of(r, i) && !replay_talk_is_sent(talk_of(r, i)) && !r->overdue)
      turn(r);
}

enum replay_end replay_run(const struct replay_config *config, struct replay_counts *counts,
                           struct buf *what, struct diag *diag) {
  struct replay r = {.config = config, .counts = counts, .what = what};
  struct capture_event e;
  enum capture_read read = CAPTURE_READ;
  *counts = (struct replay_counts){0};
  set_up(&r);
  while (!r.differs && (read = capture_next(config->capture, &e, diag)) == CAPTURE_READ)
    play(&r, &e);
  if (!r.differs && read == CAPTURE_END)
    send_rest(&r);
  tear_down(&r);
  return r.differs ? REPLAY_DIFFERS : read == CAPTURE_END ? REPLAY_SAME : REPLAY_BAD;
}
