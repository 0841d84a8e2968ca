#include "run/recorder.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "net/listener.h"

enum { END_MS = 1000 };

/* A connection that is being recorded. */
struct talk {
  struct recorder *recorder;
  struct talk *next, **link; /* in the list of those that are open */
  struct relay *relay;
  unsigned conn;
};

struct recorder {
  const struct recorder_config *config;
  struct buf *why;
  struct event_base *base;
  struct listener *listener;
  struct event *signals[2], *server, *deadline;
  struct talk *talks;
  uint64_t events; /* recorded so far */
  unsigned signalled;
  bool stopping, failed, server_ended;
};

static void kept(struct recorder *r, bool ok) {
  r->events++;
  if (ok || r->failed)
    return;
  buf_reset(r->why);
  buf_addf(r->why, "can't write the recording: %s", strerror(errno));
  r->failed = true;
  event_base_loopbreak(r->base);
}

static void on_bytes(void *arg, bool from_server, struct span bytes) {
  struct talk *t = arg;
  struct recorder *r = t->recorder;
  kept(r, recording_bytes(r->config->recording, t->conn, from_server, bytes));
}

static void on_end(void *arg, bool from_server, enum relay_end how) {
  struct talk *t = arg;
  struct recorder *r = t->recorder;
  kept(r, recording_end(r->config->recording, t->conn, from_server, how));
}

static void drop(struct talk *t) {
  struct recorder *r = t->recorder;
  recording_over(r->config->recording, t->conn);
  *t->link = t->next;
  if (t->next)
    t->next->link = t->link;
  relay_free(t->relay);
  free(t);
}

static void on_over(void *arg) {
  struct talk *t = arg;
  struct recorder *r = t->recorder;
  if (*relay_error(t->relay))
    r->config->on_notice(r->config->arg, relay_error(t->relay));
  drop(t);
  if (!r->stopping)
    listener_wake(r->listener); /* it may have rested for want of room */
}

static const struct relay_handler handler = {on_bytes, on_end, on_over};

static void on_accepted(void *arg, int fd) {
  struct recorder *r = arg;
  const struct recorder_config *c = r->config;
  if (!recording_has_room(c->recording)) {
    c->on_notice(c->arg, "so many connections are open that another was refused");
    evutil_closesocket(fd);
    return;
  }
  struct talk *t = xcalloc(1, sizeof *t);
  kept(r, recording_open(c->recording, &t->conn));
  t->recorder = r;
  t->next = r->talks;
  t->link = &r->talks;
  if (t->next)
    t->next->link = &t->next;
  r->talks = t;
  t->relay = relay_new(r->base, fd, c->identity, server_addr(c->server), &handler, t);
}

static void on_signal(evutil_socket_t number, short what, void *arg) {
  struct recorder *r = arg;
  (void)number, (void)what;
  r->signalled++;
  event_base_loopbreak(r->base);
}

static void on_server_news(evutil_socket_t fd, short what, void *arg) {
  struct recorder *r = arg;
  (void)fd, (void)what;
  if (server_look(r->config->server) == SERVER_RUNNING)
    return;
  r->server_ended = true;
  event_base_loopbreak(r->base);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg) {
  (void)fd, (void)what;
  event_base_loopbreak(arg);
}

static bool is_ending(const struct recorder *r) {
  for (const struct talk *t = r->talks; t; t = t->next)
    if (relay_ending(t->relay))
      return true;
  return false;
}

/* Takes in all that has come. */
static void drain(struct recorder *r) {
  uint64_t before;
  do {
    before = r->events;
    event_base_loop(r->base, EVLOOP_NONBLOCK);
  } while (!r->failed && r->events > before);
}

/* What has come is recorded, and connections that have begun to end may go on with that. */
static void wind_up(struct recorder *r) {
  const struct timeval limit = {END_MS / 1000, END_MS % 1000 * 1000};
  unsigned signalled = r->signalled;
  r->stopping = true;
  listener_rest(r->listener);
  if (r->server)
    event_del(r->server);
  drain(r);
  CHECK(event_add(r->deadline, &limit) == 0);
  while (!r->failed && is_ending(r) && r->signalled == signalled &&
         event_pending(r->deadline, EV_TIMEOUT, NULL))
    event_base_loop(r->base, EVLOOP_ONCE);
}

static void watch(struct recorder *r) {
  static const int numbers[] = {SIGINT, SIGTERM};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    r->signals[i] = evsignal_new(r->base, numbers[i], on_signal, r);
    CHECK(r->signals[i] && event_add(r->signals[i], NULL) == 0);
  }
  r->deadline = evtimer_new(r->base, on_deadline, r->base);
  CHECK(r->deadline);
  int fd = server_fd(r->config->server);
  if (fd < 0)
    return;
  r->server = event_new(r->base, fd, EV_READ | EV_PERSIST, on_server_news, r);
  CHECK(r->server && event_add(r->server, NULL) == 0);
}

static void unwatch(struct recorder *r) {
  struct event *events[] = {r->signals[0], r->signals[1], r->server, r->deadline};
  for (size_t i = 0; i < sizeof events / sizeof *events; i++)
    if (events[i])
      event_free(events[i]);
}

static void run(struct recorder *r) {
  const struct recorder_config *c = r->config;
  watch(r);
  c->on_ready(c->arg, listener_addr(r->listener));
  event_base_dispatch(r->base);
  if (!r->failed)
    wind_up(r);
  while (r->talks)
    drop(r->talks); /* NOLINT(clang-analyzer-unix.Malloc): it takes itself out of the list first */
  unwatch(r);
}

enum recorder_end recorder_run(const struct recorder_config *config, struct buf *why) {
  struct recorder r = {.config = config, .why = why};
  r.base = event_base_new();
  CHECK(r.base);
  r.listener = listener_new(r.base, &config->listen, on_accepted, &r, why);
  r.failed = !r.listener;
  if (r.listener)
    run(&r);
  listener_free(r.listener);
  event_base_free(r.base);
  if (r.server_ended && !r.failed) {
    buf_add_str(why, "the server ");
    server_describe(config->server, why);
  }
  return r.failed ? RECORDER_FAILED : r.server_ended ? RECORDER_SERVER_ENDED : RECORDER_DONE;
}
