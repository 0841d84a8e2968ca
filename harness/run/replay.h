/* The replay of a capture on a server, read and played as it goes, in memory that does not grow
 * with it: what the clients sent is sent, and what the server answers is held against what it
 * answered then.
 *
 * Requests of one connection are sent without waiting for each other's answers, a bounded number of
 * bytes ahead. The order in which connections took turns is kept where it can show: a request waits
 * for what had been answered by then to others about the same item, unless both only read it, or to
 * what may concern all (run/precedence.h). One with a CAS waits for all. In step, as in a session,
 * nothing is sent before all that had been answered by then has come.
 *
 * Exact is every byte but for what the protocol leaves to the server (session/freedom.h), and a
 * CAS, which is any where there was one; a client sends back the one of now. A connection ends as
 * it did. Owns its connections and the loop; reads the clock. */
#ifndef RUN_REPLAY_H
#define RUN_REPLAY_H

#include "mcbp/names.h"
#include "net/addr.h"
#include "net/capture.h"

struct replay_counts {
  uint64_t conns, requests, answers, bytes[2]; /* sent, come */
};

struct replay_config {
  struct capture *capture;
  const struct addr *to;
  enum dialect dialect; /* of names in what is told */
  double pace;          /* 1: as recorded, 2: twice as fast; 0: as fast as the server answers */
  bool in_step;         /* with a pace it is so anyway */
  unsigned timeout_ms;  /* without any progress */
  /* Called a few times a second. */
  void (*on_progress)(void *arg, const struct replay_counts *counts);
  void *arg;
};

enum replay_end {
  REPLAY_SAME,
  REPLAY_DIFFERS, /* `what` tells how, in lines */
  REPLAY_BAD      /* the capture is malformed; the diagnostic tells */
};

/* Plays it up to its end or to the first difference. */
enum replay_end replay_run(const struct replay_config *config, struct replay_counts *counts,
                           struct buf *what, struct diag *diag);

#endif
