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

/* Plays a job to its verdict, which the caller owns. `*kept` is the folder with what is kept of a
 * difference, which the caller frees, or NULL; `*alike` tells that the case failed on both in the
 * same way, which is a pass. */
struct verdict duel_play(struct duel *d, const struct job *job, char **kept, bool *alike);

#endif
