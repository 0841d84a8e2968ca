/* Who is at the other end of a connection: a process of ours, or somebody else.
 *
 * On a Unix socket the kernel names the process that listens. On TCP it tells the number of the
 * peer's socket (net/sockdiag.h), which one of our processes must have open (/proc/PID/fd). */
#ifndef SERVER_PEER_H
#define SERVER_PEER_H

#include "net/addr.h"

enum peer_owner {
  PEER_OURS,
  PEER_OTHERS,
  PEER_UNKNOWN /* on TCP: it is on another machine or behind a port that is forwarded, has not
                  accepted, has closed, or our processes' descriptors can't be read */
};

/* Looks for the peer of an open connection among what descends from a process. `*pid` is the peer's
 * process on a Unix socket, and on TCP when it is another's that can be looked at; otherwise 0. */
enum peer_owner peer_find(const struct addr *a, int fd, int ancestor, int *pid);

#endif
