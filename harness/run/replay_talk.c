#include "run/replay_talk.h"

#include <stdlib.h>

#include "base/check.h"
#include "mcbp/quiet.h"

/* No more is read ahead than this; the rest waits in the kernel. */
enum { AHEAD_MAX = 16 << 20 };

static size_t come_bytes(const struct replay_talk *t) {
  return queue_span(&t->ledger.come).n;
}

static void end_in_time(struct replay_talk *t) {
  const struct ledger *l = &t->ledger;
  bool sent = !t->sending && t->out.n == 0;
  if (t->ends && sent && l->met >= t->then && !t->ended && !t->closed && !conn_broken(t->conn)) {
    t->ended = true;
    conn_half_close(t->conn);
  }
  bool left = t->leaves && replay_talk_is_sent(t);
  if (!t->over && l->state == LEDGER_EVEN && (left || (l->told_end && l->come_end))) {
    t->over = true;
    t->next = t->all->over;
    t->all->over = t;
  }
}

static void set_busy(struct replay_talk *t, bool busy) {
  t->all->busy += (size_t)busy - t->busy;
  t->busy = busy;
}

/* The numbers go around. */
bool replay_talk_has_done(const struct replay_talk *t, uint32_t last) {
  return !t->odd && (int32_t)(t->ledger.loud - last) >= 0;
}

/* Takes in what a change of the ledger means for the whole. */
static void settle(struct replay_talk *t) {
  struct replay_all *all = t->all;
  size_t told = queue_span(&t->ledger.told).n;
  bool awaits = t->ledger.state == LEDGER_AWAITS;
  all->told += told - t->told;
  all->awaiting += (size_t)awaits - t->awaits;
  all->counts->answers += t->ledger.answers - t->answers;
  set_busy(t, !replay_talk_has_done(t, t->last));
  t->told = told;
  t->awaits = awaits;
  t->answers = t->ledger.answers;
  if (ledger_is_wrong(&t->ledger) && !all->wrong)
    all->wrong = t;
  if (t->held && come_bytes(t) <= AHEAD_MAX / 2) {
    t->held = false;
    conn_let_go(t->conn, 0);
  }
  end_in_time(t);
}

static void on_data(void *arg, struct conn *c, struct span bytes) {
  struct replay_talk *t = arg;
  t->all->progress++;
  t->all->counts->bytes[1] += bytes.n;
  ledger_come(&t->ledger, bytes);
  if (come_bytes(t) > AHEAD_MAX) {
    t->held = true;
    conn_hold(c);
  }
  settle(t);
}

static void on_sent(void *arg, struct conn *c) {
  struct replay_talk *t = arg;
  (void)c;
  t->all->progress++;
  t->all->counts->bytes[0] += t->hand.n;
  t->all->unsent -= t->hand.n;
  t->sending = false;
  replay_talk_flush(t);
  end_in_time(t);
}

static void drop_unsent(struct replay_talk *t) {
  t->all->unsent -= t->out.n + (t->sending ? t->hand.n : 0);
  t->sending = false;
  buf_reset(&t->out);
}

static void on_close(void *arg, struct conn *c, enum conn_end end) {
  struct replay_talk *t = arg;
  (void)c, (void)end;
  t->all->progress++;
  t->closed = true;
  drop_unsent(t);
  ledger_come_end(&t->ledger);
  settle(t);
}

static void on_progress(void *arg, struct conn *c) {
  struct replay_talk *t = arg;
  (void)c;
  t->all->progress++;
}

static const struct conn_handler handler = {on_data, on_sent, on_close, on_progress};

struct replay_talk *replay_talk_new(struct replay_all *all, unsigned number) {
  struct replay_talk *t = xcalloc(1, sizeof *t);
  t->number = number;
  t->all = all;
  ledger_init(&t->ledger, all->cas);
  buf_init(&t->asked, SIZE_MAX / 2);
  buf_init(&t->out, SIZE_MAX / 2);
  buf_init(&t->hand, SIZE_MAX / 2);
  t->conn = conn_new(all->base, all->to, &handler, t);
  return t;
}

void replay_talk_free(struct replay_talk *t) {
  if (!t)
    return;
  drop_unsent(t);
  set_busy(t, false);
  t->all->told -= t->told;
  t->all->awaiting -= t->awaits;
  conn_free(t->conn);
  ledger_fini(&t->ledger);
  buf_fini(&t->asked);
  buf_fini(&t->out);
  buf_fini(&t->hand);
  free(t);
}

/* Stock commands from `get` to `sasl_step` have one answer at the end, or are quiet. A quiet one is
 * done when a later one has been answered. */
static void count_request(struct replay_talk *t, const struct frame *request) {
  enum { SASL_STEP = 0x22 };
  if (!request || request->h.magic != MAGIC_REQUEST || request->h.opcode > SASL_STEP)
    t->odd = true;
  else if (opcode_is_quiet(DIALECT_STOCK, request->h.opcode))
    t->last = t->loud + 1;
  else
    t->last = ++t->loud;
  set_busy(t, true);
}

size_t replay_talk_ask(struct replay_talk *t, const struct frame *request, struct span bytes) {
  size_t at = t->out.n;
  count_request(t, request);
  buf_add_span(&t->out, bytes);
  t->all->unsent += bytes.n;
  return at;
}

void replay_talk_flush(struct replay_talk *t) {
  if (t->sending || t->out.n == 0)
    return;
  if (t->closed || conn_broken(t->conn)) {
    drop_unsent(t);
    return;
  }
  struct buf sent = t->hand;
  t->hand = t->out;
  t->out = sent;
  buf_reset(&t->out);
  t->sending = true;
  conn_send(t->conn, buf_span(&t->hand), false);
}

void replay_talk_tell(struct replay_talk *t, struct span bytes, uint64_t usec) {
  ledger_tell(&t->ledger, bytes, usec);
  settle(t);
}

void replay_talk_tell_end(struct replay_talk *t, uint64_t usec) {
  ledger_tell_end(&t->ledger, usec);
  settle(t);
}

void replay_talk_end(struct replay_talk *t) {
  t->ends = true;
  t->then = t->ledger.told_all;
  replay_talk_flush(t);
  end_in_time(t);
}

void replay_talk_leave(struct replay_talk *t) {
  t->leaves = true;
  replay_talk_flush(t);
  end_in_time(t);
}

bool replay_talk_is_sent(const struct replay_talk *t) {
  return t->closed || conn_broken(t->conn) || (!t->sending && t->out.n == 0);
}
