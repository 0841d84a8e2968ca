/* Where to begin in a connection that was open before the capture began: at the first request that
 * must be answered, and at the answer to that. Internal to capture.h. Pure. */
#ifndef NET_CAPTURE_START_H
#define NET_CAPTURE_START_H

#include "mcbp/header.h"

struct capture_start {
  bool found[2];         /* on the client's side, on the server's */
  struct header request; /* the one found */
  uint8_t tails[2]
               [HEADER_BYTES]; /* of what has been passed over, as it may hold a header's front */
  size_t ntails[2];
  size_t passed; /* bytes passed over */
};

/* Whether bytes begin like a request, as far as they go. */
bool start_is_request(struct span bytes);

/* Takes in a piece of a side; true when the connection is told from here on: then `front` is what
 * of earlier pieces belongs to it (in `s`), and `bytes` is cut to what does. */
bool start_find(struct capture_start *s, bool from_server, struct span *bytes, struct span *front);

#endif
