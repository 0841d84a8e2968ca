/* Waiting for one descriptor until a deadline, while the server is watched. Monotonic clock. */
#ifndef SERVER_WAIT_H
#define SERVER_WAIT_H

#include <stdint.h>

enum wait_end {
  WAIT_READY, /* the awaited descriptor */
  WAIT_ENDED, /* the watched one: there is news of the server; wins over WAIT_READY */
  WAIT_LATE
};

/* Milliseconds from an arbitrary start. */
int64_t wait_clock(void);

/* What poll takes to wait until the deadline: 0 when it has passed. */
int wait_left(int64_t deadline);

/* Waits for `events` (as for poll) on `fd`. Either descriptor may be -1. */
enum wait_end wait_for(int fd, short events, int watch, int64_t deadline);

#endif
