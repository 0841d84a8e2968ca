/* Waiting until a spawned server accepts connections and is the right one. No sleeps but one, see
 * the source. Opens descriptors for the length of a call. */
#ifndef SERVER_READY_H
#define SERVER_READY_H

#include "server/probe.h"

struct ready {
  struct probe probe;
  const char *dir;  /* the file below appears in it */
  const char *file; /* the socket, or the port file; NULL: wait for no file */
  bool is_port_file;
  const struct tls_trust *trust; /* NULL: TLS is not spoken at the port that the file tells */
};

/* PROBE_RIGHT, PROBE_WRONG, PROBE_OTHER, PROBE_ENDED or PROBE_LATE; without a process to watch an
 * attempt that fails is final (PROBE_WRONG). Fills the address when a port file tells it. Unless
 * right or ended, `why` is replaced by a sentence. */
enum probe_end ready_wait(const struct ready *r, struct addr *a, struct buf *why);

#endif
