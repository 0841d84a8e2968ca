/* One connection under test in a loop of its own, with its listener and a peer that the loop reads.
 * What the handler is told goes into `log`, a letter each: d data (once for several in a row), s
 * sent, b sent but broken, e end of stream, r reset, f failed. */
#ifndef WORLD_H
#define WORLD_H

#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "net/conn.h"
#include "net/file.h"
#include "unit.h"

enum { WORLD_READ_MAX = 64 * 1024 };

struct world {
  struct event_base *base;
  struct conn *c; /* NULL when a callback has freed it */
  struct addr addr;
  char dir[32];
  int listener;

  int peer; /* the accepted side */
  struct event *peer_event;
  bool echo;                     /* the peer sends back what it reads */
  struct buf peer_got;           /* all that the peer has read */
  size_t peer_reads[256], reads; /* the size of each read */

  struct buf log, got;
  unsigned progress;
  char free_in;                  /* the callback that frees: d, s, p, or c for on_close */
  void (*then)(struct world *w); /* called at the end of on_sent and on_data */
  const struct span *chunks;     /* what world_next sends */
  size_t left;
  bool paced;
};

/* Turns the loop until the condition holds; the test's time limit ends a wait in vain. */
#define RUN_UNTIL(w, cond)                                                                         \
  while (!(cond))                                                                                  \
  ck_assert_int_eq(event_base_loop((w)->base, EVLOOP_ONCE), 0)

static inline bool world_freed_in(struct world *w, char callback) {
  if (w->free_in != callback)
    return false;
  conn_free(w->c);
  w->c = NULL;
  return true;
}

static inline void world_on_data(void *arg, struct conn *c, struct span bytes) {
  struct world *w = arg;
  CHECK(c == w->c && bytes.n > 0);
  if (w->log.n == 0 || w->log.p[w->log.n - 1] != 'd')
    buf_add_byte(&w->log, 'd');
  buf_add_span(&w->got, bytes);
  if (!world_freed_in(w, 'd') && w->then)
    w->then(w);
}

static inline void world_on_sent(void *arg, struct conn *c) {
  struct world *w = arg;
  CHECK(c == w->c);
  buf_add_byte(&w->log, conn_broken(c) ? 'b' : 's');
  if (!world_freed_in(w, 's') && w->then)
    w->then(w);
}

static inline void world_on_close(void *arg, struct conn *c, enum conn_end end) {
  struct world *w = arg;
  CHECK(c == w->c);
  buf_add_byte(&w->log, (uint8_t) "erf"[end]);
  world_freed_in(w, 'c');
}

static inline void world_on_progress(void *arg, struct conn *c) {
  struct world *w = arg;
  CHECK(c == w->c);
  w->progress++;
  world_freed_in(w, 'p');
}

static const struct conn_handler world_handler = {world_on_data, world_on_sent, world_on_close,
                                                  world_on_progress};

/* A listener for one test; `backlog` as for listen(). */
static inline void world_init(struct world *w, enum transport transport, int backlog) {
  *w = (struct world){.dir = "/tmp/unit-net-XXXXXX", .peer = -1};
  struct event_config *config = event_config_new();
  CHECK(config && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0);
  w->base = event_base_new_with_config(config);
  CHECK(w->base);
  event_config_free(config);
  buf_init(&w->log, 1u << 20);
  buf_init(&w->got, 64u << 20);
  buf_init(&w->peer_got, 64u << 20);

  CHECK(mkdtemp(w->dir));
  char path[64];
  snprintf(path, sizeof path, "%s/socket", w->dir);
  if (transport == TRANSPORT_UNIX)
    CHECK(addr_unix(&w->addr, path));
  else
    addr_loopback(&w->addr, 0);
  struct sockaddr *sa = (struct sockaddr *)&w->addr.sa;
  w->listener = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(w->listener >= 0);
  CHECK(bind(w->listener, sa, w->addr.len) == 0);
  CHECK(backlog < 0 || listen(w->listener, backlog) == 0);
  CHECK(getsockname(w->listener, sa, &w->addr.len) == 0);
  if (transport == TRANSPORT_TCP)
    addr_loopback(&w->addr, ntohs(((struct sockaddr_in *)&w->addr.sa)->sin_port));
}

static inline void world_connect(struct world *w) {
  w->c = conn_new(w->base, &w->addr, &world_handler, w);
}

static inline void world_accept(struct world *w) {
  w->peer = accept(w->listener, NULL, NULL);
  CHECK(w->peer >= 0);
}

static inline void world_peer_read(evutil_socket_t fd, short what, void *arg) {
  static uint8_t bytes[WORLD_READ_MAX];
  struct world *w = arg;
  (void)what;
  ssize_t n = read(fd, bytes, sizeof bytes);
  CHECK(n >= 0);
  if (n == 0) {
    event_del(w->peer_event);
    return;
  }
  if (w->reads < sizeof w->peer_reads / sizeof w->peer_reads[0])
    w->peer_reads[w->reads] = (size_t)n;
  w->reads++;
  buf_add(&w->peer_got, bytes, (size_t)n);
  if (w->echo)
    CHECK(write(fd, bytes, (size_t)n) == n);
}

/* Lets the loop read what comes to the peer. */
static inline void world_peer_listen(struct world *w, bool echo) {
  w->echo = echo;
  w->peer_event = event_new(w->base, w->peer, EV_READ | EV_PERSIST, world_peer_read, w);
  CHECK(w->peer_event && event_add(w->peer_event, NULL) == 0);
}

static inline void world_peer_close(struct world *w) {
  close(w->peer);
  w->peer = -1;
}

/* Sends the next chunk, if there is one. */
static inline void world_next(struct world *w) {
  if (w->left == 0)
    return;
  struct span chunk = *w->chunks++;
  w->left--;
  conn_send(w->c, chunk, w->paced);
}

static inline bool world_closed(const struct world *w) {
  return w->log.n > 0 && strchr("erf", w->log.p[w->log.n - 1]) != NULL;
}

static inline void world_fini(struct world *w) {
  conn_free(w->c);
  if (w->peer_event)
    event_free(w->peer_event);
  if (w->peer >= 0)
    close(w->peer);
  close(w->listener);
  file_remove_tree(w->dir);
  ck_assert_int_eq(event_base_get_num_events(w->base, EVENT_BASE_COUNT_ADDED), 0);
  event_base_free(w->base);
  buf_fini(&w->log);
  buf_fini(&w->got);
  buf_fini(&w->peer_got);
}

#endif
