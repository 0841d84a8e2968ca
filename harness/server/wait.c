#include "server/wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "base/check.h"

int64_t wait_clock(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int wait_left(int64_t deadline) {
  int64_t left = deadline - wait_clock();
  return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

enum wait_end wait_for(int fd, short events, int watch, int64_t deadline) {
  struct pollfd fds[] = {{.fd = fd, .events = events}, {.fd = watch, .events = POLLIN}};
  int n;
  do
    n = poll(fds, 2, wait_left(deadline));
  while (n < 0 && errno == EINTR);
  CHECK(n >= 0);
  if (fds[1].revents)
    return WAIT_ENDED;
  return fds[0].revents ? WAIT_READY : WAIT_LATE;
}
