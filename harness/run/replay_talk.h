/* A connection of a replay: what is to be sent, and what has come and is not compared yet. Internal
 * to the run layer. */
#ifndef RUN_REPLAY_TALK_H
#define RUN_REPLAY_TALK_H

#include "base/buf.h"
#include "net/conn.h"

struct replay_talk {
  unsigned number; /* c1, .. */
  struct conn *conn;
  struct buf asked, told; /* as recorded, of frames that are not whole */
  bool lost[2];           /* the rest of what was recorded of a side is no frames */
  struct buf out, hand;   /* to be sent, and what the connection has in hand */
  bool sending, ends;     /* .. ; the client's side ends behind it */
  struct buf in;          /* what has come */
  size_t at;              /* from where on it is not compared yet */
  uint64_t off;           /* of that in the connection's answers */
  bool held;
  bool closed;                /* by the server */
  bool figures;               /* of `stat` have been recorded, whose end has not come yet */
  uint64_t *progress, *bytes; /* of the replay; [0] sent, [1] come */
};

struct replay_talk *replay_talk_new(struct event_base *base, const struct addr *to, unsigned number,
                                    uint64_t *progress, uint64_t bytes[2]);
void replay_talk_free(struct replay_talk *t);

/* Gives to the connection what is to be sent, as far as it takes it now. */
void replay_talk_flush(struct replay_talk *t);
/* Ends the client's side behind what is to be sent. */
void replay_talk_end(struct replay_talk *t);
/* Whether all has been sent, or can't be any more. */
bool replay_talk_is_sent(const struct replay_talk *t);

/* What has come and is not compared yet; and takes so much of it off. */
struct span replay_talk_in(const struct replay_talk *t);
void replay_talk_take(struct replay_talk *t, size_t n);

#endif
