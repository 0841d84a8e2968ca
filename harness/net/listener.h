/* A listening socket on a libevent base: hands over each connection that comes. Owns its descriptor
 * and, of a Unix socket, the file, which is gone when the listener is. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/addr.h"

struct event_base;
struct listener;

/* A connection has come: a non-blocking descriptor, which is the callee's. */
typedef void (*listener_cb)(void *arg, int fd);

/* Listens at `at` (on TLS for what is below it). A socket file that nobody listens on any more is
 * replaced. NULL when that can't be; `why` gets a sentence. */
struct listener *listener_new(struct event_base *base, const struct addr *at, listener_cb accepted,
                              void *arg, struct buf *why);
void listener_free(struct listener *l);

/* As it was given, with the port that the system picked. */
const struct addr *listener_addr(const struct listener *l);

/* While it rests, connections wait in the kernel. It rests by itself when the process has no
 * descriptor left for another. */
void listener_rest(struct listener *l);
void listener_wake(struct listener *l);

#endif
