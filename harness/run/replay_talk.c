#include "run/replay_talk.h"

#include <stdlib.h>

#include "base/check.h"

/* No more is read ahead than this; the rest waits in the kernel. */
enum { AHEAD_MAX = 16 << 20, DROP_MIN = 64 << 10 };

static void on_data(void *arg, struct conn *c, struct span bytes) {
  struct replay_talk *t = arg;
  ++*t->progress;
  t->bytes[1] += bytes.n;
  buf_add_span(&t->in, bytes);
  t->held = t->in.n - t->at > AHEAD_MAX;
  if (t->held)
    conn_hold(c);
}

static void on_sent(void *arg, struct conn *c) {
  struct replay_talk *t = arg;
  (void)c;
  ++*t->progress;
  t->bytes[0] += t->hand.n;
  t->sending = false;
  replay_talk_flush(t);
}

static void on_close(void *arg, struct conn *c, enum conn_end end) {
  struct replay_talk *t = arg;
  (void)c, (void)end;
  ++*t->progress;
  t->closed = true;
  t->sending = false;
}

static void on_progress(void *arg, struct conn *c) {
  struct replay_talk *t = arg;
  (void)c;
  ++*t->progress;
}

static const struct conn_handler handler = {on_data, on_sent, on_close, on_progress};

struct replay_talk *replay_talk_new(struct event_base *base, const struct addr *to, unsigned number,
                                    uint64_t *progress, uint64_t bytes[2]) {
  struct replay_talk *t = xcalloc(1, sizeof *t);
  struct buf *bufs[] = {&t->asked, &t->told, &t->out, &t->hand, &t->in};
  for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
    buf_init(bufs[i], SIZE_MAX / 2);
  t->number = number;
  t->progress = progress;
  t->bytes = bytes;
  t->conn = conn_new(base, to, &handler, t);
  return t;
}

void replay_talk_free(struct replay_talk *t) {
  if (!t)
    return;
  struct buf *bufs[] = {&t->asked, &t->told, &t->out, &t->hand, &t->in};
  conn_free(t->conn);
  for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
    buf_fini(bufs[i]);
  free(t);
}

void replay_talk_flush(struct replay_talk *t) {
  if (t->sending || t->closed || conn_broken(t->conn))
    return;
  if (t->out.n) {
    struct buf sent = t->hand;
    t->hand = t->out;
    t->out = sent;
    buf_reset(&t->out);
    t->sending = true;
    conn_send(t->conn, buf_span(&t->hand), false);
  } else if (t->ends) {
    t->ends = false;
    conn_half_close(t->conn);
  }
}

void replay_talk_end(struct replay_talk *t) {
  t->ends = true;
  replay_talk_flush(t);
}

bool replay_talk_is_sent(const struct replay_talk *t) {
  return t->closed || conn_broken(t->conn) || (!t->sending && t->out.n == 0);
}

struct span replay_talk_in(const struct replay_talk *t) {
  return span_from(buf_span(&t->in), t->at);
}

void replay_talk_take(struct replay_talk *t, size_t n) {
  t->at += n;
  t->off += n;
  if (t->at == t->in.n || (t->at > DROP_MIN && t->at > t->in.n / 2)) {
    buf_drop(&t->in, t->at);
    t->at = 0;
  }
  if (t->held && t->in.n - t->at <= AHEAD_MAX / 2) {
    t->held = false;
    conn_let_go(t->conn, 0);
  }
}
