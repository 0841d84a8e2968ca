#include "net/relay_side.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

void relay_side_init(struct relay_side *s, int fd, bool is_unix, struct tls *tls) {
  *s = (struct relay_side){.fd = fd, .is_unix = is_unix, .tls = tls};
  buf_init(&s->held, RELAY_READ);
}

void relay_side_close(struct relay_side *s, bool reset) {
  if (s->fd < 0)
    return;
  const struct linger none = {.l_onoff = 1};
  if (reset && !s->is_unix)
    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close(s->fd);
  s->fd = -1;
}

void relay_side_fini(struct relay_side *s) {
  relay_side_close(s, false);
  tls_free(s->tls);
  buf_fini(&s->held);
}

bool relay_side_open(const struct relay_side *s) {
  return s->connected && (!s->tls || tls_state(s->tls) != TLS_SHAKING);
}

static struct span held(const struct relay_side *s) {
  return s->tls ? tls_wire(s->tls) : span_from(buf_span(&s->held), s->taken);
}

static void drop(struct relay_side *s, size_t n) {
  if (s->tls) {
    tls_taken(s->tls, n);
    return;
  }
  s->taken += n;
  if (s->taken < s->held.n)
    return;
  buf_reset(&s->held);
  s->taken = 0;
}

bool relay_side_holds(const struct relay_side *s) {
  return !s->refuses && held(s).n > 0;
}

/* As much as is taken now; the count of it. */
static size_t send_some(struct relay_side *s, struct span bytes) {
  size_t done = 0;
  while (done < bytes.n && !s->refuses) {
    ssize_t n = send(s->fd, bytes.p + done, bytes.n - done, MSG_NOSIGNAL);
    if (n >= 0)
      done += (size_t)n;
    else if (errno == EAGAIN)
      break;
    else if (errno != EINTR) {
      s->refuses = s->readable = true;
      s->torn = errno == ECONNRESET;
    }
  }
  return done;
}

void relay_side_flush(struct relay_side *s) {
  struct span rest = held(s);
  if (rest.n && s->fd >= 0)
    drop(s, send_some(s, rest));
}

void relay_side_send(struct relay_side *s, struct span bytes) {
  CHECK(bytes.n <= RELAY_READ && !relay_side_holds(s));
  if (s->refuses)
    return;
  if (!s->tls) {
    CHECK(buf_add_span(&s->held, span_from(bytes, send_some(s, bytes))));
    return;
  }
  for (; bytes.n; bytes = span_from(bytes, TLS_RECORD_MAX))
    if (!tls_seal(s->tls, span_sub(bytes, 0, TLS_RECORD_MAX)))
      s->refuses = s->readable = true;
  relay_side_flush(s);
}

void relay_side_end(struct relay_side *s) {
  if (s->told)
    return;
  s->told = true;
  if (s->tls) {
    tls_close(s->tls);
    relay_side_flush(s); /* a close_notify that is not taken at once is not worth waiting for */
  }
  shutdown(s->fd, SHUT_WR);
}

/* Of the descriptor. */
static ssize_t receive(struct relay_side *s, uint8_t *bytes, size_t room) {
  ssize_t n;
  do
    n = recv(s->fd, bytes, room, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    s->readable = false;
  return n;
}

static enum relay_read meaning(const struct relay_side *s, ssize_t n) {
  return n > 0 ? RELAY_SOME : n == 0 ? RELAY_END : s->readable ? RELAY_BAD : RELAY_NOTHING;
}

/* Lets the engine have what came: RELAY_SOME when it did. */
static enum relay_read feed(struct relay_side *s) {
  uint8_t wire[TLS_RECORD_MAX];
  ssize_t n = receive(s, wire, sizeof wire);
  if (n > 0)
    tls_feed(s->tls, span_of(wire, (size_t)n));
  if (n == 0)
    tls_feed_end(s->tls);
  relay_side_flush(s);
  return meaning(s, n);
}

bool relay_side_shake(struct relay_side *s) {
  while (tls_state(s->tls) == TLS_SHAKING) {
    relay_side_flush(s);
    enum relay_read got = s->readable ? feed(s) : RELAY_NOTHING;
    if (got == RELAY_NOTHING)
      break;
    if (got == RELAY_BAD)
      return false;
  }
  s->readable |= tls_state(s->tls) == TLS_OPEN; /* the engine may have more already */
  relay_side_flush(s);                          /* of a handshake that failed, too: an alert */
  return tls_state(s->tls) != TLS_FAILED && !s->refuses;
}

static enum relay_read read_sealed(struct relay_side *s, uint8_t *bytes, size_t *n) {
  for (;;) {
    *n = tls_read(s->tls, bytes, RELAY_READ);
    if (*n > 0)
      return RELAY_SOME;
    if (tls_state(s->tls) == TLS_ENDED)
      return RELAY_END;
    if (tls_state(s->tls) == TLS_FAILED)
      return RELAY_BAD;
    enum relay_read got = feed(s);
    if (got == RELAY_NOTHING || got == RELAY_BAD)
      return got;
  }
}

enum relay_read relay_side_read(struct relay_side *s, uint8_t *bytes, size_t *n) {
  if (s->tls)
    return read_sealed(s, bytes, n);
  ssize_t got = receive(s, bytes, RELAY_READ);
  *n = got > 0 ? (size_t)got : 0;
  return meaning(s, got);
}

enum relay_left relay_side_left(const struct relay_side *s) {
  struct pollfd p = {.fd = s->fd};
  if (s->torn)
    return RELAY_TORN;
  (void)poll(&p, 1, 0);
  if (p.revents & POLLERR)
    return RELAY_TORN;
  /* A hang-up on TCP tells only that both directions have ended, which we know. */
  return s->refuses || (p.revents & POLLHUP && s->is_unix && !s->told) ? RELAY_LEFT : RELAY_STAYS;
}
