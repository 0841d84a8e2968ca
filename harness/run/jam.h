/* A slow reader: holds a play's connections back until the server can send no more, then lets them
 * read in dribbles. That the server can do no more is seen in the queues of the sockets: what has
 * come and is not read, and what was sent and the server has not read, stay the same over several
 * looks a pacing step apart. A look too early makes the jam smaller and no verdict wrong. Internal
 * to the run layer. */
#ifndef RUN_JAM_H
#define RUN_JAM_H

#include "base/rng.h"
#include "net/conn.h"

struct event_base;
struct jam;

/* The connections of a play; called when one is looked at. */
struct jam_owner {
  /* Calls `each` for every open connection. */
  void (*conns)(void *owner, void (*each)(void *arg, struct conn *c), void *arg);
  /* The queues have stood still: the owner calls jam_drain, now or later. */
  void (*jammed)(void *owner);
};

struct jam *jam_new(struct event_base *base, const struct jam_owner *owner, void *arg,
                    uint64_t seed);
void jam_free(struct jam *j);

/* Holds all connections; something is going to be sent. */
void jam_hold(struct jam *j);
/* The play waits: begins to look at the queues, unless it does so already or is draining. */
void jam_watch(struct jam *j);
/* Lets all connections read in dribbles. */
void jam_drain(struct jam *j);
/* Bytes have come on a connection: chooses how many are read next. */
void jam_read(struct jam *j, struct conn *c);

#endif
