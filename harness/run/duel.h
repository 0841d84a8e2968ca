/* A duel: one case played on a baseline and on a candidate, as often as it takes to say whether
 * they differ (see run/comparison.h).
 *
 * Both servers have the same history: what is played on one is played on the other, in the same key
 * space, and when one is replaced, so is the other. Two rounds are played on the servers that cases
 * share, or on fresh ones each where the case wants that. When something differs, further rounds
 * follow on fresh servers, a second later: what hangs on the process, the time or a race then
 * varies within the baseline, too. Owns its stages; the fleets are the caller's. Internal to the
 * run layer. */
#ifndef RUN_DUEL_H
#define RUN_DUEL_H

#include "run/comparison.h"
#include "run/fleet.h"

struct duel;

/* `fleets` are by enum side; borrowed. `index` as for stage_new. */
struct duel *duel_new(const struct run_config *config, struct fleet *fleets, unsigned index);
void duel_free(struct duel *d);

struct duel_outcome {
  struct verdict verdict;
  char *kept;                    /* the folder with what is kept of a difference, or NULL */
  bool alike;                    /* the case failed on both in the same way, which is a pass */
  struct figures figures[SIDES]; /* of the first rounds */
};

/* Plays a job to its verdict. The caller owns what is in the outcome. */
struct duel_outcome duel_play(struct duel *d, const struct job *job);

#endif
