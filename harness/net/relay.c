#include "net/relay.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "net/relay_side.h"

enum { READS_A_TURN = 16, RETRY_US = 1000 };
enum who { CLIENT, SERVER };

struct relay {
  struct relay_side sides[2];
  struct event *io[2]; /* both directions, edge-triggered: never changed while the relay lives */
  struct event *soon;  /* the loop's next turn, when others had to have one; another attempt to
                          connect */
  struct event_base *base;
  struct addr to;
  const struct relay_handler *handler;
  void *arg;
  bool over;
  char error[640];
};

static void arm_soon(struct relay *r, long us) {
  const struct timeval tv = {.tv_usec = us};
  CHECK(event_add(r->soon, &tv) == 0);
}

/* Both descriptors are closed; the last thing that a callback of the loop does. */
static void finish(struct relay *r) {
  for (int i = 0; i < 2; i++)
    if (r->io[i])
      event_del(r->io[i]);
  event_del(r->soon);
  r->over = true;
}

/* One side is gone: so is the other, in the same way. */
static void gone(struct relay *r, enum who who, enum relay_end how) {
  r->handler->on_end(r->arg, who == SERVER, how);
  finish(r);
  relay_side_close(&r->sides[who], how == RELAY_RESET);
  relay_side_close(&r->sides[!who], how == RELAY_RESET);
}

/* It went wrong before a stream was there that could end. */
static void fail(struct relay *r, const char *what, const char *why) {
  snprintf(r->error, sizeof r->error, "%s: %s", what, why);
  finish(r);
  relay_side_close(&r->sides[SERVER], true);
  relay_side_close(&r->sides[CLIENT], true);
}

static void fail_tls(struct relay *r, enum who who) {
  struct tls *tls = r->sides[who].tls;
  char what[256];
  snprintf(what, sizeof what, "TLS with %s", who == CLIENT ? "a client" : r->to.text);
  fail(r, what,
       tls_state(tls) == TLS_FAILED ? tls_error(tls) : "the connection was reset in the handshake");
}

/* Reads one side and sends on the other, until there is nothing, no room for it, or others have to
 * have their turn. */
static void pump(struct relay *r, enum who from) {
  struct relay_side *a = &r->sides[from], *b = &r->sides[!from];
  static uint8_t bytes[RELAY_READ];
  for (int i = 0; !r->over && a->readable && !a->ended && !b->refuses && !relay_side_holds(b);
       i++) {
    size_t n = 0;
    if (i == READS_A_TURN) {
      arm_soon(r, 0);
      return;
    }
    switch (relay_side_read(a, bytes, &n)) {
    case RELAY_SOME:
      r->handler->on_bytes(r->arg, from == SERVER, span_of(bytes, n));
      relay_side_send(b, span_of(bytes, n));
      break;
    case RELAY_NOTHING:
      return;
    case RELAY_END:
      a->ended = true;
      break;
    case RELAY_BAD:
      if (a->tls && tls_state(a->tls) == TLS_FAILED)
        snprintf(r->error, sizeof r->error, "TLS: %s", tls_error(a->tls));
      gone(r, from, RELAY_RESET);
      return;
    }
  }
}

/* Passes on the end of one side's stream when all before it is sent. */
static void pass_end(struct relay *r, enum who from) {
  struct relay_side *a = &r->sides[from], *b = &r->sides[!from];
  if (r->over || !a->ended || relay_side_holds(b))
    return;
  enum relay_left left = relay_side_left(a);
  if (left != RELAY_STAYS) {
    gone(r, from, left == RELAY_TORN ? RELAY_RESET : RELAY_CLOSED);
    return;
  }
  if (!b->told) {
    r->handler->on_end(r->arg, from == SERVER, RELAY_ENDED);
    relay_side_end(b);
  }
}

/* A side that takes nothing any more is read to its end before that is passed on. */
static void turn(struct relay *r) {
  for (int i = 0; i < 2; i++)
    if (!r->over && r->sides[i].tls && r->sides[i].connected &&
        tls_state(r->sides[i].tls) == TLS_SHAKING && !relay_side_shake(&r->sides[i]))
      fail_tls(r, (enum who)i);
  if (r->over || !relay_side_open(&r->sides[CLIENT]) || !relay_side_open(&r->sides[SERVER]))
    return;
  for (int i = 0; i < 2; i++)
    relay_side_flush(&r->sides[i]);
  pump(r, SERVER);
  pump(r, CLIENT);
  if (r->sides[SERVER].refuses)
    pump(r, SERVER);
  pass_end(r, SERVER);
  pass_end(r, CLIENT);
  if (!r->over && r->sides[CLIENT].told && r->sides[SERVER].told)
    finish(r);
}

static void go_on(struct relay *r) {
  turn(r);
  if (r->over)
    r->handler->on_over(r->arg);
}

static void connected(struct relay *r) {
  struct relay_side *s = &r->sides[SERVER];
  s->connected = s->readable = true;
}

static void finish_connecting(struct relay *r) {
  int err = 0;
  socklen_t len = sizeof err;
  CHECK(getsockopt(r->sides[SERVER].fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0);
  if (err)
    fail(r, r->to.text, strerror(err));
  else
    connected(r);
}

static void on_client(evutil_socket_t fd, short what, void *arg) {
  struct relay *r = arg;
  (void)fd;
  r->sides[CLIENT].readable |= (what & (EV_READ | EV_CLOSED)) != 0;
  go_on(r);
}

static void on_server(evutil_socket_t fd, short what, void *arg) {
  struct relay *r = arg;
  (void)fd;
  if (!r->sides[SERVER].connected)
    finish_connecting(r);
  r->sides[SERVER].readable |= (what & (EV_READ | EV_CLOSED)) != 0;
  go_on(r);
}

static void watch(struct relay *r, enum who who, event_callback_fn cb) {
  r->io[who] = event_new(r->base, r->sides[who].fd,
                         EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, cb, r);
  CHECK(r->io[who] && event_add(r->io[who], NULL) == 0);
}

static void start_connecting(struct relay *r) {
  struct relay_side *s = &r->sides[SERVER];
  bool done = connect(s->fd, (const struct sockaddr *)&r->to.sa, r->to.len) == 0;
  if (!done && errno == EAGAIN) {
    arm_soon(r, RETRY_US); /* a Unix socket's queue is full */
    return;
  }
  if (!done && errno != EINPROGRESS && errno != EINTR) {
    fail(r, r->to.text, strerror(errno));
    return;
  }
  if (done)
    connected(r);
  watch(r, SERVER, on_server);
}

static void on_soon(evutil_socket_t fd, short what, void *arg) {
  struct relay *r = arg;
  (void)fd, (void)what;
  if (!r->over && !r->io[SERVER])
    start_connecting(r);
  go_on(r);
}

static void set_no_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a peer that is gone already: fails */
}

static struct tls *server_tls(const struct addr *to) {
  char host[INET6_ADDRSTRLEN];
  if (to->transport != TRANSPORT_TLS)
    return NULL;
  addr_host(to, host);
  return tls_new(to->trust, host);
}

struct relay *relay_new(struct event_base *base, int client, const struct tls_identity *identity,
                        const struct addr *to, const struct relay_handler *handler, void *arg) {
  struct relay *r = xcalloc(1, sizeof *r);
  r->base = base;
  r->to = *to;
  r->handler = handler;
  r->arg = arg;
  r->soon = evtimer_new(base, on_soon, r);
  CHECK(r->soon);
  struct sockaddr_storage sa = {0};
  socklen_t len = sizeof sa;
  bool is_unix = getsockname(client, (struct sockaddr *)&sa, &len) == 0 && sa.ss_family == AF_UNIX;
  if (!is_unix)
    set_no_delay(client);
  relay_side_init(&r->sides[CLIENT], client, is_unix, identity ? tls_accept(identity) : NULL);
  r->sides[CLIENT].connected = r->sides[CLIENT].readable = true;
  watch(r, CLIENT, on_client);

  int fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  bool to_unix = to->transport == TRANSPORT_UNIX;
  relay_side_init(&r->sides[SERVER], fd, to_unix, server_tls(to));
  if (fd < 0) {
    fail(r, "making a socket for the server", strerror(errno));
    event_active(r->soon, EV_TIMEOUT, 1);
    return r;
  }
  if (!to_unix)
    set_no_delay(fd);
  arm_soon(r, 0); /* so that no callback comes before this returns */
  return r;
}

void relay_free(struct relay *r) {
  if (!r)
    return;
  for (int i = 0; i < 2; i++)
    if (r->io[i])
      event_free(r->io[i]);
  event_free(r->soon);
  for (int i = 0; i < 2; i++)
    relay_side_fini(&r->sides[i]);
  free(r);
}

bool relay_ending(const struct relay *r) {
  return r->sides[CLIENT].ended != r->sides[SERVER].ended;
}

const char *relay_error(const struct relay *r) {
  return r->error;
}
