/* Follows one connection of a session while it is compiled: may it be used here, and do its
 * requests end on a frame's border? Internal to the session layer; pure. */
#ifndef SESSION_TRACK_H
#define SESSION_TRACK_H

#include "base/buf.h"
#include "mcbp/header.h"
#include "session/session.h"

enum track_state { TRACK_NEW, TRACK_OPEN, TRACK_HALF_CLOSED, TRACK_CLOSED };

struct track {
  enum track_state state;
  bool maybe_closed; /* an `either` allows the server to close */
  bool garbage;      /* bytes that are no request have been sent */
  uint8_t header[HEADER_BYTES];
  size_t have; /* header bytes of the request in hand */
  uint64_t body_left;
  /* By depth of the loops around: used, and sent on, before a connect in the loop; a connect in it.
   */
  bool read[SESSION_LOOPS], written[SESSION_LOOPS], connected[SESSION_LOOPS];
};

/* Takes in what is sent. */
void track_send(struct track *t, const struct pattern *p);

/* Whether the connection stands between two requests. */
bool track_at_border(const struct track *t);

/* A new stream of requests begins. */
void track_restart(struct track *t);

#endif
