/* What is kept of each failure: a folder with all that is needed to look at it, and to do it again.
 *
 *   repro.sh            does the case run again, with further options if any are given
 *   case.session        the session, as it was
 *   diff.txt            what the report says about it
 *   conversation.txt    what passed, a line per frame, with times
 *   conversation.pcap   the same for Wireshark (see net/pcap.h)
 *   sent.cN.bin, received.cN.bin    the bytes on each connection, without the driver's own noop
 *   server.txt          how the server was started and what became of it
 *   server.log          the end of what it wrote
 *   sanitizer.txt       what sanitizers reported, if they did
 *
 * Where two servers are compared, each has files of its own: candidate.received.c1.bin.
 *
 * Kept by the process that has the verdict, in a folder named after the case run, ID.DELIVERY
 * .TRANSPORT[.rN], in which whatever is no letter, digit or one of "+,-._=@" is written "." (a "/")
 * or "-"; one of that name from an earlier run is replaced. */
#ifndef RUN_KEEP_H
#define RUN_KEEP_H

#include "run/config.h"
#include "run/tape.h"
#include "run/verdict.h"
#include "server/server.h"

enum { KEEP_MOST = 100, KEEP_TAPE_MAX = 4 << 20 };

/* Keeps below the folder `base`, which is made when it is needed, at most KEEP_MOST failures, those
 * of all processes that are forked from now on. Borrows `base`. */
struct keep *keep_new(const char *base);
void keep_free(struct keep *k);

/* A server that a failure was seen on. */
struct keep_side {
  const char *name; /* its files' names begin with it and a dot; NULL: there is but one server */
  const struct profile *profile;
  const struct tape *tape; /* NULL: none */
  struct server *server;   /* NULL: could not be had */
  struct span reports;     /* of sanitizers; empty: none */
};

/* Keeps the failure of a job, or its unexpected pass, when it is red and the run keeps failures.
 * Returns the folder, which the caller frees, or NULL. The verdict's detail gets a line when
 * nothing could be kept, or no more than that. */
char *keep_failure(const struct run_config *config, const struct job *job, struct verdict *v,
                   const struct keep_side *sides, size_t nsides);

/* Keeps what was found outside any case, in a folder of this name. */
char *keep_finding(const struct run_config *config, const char *name, struct verdict *v);

/* The name of a job's folder; the caller frees. */
char *keep_name(const struct run_config *config, const struct job *job);

#endif
