/* A relay: one connection from a client, one to the server, and what comes on either is sent on the
 * other at once, byte for byte. Each side may speak TLS; the bytes told are the plaintext.
 *
 * While one side does not take what it is sent, the other is not read, so at most one read (64 KiB)
 * is held for each. The end of one side's stream is passed on as such when all before it has been;
 * so is a reset, and of a Unix socket also that both directions were closed. The client is read
 * when the server is connected. Owns both descriptors; raw non-blocking sockets on a libevent base.
 */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include "net/addr.h"

struct event_base;
struct relay;
struct tls_identity;

enum relay_end {
  RELAY_ENDED,  /* sends no more; it may still read */
  RELAY_CLOSED, /* neither sends nor reads any more */
  RELAY_RESET   /* the same, in disorder: a reset, or TLS went wrong */
};

/* Calls come from the loop; on_over alone may free the relay. */
struct relay_handler {
  /* Bytes have come and are about to be passed on; borrowed for the call. */
  void (*on_bytes)(void *arg, bool from_server, struct span bytes);
  /* The first end of a side that there is; RELAY_ENDED may be followed by one of the others. */
  void (*on_end)(void *arg, bool from_server, enum relay_end how);
  /* Nothing more will come; both descriptors are closed. */
  void (*on_over)(void *arg);
};

/* Takes over the client's descriptor and starts to connect to the server. `identity`: the client
 * speaks TLS; NULL: it does not. The handler, the identity and the trust of `to` are borrowed. */
struct relay *relay_new(struct event_base *base, int client, const struct tls_identity *identity,
                        const struct addr *to, const struct relay_handler *handler, void *arg);
/* Closes both sides as they are. */
void relay_free(struct relay *r);

/* One side has ended and the other has not yet: the rest is about to come. */
bool relay_ending(const struct relay *r);

/* What went wrong: the server could not be connected to, or TLS failed; "" when nothing did. */
const char *relay_error(const struct relay *r);

#endif
