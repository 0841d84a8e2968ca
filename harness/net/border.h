/* Sends on a Unix socket so that no single read of the peer's goes past the last byte.
 *
 * Waiting until the peer has read is not enough for that: the kernel gives the memory back, and
 * with it the sign, inside the peer's read(), which then looks for more; now and then (measured:
 * once in 100,000 chunks) the next chunk is there already and is read in the same call. But a read
 * ends behind a message that carries a descriptor. So the last one carries /dev/null, which the
 * kernel closes again when the peer has not asked for descriptors: read, readv and recv never do.
 */
#ifndef NET_BORDER_H
#define NET_BORDER_H

#include <sys/types.h>

#include "base/span.h"

/* What the messages carry: the caller closes it. -1 with errno on failure. */
int border_open(void);

/* As a non-blocking send(), on a Unix stream socket. */
ssize_t border_send(int fd, int carried, struct span bytes);

#endif
