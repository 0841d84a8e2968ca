/* Whether the peer of a connection has read all that was sent, so that the next byte is read by
 * another call, however soon it is sent.
 *
 * On a Unix socket the kernel counts what is unread (SIOCOUTQ); border.h makes the count exact. On
 * TCP that count falls when the peer's kernel acknowledges, which says nothing about the peer. But
 * a peer on this machine can be looked at (sockdiag.h): it must have received all that was sent
 * before it is found to have nothing waiting, and the look ends behind the call that has read the
 * last byte. Of a peer elsewhere nothing is known.
 *
 * Opens a descriptor of its own at the first look on TCP. */
#ifndef NET_UNREAD_H
#define NET_UNREAD_H

#include "net/addr.h"
#include "net/sockdiag.h"

struct unread {
  enum transport transport;
  int fd; /* of the connection; borrowed */
  bool opened;
  struct sockdiag diag;
  uint32_t left; /* that was unread when last seen; on a Unix socket a count of memory */
};

enum unread_state { UNREAD_NONE, UNREAD_SOME, UNREAD_UNKNOWN };

struct unread unread_of(enum transport t, int fd);
void unread_fini(struct unread *u);

/* Looks, on a connection that is open; `sent` is how many bytes were ever sent on it. */
enum unread_state unread_look(struct unread *u, uint64_t sent);

/* The same just after something was sent: goes on looking for a moment. A peer that has only this
 * to do reads within microseconds, and to sleep and be woken would take many times as long. Between
 * two looks others may run; when they do for long, the next times are one look each. */
enum unread_state unread_await(struct unread *u, uint64_t sent);

/* Whether this process shares a processor with its peers. On a Unix socket unread_await then does
 * not look: to sleep until the edge is what lets the peer run, and nobody else has to be woken. On
 * TCP it hands the processor over before it looks. */
void unread_take_turns(bool one_processor);

#endif
