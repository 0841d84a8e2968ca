#include "net/conn.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/check.h"
#include "net/border.h"
#include "net/unread.h"

enum {
  READ_MAX = 64 * 1024,
  READS_A_TURN = 16,
  LOOKS = 20,      /* at the peer's queue, just after a paced chunk was sent */
  LOOK_US = 100,   /* then on TCP until the next one */
  PACING_US = 500, /* on TCP where nothing is to be seen */
  RETRY_US = 1000
};

enum phase { PHASE_CONNECTING, PHASE_OPEN, PHASE_ENDED };

struct conn {
  struct addr to;
  const struct conn_handler *handler;
  void *arg;

  int fd;
  enum phase phase;
  struct event_base *base;
  struct event *io;   /* both directions, edge-triggered; NULL until connect() was taken up */
  struct event *soon; /* the loop's next turn: what a call or a long read left to be told */
  struct event *step; /* the next look at a paced chunk on TCP; the next attempt to connect */

  struct span rest; /* of the chunk in hand: what the kernel has not taken */
  uint64_t sent;    /* that the kernel has ever taken */
  struct unread unread;
  uint32_t left; /* unread when last seen */
  int carried;   /* for border_send; -1 until a paced chunk needs it */
  bool sending;  /* a chunk is in hand */
  bool paced;
  bool settled;   /* the pacing step has begun */
  unsigned steps; /* pacing steps that were waited for */
  bool half_close;

  bool due;        /* on_sent is to be told */
  bool progressed; /* on_progress is to be told */
  bool failed;     /* on_close is to be told, with `error` */
  bool more;       /* a read stopped before EAGAIN, or did not begin, and is to go on */
  bool held;       /* nothing is to be read */
  size_t most;     /* bytes to read in a turn of the loop; 0: no bound */

  bool broken; /* send() says that the peer takes no more */
  bool reset;  /* send() has consumed the error that recv() would have reported */

  bool in_callback; /* memory stays until the callback of the loop is over */
  bool freed;
  char error[256];
};

/* No timeout means the next turn of the loop, after descriptors were looked at. event_active would
 * run in the same turn: a stream without end would then keep all timers from running. */
static void arm(struct event *timer, long us) {
  struct timeval tv = {.tv_usec = us};
  CHECK(event_add(timer, &tv) == 0);
}

static void fail(struct conn *c, const char *what, int err) {
  snprintf(c->error, sizeof c->error, "%s %s: %s", what, c->to.text, strerror(err));
  c->failed = true;
  arm(c->soon, 0);
}

static void release(struct conn *c) {
  struct event **events[] = {&c->io, &c->soon, &c->step};
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    if (*events[i])
      event_free(*events[i]);
    *events[i] = NULL;
  }
  if (c->fd >= 0)
    close(c->fd);
  if (c->carried >= 0)
    close(c->carried);
  unread_fini(&c->unread);
  c->fd = c->carried = -1;
}

/* Around every callback of the loop, so that a handler may free the connection. */
static void enter(struct conn *c) {
  c->in_callback = true;
}

static void leave(struct conn *c) {
  c->in_callback = false;
  if (c->freed)
    free(c);
}

static bool alive(const struct conn *c) {
  return !c->freed && c->phase != PHASE_ENDED;
}

static void end(struct conn *c, enum conn_end how) {
  c->phase = PHASE_ENDED;
  c->sending = false;
  if (c->io)
    event_del(c->io);
  event_del(c->soon);
  event_del(c->step);
  c->handler->on_close(c->arg, c, how);
}

/* Nothing tells when the chunk is read: a step of time stands for that. */
static bool step_is_over(struct conn *c) {
  if (event_pending(c->step, EV_TIMEOUT, NULL))
    return false;
  if (c->settled)
    return true;
  c->settled = true;
  c->steps++;
  arm(c->step, PACING_US);
  return false;
}

/* A peer that is about to run reads within microseconds, and to sleep and be woken would take many
 * times as long: so there are a few looks, between which others may run. After them a Unix socket
 * signals the edge of writability; on TCP, where nothing does, it is looked at from time to time.
 */
static bool was_read(struct conn *c, unsigned looks) {
  enum unread_state state;
  while ((state = unread_look(&c->unread, c->sent)) == UNREAD_SOME && --looks > 0)
    sched_yield();
  c->progressed |= c->unread.left < c->left;
  c->left = c->unread.left;
  if (state == UNREAD_UNKNOWN)
    return step_is_over(c);
  if (state == UNREAD_SOME && c->to.transport != TRANSPORT_UNIX)
    arm(c->step, LOOK_US);
  return state == UNREAD_NONE;
}

static void refused(struct conn *c, int err) {
  if (err != EPIPE && err != ECONNRESET) {
    fail(c, "sending to", err);
    return;
  }
  c->broken = true;
  c->reset |= err == ECONNRESET;
  c->due = true;
}

static ssize_t send_rest(struct conn *c) {
  if (!c->paced || c->to.transport != TRANSPORT_UNIX)
    return send(c->fd, c->rest.p, c->rest.n, MSG_NOSIGNAL);
  if (c->carried < 0)
    c->carried = border_open();
  return c->carried < 0 ? -1 : border_send(c->fd, c->carried, c->rest);
}

/* Sends what the kernel takes of the chunk in hand, and notes when it is done. */
static void push(struct conn *c) {
  unsigned looks = 1;
  if (c->phase != PHASE_OPEN || !c->sending || c->due || c->failed)
    return;
  while (c->rest.n > 0) {
    ssize_t n = send_rest(c);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return;
    if (n < 0) {
      refused(c, errno);
      return;
    }
    c->rest = span_from(c->rest, (size_t)n);
    c->sent += (size_t)n;
    c->progressed = true;
    c->left = UINT32_MAX;
    looks = LOOKS;
  }
  c->due = !c->paced || was_read(c, looks);
}

/* Calls the handler for what push and fail noted. */
static void tell(struct conn *c) {
  if (alive(c) && c->progressed) {
    c->progressed = false;
    c->handler->on_progress(c->arg, c);
  }
  if (alive(c) && c->due) {
    c->due = c->sending = false;
    c->handler->on_sent(c->arg, c);
  }
  if (alive(c) && c->failed)
    end(c, CONN_FAILED);
}

static void read_failed(struct conn *c, int err) {
  if (err == ECONNRESET) {
    end(c, CONN_RESET);
    return;
  }
  fail(c, "reading from", err);
  tell(c);
}

/* Reads to EAGAIN, as edges demand, or leaves the rest to the loop's next turn. */
static void drain(struct conn *c) {
  uint8_t bytes[READ_MAX];
  c->more = c->held;
  for (int i = 0; i < (c->most ? 1 : READS_A_TURN) && !c->held; i++) {
    tell(c);
    if (!alive(c))
      return;
    ssize_t n = recv(c->fd, bytes, c->most && c->most < sizeof bytes ? c->most : sizeof bytes, 0);
    if (n > 0) {
      c->handler->on_data(c->arg, c, span_of(bytes, (size_t)n));
    } else if (n == 0) {
      end(c, c->reset ? CONN_RESET : CONN_EOF);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      read_failed(c, errno);
    }
  }
  if (alive(c)) {
    c->more = true;
    if (!c->held)
      arm(c->soon, 0);
  }
}

static void opened(struct conn *c) {
  c->phase = PHASE_OPEN;
  if (c->half_close)
    shutdown(c->fd, SHUT_WR);
  push(c);
}

/* A writable socket that was connecting has been connected, or has an error that says why not. */
static void finish_connecting(struct conn *c) {
  int err = 0;
  socklen_t len = sizeof err;
  CHECK(getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0);
  if (err)
    fail(c, "connecting to", err);
  else
    opened(c);
}

/* Writing comes first: on_sent is told before the answers to what was sent. */
static void on_io(evutil_socket_t fd, short what, void *arg) {
  struct conn *c = arg;
  (void)fd;
  enter(c);
  if (what & EV_WRITE) {
    if (c->phase == PHASE_CONNECTING)
      finish_connecting(c);
    else
      push(c);
  }
  tell(c);
  if (alive(c) && (what & EV_READ))
    drain(c);
  leave(c);
}

static void on_soon(evutil_socket_t fd, short what, void *arg) {
  struct conn *c = arg;
  (void)fd, (void)what;
  enter(c);
  tell(c);
  if (alive(c) && c->more)
    drain(c);
  leave(c);
}

static void start_connecting(struct conn *c) {
  bool done = connect(c->fd, (const struct sockaddr *)&c->to.sa, c->to.len) == 0;
  if (!done && errno == EAGAIN) {
    arm(c->step, RETRY_US);
    return;
  }
  if (!done && errno != EINPROGRESS && errno != EINTR) {
    fail(c, "connecting to", errno);
    return;
  }
  c->io = event_new(c->base, c->fd, EV_READ | EV_WRITE | EV_ET | EV_PERSIST, on_io, c);
  CHECK(c->io);
  if (event_add(c->io, NULL) != 0)
    fail(c, "watching", errno);
  else if (done)
    opened(c);
}

static void on_step(evutil_socket_t fd, short what, void *arg) {
  struct conn *c = arg;
  (void)fd, (void)what;
  enter(c);
  if (c->phase == PHASE_CONNECTING)
    start_connecting(c);
  else
    push(c);
  tell(c);
  leave(c);
}

struct conn *conn_new(struct event_base *base, const struct addr *to,
                      const struct conn_handler *handler, void *arg) {
  struct conn *c = xcalloc(1, sizeof *c);
  c->base = base;
  c->to = *to;
  c->handler = handler;
  c->arg = arg;
  c->carried = -1;
  c->soon = evtimer_new(base, on_soon, c);
  c->step = evtimer_new(base, on_step, c);
  CHECK(c->soon && c->step);
  c->fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  c->unread = unread_of(to->transport, c->fd);
  if (c->fd < 0) {
    fail(c, "making a socket for", errno);
    return c;
  }
  int on = 1;
  if (to->transport == TRANSPORT_TCP)
    CHECK(setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
  start_connecting(c);
  return c;
}

void conn_free(struct conn *c) {
  if (!c)
    return;
  release(c);
  c->freed = true;
  if (!c->in_callback)
    free(c);
}

void conn_send(struct conn *c, struct span bytes, bool paced) {
  CHECK(!c->sending && c->phase != PHASE_ENDED);
  c->rest = bytes;
  c->sending = true;
  c->paced = paced;
  c->settled = false;
  if (c->broken)
    c->due = true;
  else
    push(c);
  if (c->due)
    arm(c->soon, 0);
}

void conn_half_close(struct conn *c) {
  CHECK(!c->sending);
  c->half_close = true;
  if (c->phase == PHASE_OPEN)
    shutdown(c->fd, SHUT_WR);
}

void conn_hold(struct conn *c) {
  c->held = true;
}

void conn_let_go(struct conn *c, size_t most) {
  c->held = false;
  c->most = most;
  if (c->more && c->phase == PHASE_OPEN)
    arm(c->soon, 0);
}

struct conn_queues conn_queues(const struct conn *c) {
  struct conn_queues q = {0};
  if (c->phase == PHASE_OPEN) {
    CHECK(ioctl(c->fd, SIOCINQ, &q.in) == 0);
    CHECK(ioctl(c->fd, SIOCOUTQ, &q.out) == 0);
  }
  return q;
}

bool conn_broken(const struct conn *c) {
  return c->broken;
}

const char *conn_error(const struct conn *c) {
  return c->error;
}

size_t conn_unsent(const struct conn *c) {
  return c->rest.n;
}

unsigned conn_steps(const struct conn *c) {
  return c->steps;
}

int conn_fd(const struct conn *c) {
  return c->fd;
}
