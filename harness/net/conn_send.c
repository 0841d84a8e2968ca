#include <errno.h>
#include <event2/event.h>

#include "base/check.h"
#include "net/border.h"
#include "net/conn_internal.h"

enum {
  LOOK_US = 50,   /* on TCP between two looks at what is unread */
  PACING_US = 500 /* on TCP where nothing is to be seen */
};

/* Nothing tells when the chunk is read: a step of time stands for that. */
static bool step_is_over(struct conn *c) {
  if (event_pending(c->step, EV_TIMEOUT, NULL))
    return false;
  if (c->settled)
    return true;
  c->settled = true;
  c->steps++;
  conn_arm(c->step, PACING_US);
  return false;
}

/* A Unix socket signals the edge of writability when the chunk has been read; on TCP, where nothing
 * does, the peer is looked at again and again. */
static bool was_read(struct conn *c) {
  enum unread_state state =
      c->just_sent ? unread_await(&c->unread, c->sent) : unread_look(&c->unread, c->sent);
  c->just_sent = false;
  c->progressed |= c->unread.left < c->unread_left;
  c->unread_left = c->unread.left;
  if (state == UNREAD_UNKNOWN)
    return step_is_over(c);
  if (state == UNREAD_SOME && c->to.transport != TRANSPORT_UNIX)
    conn_arm(c->step, LOOK_US);
  return state == UNREAD_NONE;
}

static void refused(struct conn *c, int err) {
  if (err != EPIPE && err != ECONNRESET) {
    conn_fail(c, "sending to", err);
    return;
  }
  c->broken = true;
  c->reset |= err == ECONNRESET;
  c->due = c->sending;
}

static ssize_t send_bytes(struct conn *c, struct span bytes) {
  if (!c->paced || c->to.transport != TRANSPORT_UNIX)
    return send(c->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
  if (c->carried < 0)
    c->carried = border_open();
  return c->carried < 0 ? -1 : border_send(c->fd, c->carried, bytes);
}

/* Bytes of the chunk in hand, as it goes over the descriptor, that the kernel has taken. */
static size_t taken(const struct conn *c) {
  size_t n = c->stop < c->stops.n ? c->stop + 1 : c->stops.n;
  return n ? c->stops.ends[n - 1] - c->left : 0;
}

/* Sends `*left` bytes of what is next; false when the kernel takes no more now. */
static bool send_left(struct conn *c, size_t *left) {
  while (*left > 0) {
    struct span next = c->tls ? tls_wire(c->tls) : span_from(c->chunk.bytes, taken(c));
    ssize_t n = send_bytes(c, span_sub(next, 0, *left));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      if (errno != EAGAIN)
        refused(c, errno);
      return false;
    }
    if (c->tls)
      tls_taken(c->tls, (size_t)n);
    *left -= (size_t)n;
    c->progressed = true;
    c->sent += (size_t)n;
    c->unread_left = UINT32_MAX;
    c->just_sent = true;
  }
  return true;
}

/* Sends what TLS has to say of itself: its handshake, and the end of our stream. While a chunk is
 * under way, only what was said before it. */
static bool send_own(struct conn *c) {
  if (!c->tls)
    return true;
  if (!c->sealed || !c->sending)
    c->own = tls_wire(c->tls).n;
  return send_left(c, &c->own);
}

/* The bytes of a TLS record that goes from `from` to `to` at most. */
static struct span record_at(const struct conn *c, size_t from, size_t to) {
  return span_sub(c->chunk.bytes, from, to - from < TLS_RECORD_MAX ? to - from : TLS_RECORD_MAX);
}

/* Makes records of the chunk in hand, and pieces of them. */
static bool seal(struct conn *c) {
  const struct conn_records *r = &c->chunk;
  size_t at = 0;
  c->plain.n = c->wire.n = c->stops.n = 0;
  for (size_t i = 0; i < r->n; i++)
    while (at < r->ends[i]) {
      struct span record = record_at(c, at, r->ends[i]);
      if (!tls_seal(c->tls, record)) {
        conn_fail_tls(c);
        return false;
      }
      cuts_add(&c->plain, at += record.n);
      cuts_add(&c->wire, tls_wire(c->tls).n);
    }
  c->sealed = true;
  if (r->cut)
    r->cut(tls_wire(c->tls), &c->stops);
  cuts_add(&c->stops, tls_wire(c->tls).n);
  c->left = c->stops.n ? c->stops.ends[0] : 0;
  return true;
}

void conn_push(struct conn *c) {
  if (c->phase == PHASE_CONNECTING || c->phase == PHASE_ENDED || c->broken || c->failed ||
      !send_own(c) || c->phase != PHASE_OPEN)
    return;
  if (c->closing) {
    shutdown(c->fd, SHUT_WR);
    c->closing = false;
  }
  if (!c->sending || c->due || (c->tls && !c->sealed && !seal(c)))
    return;
  while (c->stop < c->stops.n) {
    if (!send_left(c, &c->left) || (c->paced && !was_read(c)))
      return;
    c->settled = false;
    if (++c->stop < c->stops.n)
      c->left = c->stops.ends[c->stop] - c->stops.ends[c->stop - 1];
  }
  c->due = true;
}

/* TLS has something to say before. */
static void end_sending(struct conn *c) {
  if (!c->tls || c->broken) {
    shutdown(c->fd, SHUT_WR);
    return;
  }
  tls_close(c->tls);
  c->closing = true;
  conn_push(c);
}

void conn_push_opened(struct conn *c) {
  if (c->half_close)
    end_sending(c);
  conn_push(c);
}

static void begin(struct conn *c) {
  c->sending = true;
  c->sealed = c->settled = false;
  c->stop = c->stops.n = 0;
  cuts_add(&c->stops, c->chunk.bytes.n);
  c->left = c->chunk.bytes.n;
  if (c->broken)
    c->due = true;
  else
    conn_push(c);
  if (c->due)
    conn_arm(c->soon, 0);
}

void conn_send(struct conn *c, struct span bytes, bool paced) {
  CHECK(!c->sending && c->phase != PHASE_ENDED);
  c->chunk = (struct conn_records){.bytes = bytes, .ends = &c->chunk.bytes.n, .n = 1};
  c->paced = paced;
  begin(c);
}

void conn_send_records(struct conn *c, const struct conn_records *records) {
  CHECK(!c->sending && c->phase != PHASE_ENDED && c->tls);
  c->chunk = *records;
  c->paced = records->paced;
  begin(c);
}

void conn_half_close(struct conn *c) {
  CHECK(!c->sending);
  c->half_close = true;
  if (c->phase == PHASE_OPEN)
    end_sending(c);
}

void conn_notify_close(struct conn *c) {
  if (!c->tls || c->phase != PHASE_OPEN || c->sending || c->half_close)
    return;
  tls_close(c->tls);
  conn_push(c);
}

/* Of sealed bytes the kernel has taken the records that it has taken wholly. */
size_t conn_unsent(const struct conn *c) {
  if (!c->tls)
    return c->chunk.bytes.n - taken(c);
  size_t from = 0, to = c->sealed ? c->wire.n : 0, sent = c->sealed ? taken(c) : 0;
  while (from < to) {
    size_t middle = from + (to - from) / 2;
    if (c->wire.ends[middle] <= sent)
      from = middle + 1;
    else
      to = middle;
  }
  return c->chunk.bytes.n - (from ? c->plain.ends[from - 1] : 0);
}
