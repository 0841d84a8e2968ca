#include "run/jam.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/check.h"

enum {
  STEP_US = 1000, /* between two looks .. */
  LOOKS = 10,     /* .. so many times the queues must stay the same */
  SOON_US = 300,  /* the same where so much has come that it may be all */
  SOON_LOOKS = 3,
  DELAYS = 50,     /* so many times in a row a server that is at work is waited for: one may be so
                      for ever */
  SMALL = 64,      /* reads of at most so many bytes .. */
  SMALL_READS = 48 /* .. and so many of them; then each bound is double the one before */
};

enum jam_state { JAM_FREE, JAM_HELD, JAM_WATCHED, JAM_DRAINED };

struct jam {
  const struct jam_owner *owner;
  void *arg;
  enum jam_state state;
  struct event *step;
  struct rng rng;
  uint64_t owed;   /* bytes */
  bool exact;      /* not more than that */
  uint64_t queues; /* all of them, folded */
  unsigned looks, delays, reads;
  size_t bound;
};

static void hold_one(void *arg, struct conn *c) {
  (void)arg;
  conn_hold(c);
}

static void let_go_one(void *arg, struct conn *c) {
  struct jam *j = arg;
  conn_let_go(c, 1 + rng_below(&j->rng, SMALL));
}

/* What one look sees. */
struct look {
  uint64_t queues; /* all of them, folded */
  uint64_t in;     /* bytes that have come */
  bool open;       /* all connections are: before, nothing can be jammed */
};

static void look_at_one(void *arg, struct conn *c) {
  struct look *look = arg;
  struct conn_queues q = conn_queues(c);
  look->queues = look->queues * 1000003u + (uint64_t)q.in * 31u + (uint64_t)q.out;
  look->in += (uint64_t)q.in;
  look->open &= conn_open(c);
}

static struct look look_at(struct jam *j) {
  struct look look = {.queues = 1, .open = true};
  j->owner->conns(j->arg, look_at_one, &look);
  return look;
}

static void arm(struct jam *j, long us) {
  struct timeval tv = {.tv_usec = us};
  CHECK(event_add(j->step, &tv) == 0);
}

static bool all_came(const struct jam *j, const struct look *now) {
  return now->open && j->exact && now->in >= j->owed;
}

static void jammed(struct jam *j) {
  j->state = JAM_HELD;
  event_del(j->step);
  j->owner->jammed(j->arg);
}

/* Whether the queues may stand still because the server has not had its turn: the looks begin
 * again.
 */
static bool delayed(struct jam *j) {
  if (j->delays == DELAYS || !j->owner->at_work(j->arg))
    return false;
  j->delays++;
  j->looks = 0;
  return true;
}

static void step_cb(evutil_socket_t fd, short what, void *arg) {
  struct jam *j = arg;
  (void)fd, (void)what;
  if (j->state != JAM_WATCHED)
    return;
  struct look now = look_at(j);
  bool still = now.open && now.queues == j->queues, soon = now.in >= j->owed;
  j->looks = still ? j->looks + 1 : 0;
  j->delays = still ? j->delays : 0;
  j->queues = now.queues;
  if (all_came(j, &now) || (j->looks >= (soon ? SOON_LOOKS : LOOKS) && !delayed(j)))
    jammed(j);
  else
    arm(j, soon ? SOON_US : STEP_US);
}

struct jam *jam_new(struct event_base *base, const struct jam_owner *owner, void *arg,
                    uint64_t seed) {
  struct jam *j = xcalloc(1, sizeof *j);
  j->owner = owner;
  j->arg = arg;
  j->rng = rng_of(seed);
  j->step = evtimer_new(base, step_cb, j);
  if (!j->step)
    DIE("no event");
  return j;
}

void jam_free(struct jam *j) {
  if (!j)
    return;
  event_free(j->step);
  free(j);
}

void jam_hold(struct jam *j) {
  j->state = JAM_HELD;
  event_del(j->step);
  j->owner->conns(j->arg, hold_one, NULL);
}

void jam_watch(struct jam *j) {
  if (j->state == JAM_FREE || j->state == JAM_DRAINED)
    return;
  j->state = JAM_WATCHED;
  j->looks = j->delays = 0;
  j->queues = 0;
  j->owed = j->owner->owed(j->arg, &j->exact);
  arm(j, 0);
}

void jam_came(struct jam *j) {
  if (j->state != JAM_WATCHED || !j->exact)
    return;
  struct look now = look_at(j);
  if (all_came(j, &now))
    jammed(j);
}

void jam_drain(struct jam *j) {
  j->state = JAM_DRAINED;
  j->reads = 0;
  j->bound = SMALL;
  j->owner->conns(j->arg, let_go_one, j);
}

void jam_read(struct jam *j, struct conn *c) {
  if (j->state != JAM_DRAINED)
    return;
  if (++j->reads > SMALL_READS && j->bound < (1u << 20))
    j->bound *= 2;
  conn_let_go(c, 1 + rng_below(&j->rng, j->bound));
}
