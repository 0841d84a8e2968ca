/* One attempt to reach a server: connect, with TLS where the address says so, ask for its version
 * in the binary protocol, and judge the answer and who gave it. Opens a connection of its own,
 * which a right server has closed, too, on return, unless it leaves open what its client has ended.
 */
#ifndef SERVER_PROBE_H
#define SERVER_PROBE_H

#include "base/buf.h"
#include "net/addr.h"

struct probe {
  const char *version; /* what the answer must start with; NULL: any */
  int keeper;          /* the peer must descend from this process; 0: any may be */
  int watch;           /* as wait_for takes it */
  int64_t deadline;
  struct buf *said; /* gets the right server's version; NULL: nobody asks */
};

enum probe_end {
  PROBE_RIGHT,
  PROBE_WRONG,   /* what answers is not the server; no use to try again */
  PROBE_OTHER,   /* the same: it is none of our processes */
  PROBE_NOT_YET, /* refused, or closed before the answer */
  PROBE_ENDED,   /* there is news on `watch` */
  PROBE_LATE
};

/* Unless right or ended, `why` is replaced by a sentence. */
enum probe_end probe_server(const struct probe *p, const struct addr *a, struct buf *why);

#endif
