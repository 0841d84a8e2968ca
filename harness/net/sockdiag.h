/* The other end of a TCP connection, when it is on this machine: the kernel tells of each socket to
 * everybody (inet_diag), found by its addresses, which are ours swapped. A look costs about 6 us.
 * Owns a netlink descriptor. */
#ifndef NET_SOCKDIAG_H
#define NET_SOCKDIAG_H

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

/* The kernel first looks at what is unread and then takes the socket's lock to see what was
 * received: an empty queue may have been seen before the last byte came. So it is asked twice, in
 * one message, and the first answer's `received` was there before the second's `unread` was seen.
 */
enum { SOCKDIAG_LOOKS = 2 };

struct sockdiag {
  int netlink; /* -1: none */
  struct sockdiag_question {
    struct nlmsghdr h;
    struct inet_diag_req_v2 request;
  } questions[SOCKDIAG_LOOKS];
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
 * before 4.1, which doesn't count. First `received` is taken, then `unread`, and then it is waited
 * until no call of the peer's is at work on the socket. `all_there`: it is known that all that was
 * sent has come, and `received` is not of interest, which spares half of the work. */
bool sockdiag_look(const struct sockdiag *d, bool all_there, struct sockdiag_peer *peer);

#endif
