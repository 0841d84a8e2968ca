/* The making of goldens, a case at a time. Each case is played ACCEPT_PLAYS times: first alone on a
 * fresh server, then, seconds later, on one that has aged and served others: in a crowd, slowly,
 * cut at the fields (an isolated case on fresh and aged ones). What differs is volatile and becomes
 * a hole. The plays take the transports in turn. Each play of all cases is a run of the schedule;
 * in between the transcripts are files. Internal to the run layer but for the structure. */
#ifndef RUN_ACCEPT_H
#define RUN_ACCEPT_H

#include "run/config.h"
#include "run/stage.h"

enum { ACCEPT_PLAYS = 4 };

/* The deliveries that the run's configuration must have; its jobs are of the first alone. */
#define ACCEPT_DELIVERIES "pipelined,crowd:8,bytewise,slow-read,fields"

struct accept {
  const struct session *past; /* played on an aged server first; NULL: nothing is */
  const struct paths *paths;
  const char *folder; /* for transcripts and proposals; private to these runs */
  size_t play;        /* from 0 */
};

/* The server that was given a past last, or NULL. */
struct accept_server {
  struct server *aged;
};

/* Plays a job on `s`. In the last run, `*proposal` is the path of a golden to be accepted, which
 * the caller frees: the case has none or another; NULL when it holds. The verdict is the play's, or
 * a failure when no golden can be made of the plays. */
struct verdict accept_play(struct stage *stage, const struct run_config *config,
                           const struct job *job, struct server *s, struct accept_server *of,
                           char **proposal, bool *wrapped);

#endif
