/* A connection of a replay: sends what the client sent, and holds what comes against what came
 * then. How it ends follows what was recorded, when all before that is done. Internal to the run
 * layer. */
#ifndef RUN_REPLAY_TALK_H
#define RUN_REPLAY_TALK_H

#include "mcbp/frame.h"
#include "net/conn.h"
#include "run/ledger.h"
#include "run/replay.h"

struct replay_talk;

/* What the connections of a replay have in common. */
struct replay_all {
  struct event_base *base;
  const struct addr *to;
  struct replay_counts *counts;
  struct cas_map *cas;
  uint64_t progress;         /* goes up with every byte that is sent or comes, and every end */
  size_t awaiting;           /* connections that await something */
  size_t busy;               /* those on which not all requests are known to be done */
  size_t told;               /* bytes that were recorded of answers and have not come */
  size_t unsent;             /* bytes that are to be sent and that no socket has taken */
  struct replay_talk *wrong; /* the first that went wrong */
  struct replay_talk *over;  /* those that are over and not freed, by their `next` */
};

struct replay_talk {
  unsigned number; /* c1, .. */
  struct replay_all *all;
  struct conn *conn;
  struct ledger ledger;
  struct buf asked;     /* by the client, and not a whole request yet */
  bool lost;            /* what it asks from here on is none */
  uint32_t loud;        /* requests so far that always have exactly one answer */
  uint32_t last;        /* the last request is done when so many such answers have come.. */
  bool odd;             /* .. which does not hold, since there are others that nobody can count */
  struct buf out, hand; /* to be sent, and what the connection has in hand */
  bool waits;           /* `out` is to be flushed, and the replay knows */
  bool sending;
  bool leaves;       /* the client reads no more when what was told has come */
  bool ends;         /* it ends its side.. */
  uint64_t then;     /* .. when so much of what was told has come */
  bool ended;        /* it has */
  bool held, closed; /* no more is read; the server has closed */
  bool over;
  struct replay_talk *next;
  /* As they count in `all`. */
  bool busy;   /* not all that was asked is done */
  bool awaits; /* something that was recorded of the server has not come */
  size_t told;
  uint64_t answers;
};

struct replay_talk *replay_talk_new(struct replay_all *all, unsigned number);
void replay_talk_free(struct replay_talk *t);

/* What the client sends next, when it is flushed: a request, or (NULL) bytes that are none. Returns
 * where it begins in `out`. */
size_t replay_talk_ask(struct replay_talk *t, const struct frame *request, struct span bytes);
/* Whether the request is done after which `last` was this. */
bool replay_talk_has_done(const struct replay_talk *t, uint32_t last);
/* Gives to the connection what is to be sent, as far as it takes it now. */
void replay_talk_flush(struct replay_talk *t);

/* What was recorded of the server's side, and its end. */
void replay_talk_tell(struct replay_talk *t, struct span bytes, uint64_t usec);
void replay_talk_tell_end(struct replay_talk *t, uint64_t usec);

/* The client ends its side, or reads no more at all, behind what is to be sent and with what was
 * told so far. */
void replay_talk_end(struct replay_talk *t);
void replay_talk_leave(struct replay_talk *t);

/* Whether all has been sent, or can't be any more. */
bool replay_talk_is_sent(const struct replay_talk *t);

#endif
