/* A play's insides, shared by its parts: play.c (what happens: bytes, ends, deadlines, verdicts),
 * script.c (what is done next) and answers.c (what is made of the answers beside). Internal to the
 * run layer. */
#ifndef RUN_PLAY_INTERNAL_H
#define RUN_PLAY_INTERNAL_H

#include "run/bystander.h"
#include "run/golden_check.h"
#include "run/jam.h"
#include "run/play.h"
#include "run/stream.h"

/* A case is cut so often and then goes on in whole batches: each cut costs a turn of driver and
 * server, on TCP a dearer one. What is cut after thousands of cuts has the shape of what was cut
 * before. A connection whose cuts cost a pacing step goes on so after fewer. */
enum { PLAY_UNIX_CUTS = 8192, PLAY_TCP_CUTS = 256, PLAY_TCP_STEPS = 64 };

/* How often another connection acts between the chunks of a case, at most. */
enum { PLAY_ACTS = 64 };

struct play {
  struct event_base *base;
  struct play_options options;
  void (*done)(void *arg);
  void *arg;

  struct bindings env;
  struct stream *streams;
  struct stream_listener listener; /* of all of them: the play itself */
  struct golden_check *golden;     /* NULL: there is none */
  struct cursor script;            /* the next step to do */

  /* What is being sent: requests of one connection, cut into chunks, one of them in hand. */
  struct buf batch;
  size_t *ends;
  size_t nends, ends_room;
  const struct step *last_send;
  struct stream *batch_stream;
  struct cuts cuts;
  size_t cut;
  struct cuts records;         /* on TLS: where the batch's records end .. */
  size_t record;               /* .. the next one's place in it .. */
  struct cuts in_hand_records; /* .. and those of the chunk in hand, from its start */
  size_t cuts_left;            /* that may still be made */
  bool flushing, in_hand;
  struct span hand;  /* what was given to the connection last */
  size_t hand_noted; /* bytes of it that are on the tape */
  struct rng rng;
  uint8_t fence[HEADER_BYTES];

  struct jam *jam;             /* NULL but for a slow reader */
  struct bystander *bystander; /* while it acts, nothing is sent or read; NULL: none yet */
  void (*after_bystander)(struct play *p);
  const struct step *pause_at; /* the first step that is not done before the pause; NULL: none, or
                                  it is over */
  unsigned acts;               /* how often one has acted .. */
  bool acted;                  /* .. and that it has before the chunk that is next */

  struct event *start, *tick;
  uint64_t progress, progress_seen;
  unsigned idle_ticks, tick_ms, elapsed_ms;
  uint64_t born; /* microseconds */

  struct failure failure;
  struct event *collected;
  bool failed, finished;
  struct verdict verdict;
};

/* Does what can be done now, until something has to be waited for. */
void play_advance(struct play *p);

/* The failure that has been set stands; what follows serves its explanation only. */
void play_failed(struct play *p);

/* The verdict stands. */
void play_finish(struct play *p);

/* Notes on the tape, if there is one. */
void play_note(struct play *p, enum tape_kind kind, unsigned conn, struct span bytes);

/* What becomes of the answers beside their matching (answers.c): the transcript, the golden. The
 * streams are there. */
void answers_init(struct play *p);
/* The failure has been set: takes down the answer that it is about. */
void answers_failure(struct play *p);
/* The case has its verdict: the golden's word is added to it. */
void answers_judge(struct play *p);

/* Whether a stream other than `but` waits for an answer that the script has come past; the first
 * such. */
struct stream *play_in_debt(const struct play *p, const struct stream *but);

/* Opens the connection of a stream. */
void play_open(struct play *p, struct stream *s);

extern const struct jam_owner play_jam_owner;

#endif
