#include <errno.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/check.h"
#include "net/conn_internal.h"

enum { READ_MAX = 64 * 1024, READS_A_TURN = 16, RETRY_US = 1000 };

/* No timeout means the next turn of the loop, after descriptors were looked at. event_active would
 * run in the same turn: a stream without end would then keep all timers from running. */
void conn_arm(struct event *timer, long us) {
  struct timeval tv = {.tv_usec = us};
  CHECK(event_add(timer, &tv) == 0);
}

void conn_fail(struct conn *c, const char *what, int err) {
  snprintf(c->error, sizeof c->error, "%s %s: %s", what, c->to.text, strerror(err));
  c->failed = true;
  conn_arm(c->soon, 0);
}

void conn_fail_tls(struct conn *c) {
  snprintf(c->error, sizeof c->error, "TLS with %s: %s", c->to.text, tls_error(c->tls));
  c->failed = true;
  conn_arm(c->soon, 0);
}

static void release(struct conn *c) {
  struct event **events[] = {&c->io, &c->soon, &c->step};
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    if (*events[i])
      event_free(*events[i]);
    *events[i] = NULL;
  }
  struct cuts *cuts[] = {&c->stops, &c->plain, &c->wire};
  for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++)
    cuts_fini(cuts[i]);
  tls_free(c->tls);
  c->tls = NULL;
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
  conn_fail(c, "reading from", err);
  tell(c);
}

/* As recv(), of what the server says: on TLS of the plaintext. EINTR: there was none in what came,
 * or it failed. */
static ssize_t take(struct conn *c, uint8_t *bytes, size_t room) {
  if (!c->tls)
    return recv(c->fd, bytes, room, 0);
  size_t n = tls_read(c->tls, bytes, room);
  if (n == 0 && tls_state(c->tls) == TLS_OPEN) {
    ssize_t got = recv(c->fd, bytes, room, 0);
    if (got < 0)
      return got;
    if (got > 0)
      tls_feed(c->tls, span_of(bytes, (size_t)got));
    else
      tls_feed_end(c->tls);
    n = tls_read(c->tls, bytes, room);
  }
  if (n > 0)
    return (ssize_t)n;
  if (tls_state(c->tls) == TLS_ENDED)
    return 0;
  if (tls_state(c->tls) == TLS_FAILED)
    conn_fail_tls(c);
  errno = EINTR;
  return -1;
}

static void opened(struct conn *c) {
  c->phase = PHASE_OPEN;
  conn_push_opened(c);
}

/* Goes on with TLS's handshake; whoever holds the connection back does not hold this. */
static void shake(struct conn *c) {
  uint8_t bytes[4096];
  for (;;) {
    if (tls_state(c->tls) == TLS_OPEN) {
      opened(c);
      return;
    }
    conn_push(c);
    if (tls_state(c->tls) == TLS_FAILED) {
      conn_fail_tls(c);
      tell(c);
      return;
    }
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    c->progressed |= n > 0;
    if (n > 0)
      tls_feed(c->tls, span_of(bytes, (size_t)n));
    else if (n == 0)
      tls_feed_end(c->tls);
    else if (errno == EAGAIN)
      return;
    else if (errno != EINTR) {
      read_failed(c, errno);
      return;
    }
  }
}

/* Reads to EAGAIN, as edges demand, or leaves the rest to the loop's next turn. */
static void drain(struct conn *c) {
  uint8_t bytes[READ_MAX];
  c->more = c->held;
  if (c->held) {
    c->progressed = true;
    tell(c);
    return;
  }
  for (int i = 0; i < (c->most ? 1 : READS_A_TURN) && !c->held; i++) {
    tell(c);
    if (!alive(c))
      return;
    ssize_t n = take(c, bytes, c->most && c->most < sizeof bytes ? c->most : sizeof bytes);
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
      conn_arm(c->soon, 0);
  }
}

static void connected(struct conn *c) {
  if (!c->tls) {
    opened(c);
    return;
  }
  c->phase = PHASE_SHAKING;
  conn_push(c);
}

/* A writable socket that was connecting has been connected, or has an error that says why not. */
static void finish_connecting(struct conn *c) {
  int err = 0;
  socklen_t len = sizeof err;
  CHECK(getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0);
  if (err)
    conn_fail(c, "connecting to", err);
  else
    connected(c);
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
      conn_push(c);
  }
  if (c->phase == PHASE_SHAKING && (what & EV_READ))
    shake(c);
  tell(c);
  if (alive(c) && c->phase == PHASE_OPEN && (what & EV_READ))
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
    conn_arm(c->step, RETRY_US);
    return;
  }
  if (!done && errno != EINPROGRESS && errno != EINTR) {
    conn_fail(c, "connecting to", errno);
    return;
  }
  c->io = event_new(c->base, c->fd, EV_READ | EV_WRITE | EV_ET | EV_PERSIST, on_io, c);
  CHECK(c->io);
  if (event_add(c->io, NULL) != 0)
    conn_fail(c, "watching", errno);
  else if (done)
    connected(c);
}

static void on_step(evutil_socket_t fd, short what, void *arg) {
  struct conn *c = arg;
  (void)fd, (void)what;
  enter(c);
  if (c->phase == PHASE_CONNECTING)
    start_connecting(c);
  else
    conn_push(c);
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
    conn_fail(c, "making a socket for", errno);
    return c;
  }
  if (to->transport == TRANSPORT_TLS) {
    char host[INET6_ADDRSTRLEN];
    addr_host(to, host);
    c->tls = tls_new(to->trust, host);
  }
  int on = 1;
  if (to->transport != TRANSPORT_UNIX)
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

void conn_hold(struct conn *c) {
  c->held = true;
}

void conn_let_go(struct conn *c, size_t most) {
  c->held = false;
  c->most = most;
  if (c->more && c->phase == PHASE_OPEN)
    conn_arm(c->soon, 0);
}

struct conn_queues conn_queues(const struct conn *c) {
  struct conn_queues q = {0};
  if (c->phase == PHASE_OPEN) {
    CHECK(ioctl(c->fd, SIOCINQ, &q.in) == 0);
    CHECK(ioctl(c->fd, SIOCOUTQ, &q.out) == 0);
  }
  return q;
}

bool conn_open(const struct conn *c) {
  return c->phase == PHASE_OPEN;
}

bool conn_broken(const struct conn *c) {
  return c->broken;
}

const char *conn_error(const struct conn *c) {
  return c->error;
}

unsigned conn_steps(const struct conn *c) {
  return c->steps;
}

int conn_fd(const struct conn *c) {
  return c->fd;
}
