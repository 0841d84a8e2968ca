#include "net/unread.h"

#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/check.h"

enum {
  LOOKS = 20,
  LONG_US = 500,  /* that others have run for: the machine is busy .. */
  BUSY_TIMES = 64 /* .. for the time of so many chunks */
};

/* So many times more unread_await doesn't wait: the machine is busy, whatever the connection. */
static unsigned busy;

static bool in_turn;

struct unread unread_of(enum transport t, int fd) {
  return (struct unread){.transport = t, .fd = fd, .diag = {.netlink = -1}};
}

void unread_fini(struct unread *u) {
  sockdiag_close(&u->diag);
}

/* The count is of memory that the peer's queue still holds. Reading gives it back and signals the
 * edge of writability before it lets go of the last unit, so that 1 means read as well. */
static enum unread_state look_unix(struct unread *u) {
  int queued = 0;
  CHECK(ioctl(u->fd, SIOCOUTQ, &queued) == 0);
  u->left = (uint32_t)queued;
  return queued <= 1 ? UNREAD_NONE : UNREAD_SOME;
}

static enum unread_state look_tcp(struct unread *u, uint64_t sent) {
  struct sockdiag_peer peer;
  if (!u->opened) {
    u->opened = true;
    sockdiag_open(&u->diag, u->fd);
  }
  /* What has been acknowledged has come. */
  int unacknowledged = 1;
  CHECK(ioctl(u->fd, SIOCOUTQ, &unacknowledged) == 0);
  bool all_there = unacknowledged == 0;
  if (!sockdiag_look(&u->diag, all_there, &peer))
    return UNREAD_UNKNOWN;
  u->left = peer.unread;
  return (all_there || peer.received >= sent) && peer.unread == 0 ? UNREAD_NONE : UNREAD_SOME;
}

enum unread_state unread_look(struct unread *u, uint64_t sent) {
  return u->transport == TRANSPORT_UNIX ? look_unix(u) : look_tcp(u, sent);
}

static int64_t clock_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void unread_take_turns(bool one_processor) {
  in_turn = one_processor;
}

enum unread_state unread_await(struct unread *u, uint64_t sent) {
  if (in_turn && u->transport == TRANSPORT_UNIX)
    return UNREAD_SOME;
  enum unread_state state = in_turn && busy == 0 ? UNREAD_SOME : unread_look(u, sent);
  if (busy > 0) {
    busy--;
    return state;
  }
  int64_t start = clock_us();
  for (int i = 0; i < LOOKS && state == UNREAD_SOME && busy == 0; i++) {
    sched_yield();
    if (clock_us() - start > LONG_US)
      busy = BUSY_TIMES;
    state = unread_look(u, sent);
  }
  return state;
}
