/* The other end of a TCP connection, when it is on this machine: the kernel tells of each socket to
 * everybody (inet_diag), found by its addresses, which are ours swapped. A look costs about 4 us.
 * Owns a netlink descriptor. */
#ifndef NET_SOCKDIAG_H
#define NET_SOCKDIAG_H

#include <linux/inet_diag.h>
#include <stdbool.h>
#include <stdint.h>

struct sockdiag {
  int netlink; /* -1: none */
  struct inet_diag_req_v2 request;
};

struct sockdiag_peer {
  uint32_t inode;    /* of the peer's socket; 0 until the peer has accepted it */
  uint32_t uid;      /* of who has opened it */
  uint32_t unread;   /* bytes that have come and wait to be read */
  uint64_t received; /* bytes that have ever come */
};

/* For a connection that is open. False when the kernel takes no such questions. */
bool sockdiag_open(struct sockdiag *d, int fd);
void sockdiag_close(struct sockdiag *d);

/* False when no program on this machine has such a socket, any more or at all; also with a kernel
 * before 4.1, which doesn't count. `unread` is looked at first, then `received` as soon as no call
 * of the peer's is at work on the socket. */
bool sockdiag_look(const struct sockdiag *d, struct sockdiag_peer *peer);

#endif
