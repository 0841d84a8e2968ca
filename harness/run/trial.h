/* Trials: a session played in this process, on a server that nothing has been played on (but for an
 * attached one), to see what it comes to. Owns its servers; blocks until a verdict is there. */
#ifndef RUN_TRIAL_H
#define RUN_TRIAL_H

#include "run/config.h"

struct trial;

/* `config` is borrowed; of it count the profile, the first transport and the limits. `index` tells
 * its key spaces from those of others on the same server. */
struct trial *trial_new(const struct run_config *config, unsigned index);
void trial_free(struct trial *t);

/* The caller owns the verdict; KIND_SETUP when no server could be had. `seed` is that of the
 * delivery's cuts. A report of a sanitizer is KIND_SANITIZER_REPORT, its tool, kind and function
 * the brief; leaks are told at a server's stop, and so are not seen. */
struct verdict trial_play(struct trial *t, const struct session *session,
                          const struct delivery *delivery, uint64_t seed);

#endif
