/* What was answered on a connection when it was recorded, against what is answered now: each answer
 * is compared as soon as both are there, in whatever pieces and however far apart the two come.
 *
 * Exact is every byte but for what the protocol leaves to the server (session/freedom.h) and a CAS,
 * which is any where there was one; which one is put into the map. Figures of `stat` are left out
 * on both sides. Bytes that are no frames, and what is not whole at the end, are compared as they
 * are. Memory is that of what one side is ahead of the other. Pure. Internal to the run layer. */
#ifndef RUN_LEDGER_H
#define RUN_LEDGER_H

#include "base/queue.h"
#include "run/cas_map.h"

enum ledger_state {
  LEDGER_EVEN,   /* all that was recorded so far has come */
  LEDGER_AWAITS, /* it has not */
  LEDGER_DIFFERS,
  LEDGER_CLOSED, /* the server has closed, and something was recorded that has not come */
  LEDGER_MORE    /* the server has closed, as it had, and more has come before */
};

struct ledger {
  struct cas_map *cas;     /* borrowed */
  struct queue told;       /* as recorded, what has not come yet */
  struct queue times;      /* when that was; of struct ledger_time in ledger.c */
  struct queue come;       /* what has come and is not compared yet */
  struct span hand;        /* what comes now, while ledger_come compares it where it is */
  uint64_t told_all, met;  /* bytes that were recorded, and of them, that have come */
  uint64_t off;            /* where `come` begins in all that has come */
  uint64_t answers;        /* that have come */
  uint32_t loud;           /* .. of them to requests that always have exactly one */
  bool raw;                /* what follows in `told` is no frames, or not whole */
  bool told_end, come_end; /* of the server's side */
  bool figures;            /* have been recorded, whose end has not come yet */
  enum ledger_state state;
};

void ledger_init(struct ledger *l, struct cas_map *cas);
void ledger_fini(struct ledger *l);

/* What was recorded, and when; and that the server closed or reset the connection then. */
void ledger_tell(struct ledger *l, struct span bytes, uint64_t usec);
void ledger_tell_end(struct ledger *l, uint64_t usec);
/* What comes now, and the end of that. */
void ledger_come(struct ledger *l, struct span bytes);
void ledger_come_end(struct ledger *l);

/* Once wrong it stays so, and takes in no more. Then `told` begins with what was to come, `come`
 * with what came. */
static inline bool ledger_is_wrong(const struct ledger *l) {
  return l->state >= LEDGER_DIFFERS;
}

/* When what is next in `told` was recorded, or the last of all that was. */
uint64_t ledger_usec(const struct ledger *l);

#endif
