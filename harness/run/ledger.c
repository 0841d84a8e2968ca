#include "run/ledger.h"

#include "mcbp/quiet.h"
#include "run/replay_answer.h"
#include "session/freedom.h"

enum { CAS_AT = 16 };

/* Bytes up to `end`, counted as told_all, were recorded then. */
struct ledger_time {
  uint64_t end, usec;
};

void ledger_init(struct ledger *l, struct cas_map *cas) {
  *l = (struct ledger){.cas = cas};
  queue_init(&l->told);
  queue_init(&l->times);
  queue_init(&l->come);
}

void ledger_fini(struct ledger *l) {
  queue_fini(&l->told);
  queue_fini(&l->times);
  queue_fini(&l->come);
}

/* Counts bytes of `told` as come. */
static void meet(struct ledger *l, size_t n) {
  queue_take(&l->told, n);
  l->met += n;
}

/* What has come: waiting, or in hand when nothing else waits. */
static struct span come_now(const struct ledger *l) {
  return l->hand.n ? l->hand : queue_span(&l->come);
}

static void take(struct ledger *l, size_t n) {
  if (l->hand.n)
    l->hand = span_from(l->hand, n);
  else
    queue_take(&l->come, n);
  l->off += n;
}

/* Compares raw bytes as far as both are there. */
static enum ledger_state compare_raw(struct ledger *l, struct span told, struct span come) {
  size_t n = told.n < come.n ? told.n : come.n;
  if (n && memcmp(told.p, come.p, n) != 0)
    return LEDGER_DIFFERS;
  meet(l, n);
  take(l, n);
  return n < told.n ? LEDGER_AWAITS : LEDGER_EVEN;
}

/* Whether an answer has come with the very bytes that were recorded, but for its CAS: most do. */
static bool came_alike(const struct frame *told, const uint8_t *recorded, struct span come) {
  return come.n >= told->len && memcmp(recorded, come.p, CAS_AT) == 0 &&
         !told->h.cas == !be_get(come.p + CAS_AT, 8) &&
         memcmp(recorded + HEADER_BYTES, come.p + HEADER_BYTES, told->len - HEADER_BYTES) == 0;
}

static enum ledger_state came(struct ledger *l, const struct frame *told, uint64_t cas,
                              size_t bytes) {
  bool answer = frame_is_answer(told);
  if (told->h.cas && answer)
    cas_map_put(l->cas, told->h.cas, cas);
  l->answers++;
  l->loud += answer && !opcode_is_quiet(DIALECT_STOCK, told->h.opcode);
  l->figures = false;
  meet(l, told->len);
  take(l, bytes);
  return LEDGER_EVEN;
}

/* Compares what has come with a whole frame that was recorded. */
static enum ledger_state compare_frame(struct ledger *l, const struct frame *told) {
  const uint8_t *recorded = queue_span(&l->told).p;
  for (;;) {
    struct span come = come_now(l);
    struct frame now;
    if (frame_is_answer(told) && came_alike(told, recorded, come))
      return came(l, told, be_get(come.p + CAS_AT, 8), told->len);
    enum frame_cut cut = come.n ? frame_cut(come, &now) : FRAME_SHORT;
    if (cut == FRAME_SHORT)
      return LEDGER_AWAITS;
    if (cut != FRAME_WHOLE)
      return LEDGER_DIFFERS;
    if (!l->figures || !frame_is_figure(&now))
      return replay_answer_same(told, span_of(recorded, told->len), &now,
                                span_sub(come, 0, now.len))
                 ? came(l, told, now.h.cas, now.len)
                 : LEDGER_DIFFERS;
    take(l, now.len);
  }
}

/* Compares the first that was recorded; EVEN also when it is not whole yet: `*more` is false then.
 */
static enum ledger_state compare_first(struct ledger *l, bool *more) {
  struct span told = queue_span(&l->told);
  struct frame f;
  enum frame_cut cut = l->raw ? FRAME_NOT : frame_cut(told, &f);
  l->raw = cut == FRAME_NOT || (cut == FRAME_SHORT && l->told_end);
  *more = l->raw || cut == FRAME_WHOLE;
  if (l->raw)
    return compare_raw(l, told, come_now(l));
  if (cut == FRAME_SHORT)
    return LEDGER_EVEN;
  if (!frame_is_figure(&f))
    return compare_frame(l, &f);
  l->figures = true;
  l->answers++;
  meet(l, f.len);
  return LEDGER_EVEN;
}

static enum ledger_state at_end(const struct ledger *l) {
  if (!l->told_end)
    return LEDGER_EVEN;
  if (!l->come_end)
    return LEDGER_AWAITS;
  return come_now(l).n ? LEDGER_MORE : LEDGER_EVEN;
}

/* Forgets when what has come was recorded, but for the last. */
static void forget_times(struct ledger *l) {
  const size_t size = sizeof(struct ledger_time);
  struct ledger_time first;
  for (struct span times = queue_span(&l->times); times.n > size; times = queue_span(&l->times)) {
    memcpy(&first, times.p, size);
    if (first.end > l->met)
      return;
    queue_take(&l->times, size);
  }
}

uint64_t ledger_usec(const struct ledger *l) {
  struct ledger_time first = {0};
  if (queue_span(&l->times).n)
    memcpy(&first, queue_span(&l->times).p, sizeof first);
  return first.usec;
}

static void go_on(struct ledger *l) {
  bool more = true;
  l->state = LEDGER_EVEN;
  while (more && l->state == LEDGER_EVEN && queue_span(&l->told).n)
    l->state = compare_first(l, &more);
  if (l->state == LEDGER_EVEN && queue_span(&l->told).n == 0)
    l->state = at_end(l);
  else if (l->state == LEDGER_AWAITS && l->come_end)
    l->state = LEDGER_CLOSED;
  forget_times(l);
}

void ledger_tell(struct ledger *l, struct span bytes, uint64_t usec) {
  if (ledger_is_wrong(l))
    return;
  l->told_all += bytes.n;
  const struct ledger_time time = {l->told_all, usec};
  queue_add(&l->told, bytes);
  queue_add(&l->times, span_of(&time, sizeof time));
  go_on(l);
}

void ledger_tell_end(struct ledger *l, uint64_t usec) {
  if (ledger_is_wrong(l))
    return;
  const struct ledger_time time = {UINT64_MAX, usec};
  l->told_end = true;
  queue_add(&l->times, span_of(&time, sizeof time));
  go_on(l);
}

void ledger_come(struct ledger *l, struct span bytes) {
  if (ledger_is_wrong(l))
    return;
  if (queue_span(&l->come).n)
    queue_add(&l->come, bytes);
  else
    l->hand = bytes;
  go_on(l);
  queue_add(&l->come, l->hand); /* most of the time nothing is left to copy */
  l->hand = (struct span){0};
}

void ledger_come_end(struct ledger *l) {
  l->come_end = true;
  if (!ledger_is_wrong(l))
    go_on(l);
}
