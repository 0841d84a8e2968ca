/* The play of one case on one server: sends what the session says as the delivery cuts it, matches
 * every byte that comes, and proves at the end that nothing else follows.
 *
 * A state machine on the caller's event base, so that many can run at once. Requests go in file
 * order; a delivery that pipelines sends ahead of the answers, except where a request needs a
 * captured value or another connection is to act. Reading never stops: each connection matches its
 * answers as they come, independently of where the sending is. At the end each open connection
 * waits in silence for its last expected answer, then sends a noop of the driver's own, expects
 * that answer next, ends its sending side and reads to the end of the stream.
 *
 * Owns its connections. Memory does not grow with the length of a session: only a frame that is not
 * whole is kept. Nothing waits for time, but for the deadline of a server that makes no progress.
 */
#ifndef RUN_PLAY_H
#define RUN_PLAY_H

#include "delivery/delivery.h"
#include "net/addr.h"
#include "run/tape.h"
#include "run/transcript.h"
#include "run/verdict.h"
#include "session/session.h"

struct event_base;
struct play;

struct play_options {
  const struct session *session;
  const struct session *golden; /* what was answered before; NULL: not known */
  const struct delivery *delivery;
  const struct addr *to;
  int server_pid;                /* 0: not known */
  uint64_t seed;                 /* of the delivery's cuts */
  char ns[4];                    /* the key space */
  struct tape *tape;             /* takes down what passes; NULL: nothing does */
  struct transcript *transcript; /* takes down what was answered; NULL: nothing does */
  unsigned timeout_ms;           /* without any progress */
  unsigned total_ms;             /* for the whole play */
  /* Called once before the step of this number (see step_numbered), when all before it has been
   * done and answered; the play goes on when it returns. NULL: no pause. */
  void (*pause)(void *arg);
  void *pause_arg;
  unsigned pause_before;
};

/* Starts; `done` is called once from the event loop when there is a verdict. What the options point
 * to outlives the play. */
struct play *play_new(struct event_base *base, const struct play_options *options,
                      void (*done)(void *arg), void *arg);
void play_free(struct play *p);

/* The verdict, which the caller takes over. Only after `done`. Its line, step and texts are set for
 * all but a pass. */
struct verdict play_verdict(struct play *p);

#endif
