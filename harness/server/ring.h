/* The end of a server's log, in memory that the driver shares with the keeper: the driver can read
 * it while the server runs, after it ended, and after the keeper was killed. One process writes,
 * another reads, without a lock. */
#ifndef SERVER_RING_H
#define SERVER_RING_H

#include "base/buf.h"

struct ring;

enum {
  RING_CHUNK = 16 << 10, /* bytes added at a time, at most */
  RING_TAIL = 256 << 10  /* bytes that can be read back, at most */
};

/* NULL with errno set when there is no memory to share. */
struct ring *ring_new(void);
void ring_free(struct ring *r);

void ring_add(struct ring *r, struct span chunk);
/* Bytes ever added. */
uint64_t ring_total(const struct ring *r);
/* Appends the last `n` bytes, or as many as are kept. */
void ring_tail(const struct ring *r, size_t n, struct buf *out);

#endif
