#include "run/jam.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/check.h"

enum {
  STEP_US = 1000,
  LOOKS = 3,       /* that the queues must stay the same */
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
  uint64_t queues; /* at the last look */
  unsigned looks, reads;
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
  bool open;       /* all connections are: before, nothing can be jammed */
};

static void look_at_one(void *arg, struct conn *c) {
  struct look *look = arg;
  struct conn_queues q = conn_queues(c);
  look->queues = look->queues * 1000003u + (uint64_t)q.in * 31u + (uint64_t)q.out;
  look->open &= conn_open(c);
}

static void arm(struct jam *j) {
  struct timeval tv = {.tv_usec = STEP_US};
  CHECK(event_add(j->step, &tv) == 0);
}

static void step_cb(evutil_socket_t fd, short what, void *arg) {
  struct jam *j = arg;
  (void)fd, (void)what;
  if (j->state != JAM_WATCHED)
    return;
  struct look look = {1, true};
  j->owner->conns(j->arg, look_at_one, &look);
  j->looks = look.open && look.queues == j->queues ? j->looks + 1 : 0;
  j->queues = look.queues;
  if (j->looks < LOOKS) {
    arm(j);
    return;
  }
  j->state = JAM_HELD;
  j->owner->jammed(j->arg);
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
  if (j->state != JAM_HELD)
    return;
  j->state = JAM_WATCHED;
  j->looks = 0;
  j->queues = 0;
  arm(j);
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
