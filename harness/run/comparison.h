/* A comparison: what a baseline and a candidate answered to the same case, several times each, and
 * whether they differ.
 *
 * A round is a play on each of them, in the same key space and on servers of the same history. A
 * field in which the rounds of one side differ among themselves is volatile: a CAS, a statistic,
 * the time; the case left it open, or one of these rounds would have failed. All else must be the
 * same: every byte, how each connection ends, and in every round what the case came to. The first
 * rounds may be on servers that have played other cases; a difference in what the case leaves open
 * counts when it shows in the further rounds, which are on fresh ones. Pure. Internal to the run
 * layer. */
#ifndef RUN_COMPARISON_H
#define RUN_COMPARISON_H

#include "run/figures.h"
#include "run/tape.h"
#include "run/transcript.h"
#include "run/verdict.h"
#include "session/session.h"

enum {
  COMPARISON_FIRST = 2, /* rounds that every case has */
  COMPARISON_MOST = 6,
  COMPARISON_MAX = 256 << 20 /* bytes of a play's answers; more can't be compared */
};

struct played {
  struct transcript transcript;
  struct tape tape;
  struct verdict verdict;
  struct figures figures;
};

struct comparison {
  const struct session *session;
  struct played plays[COMPARISON_MOST][SIDES];
  size_t rounds; /* that have been played */
};

void comparison_init(struct comparison *c, size_t tape_max);
void comparison_fini(struct comparison *c);

/* Forgets all rounds. Borrows the session. */
void comparison_begin(struct comparison *c, const struct session *session);

struct finding {
  size_t last, rounds;    /* the last round that shows a difference, which is told; how many do */
  bool final;             /* no further round can excuse it: a crash, or one side alone fails the
                             case in every round */
  struct verdict verdict; /* a failure `difference`, or the error of a side that has crashed */
};

/* Whether the two differ in any round so far. The caller owns the finding's verdict. */
bool comparison_find(const struct comparison *c, struct finding *f);

/* What the rounds from `first` on cost on each side. */
void comparison_figures(const struct comparison *c, size_t first, struct figures f[SIDES]);

/* Whether both sides failed the case in the last round, in the same way. */
bool comparison_fails_alike(const struct comparison *c);

#endif
