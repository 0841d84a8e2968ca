/* The recorder: stands between clients and a server, passes on what comes at once, and records it.
 * Owns the listener, the relays and the loop; the server is the caller's. One process, one thread:
 * what a request caused is recorded behind it. */
#ifndef RUN_RECORDER_H
#define RUN_RECORDER_H

#include "run/recording.h"
#include "server/server.h"

struct recorder_config {
  struct addr listen;
  const struct tls_identity *identity; /* for clients, when `listen` is on TLS */
  struct server *server;               /* ready */
  struct recording *recording;
  /* The address that clients can connect to from now on. */
  void (*on_ready)(void *arg, const struct addr *at);
  /* Something to be told while it goes on, a line. */
  void (*on_notice)(void *arg, const char *text);
  void *arg;
};

enum recorder_end {
  RECORDER_DONE,         /* SIGINT or SIGTERM */
  RECORDER_SERVER_ENDED, /* of itself; `why` tells how */
  RECORDER_FAILED        /* to listen or to write; `why` tells what */
};

/* Records until a signal comes or it can't go on. All that had come by then is in the recording,
 * and connections of which one side has ended get a second to end as a whole; another signal does
 * without. The recording is not finished here. */
enum recorder_end recorder_run(const struct recorder_config *config, struct buf *why);

#endif
