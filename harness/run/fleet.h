/* A worker's servers: one that cases share per transport, fresh ones for cases that need them, and
 * one started ahead so that a fresh one costs no waiting. Internal to the run layer. */
#ifndef RUN_FLEET_H
#define RUN_FLEET_H

#include "run/config.h"
#include "server/server.h"

struct fleet {
  const struct profile *profile;
  struct server *shared[TRANSPORTS], *spare[TRANSPORTS]; /* by transport */
};

void fleet_init(struct fleet *f, const struct profile *profile);

/* A server that is ready; NULL with the reason in `why`: a line, and behind it those of its log. */
struct server *fleet_take(struct fleet *f, enum transport t, const struct job *job,
                          struct buf *why);

/* After a case: `again` leaves a shared server to the next one, otherwise it is stopped. */
void fleet_give(struct fleet *f, enum transport t, struct server *s, bool again);

/* Stops all of them, without waiting for their end. */
void fleet_stop(struct fleet *f);

#endif
