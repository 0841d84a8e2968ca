/* A slow reader: holds a play's connections back until the server can send no more, then lets them
 * read in dribbles. The server can send no more when it has answered all, to the last byte, which
 * lies in the sockets' queues then. Where nobody knows how many bytes that will be, or they don't
 * come, it is seen in the queues: what has come and is not read, and what was sent and the server
 * has not read, stay the same over several looks a millisecond apart while the server has nothing
 * to do. A look too early makes the jam smaller and no verdict wrong. Internal to the run layer. */
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
  /* How many bytes the server owes; at least so many when they are not `exact`. UINT64_MAX while
   * nobody knows, because something is being sent. */
  uint64_t (*owed)(void *owner, bool *exact);
  /* Whether the server has something to do, so that queues that stand still say nothing. */
  bool (*at_work)(void *owner);
  /* The server can send no more: the owner calls jam_drain, now or later. Never called from inside
   * jam_watch. */
  void (*jammed)(void *owner);
};

struct jam *jam_new(struct event_base *base, const struct jam_owner *owner, void *arg,
                    uint64_t seed);
void jam_free(struct jam *j);

/* Holds all connections; something is going to be sent. */
void jam_hold(struct jam *j);
/* The play waits: begins to look at the queues, or begins again, unless it is draining. */
void jam_watch(struct jam *j);
/* Bytes have come that are held back. */
void jam_came(struct jam *j);
/* Lets all connections read in dribbles. */
void jam_drain(struct jam *j);
/* Bytes have come on a connection: chooses how many are read next. */
void jam_read(struct jam *j, struct conn *c);

#endif
