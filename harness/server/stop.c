#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/check.h"
#include "server/internal.h"
#include "server/keeper.h"
#include "server/wait.h"

enum { STOPPING_MAX = 64, LOG_MAX = 64 << 10 };

/* A server that did not stop as it should, kept until server_stop_all. */
struct bad_end {
  struct server_bad_end end;
  char *what, *log, *reports; /* the end's */
  struct bad_end *next;
};

/* The servers of this process that have been told to stop; and the bad ends so far, in order. */
static struct server *stopping[STOPPING_MAX];
static size_t stopping_count;
static struct bad_end *bad_ends, **bad_ends_last = &bad_ends;

/* Adds a server that has ended, if there is something to tell of it. What it exits with because of
 * reports that have been read is told with these. */
static void bad_end_add(struct server *s) {
  struct buf what, log, reports;
  buf_init(&reports, REPORTS_MAX);
  server_reports(s, &reports);
  if (reports.n == 0 &&
      (s->fate == SERVER_STOPPED || (s->fate == SERVER_REPORTED && s->reported))) {
    buf_fini(&reports);
    return;
  }
  struct bad_end *bad = xcalloc(1, sizeof *bad);
  buf_init(&what, LOG_MAX);
  buf_init(&log, LOG_MAX);
  server_describe(s, &what);
  server_log_tail(s, LOG_MAX, &log);
  bad->what = buf_take(&what);
  bad->log = buf_take(&log);
  bad->reports = buf_take(&reports);
  bad->end = (struct server_bad_end){.profile = s->profile,
                                     .transport = s->transport,
                                     .fate = s->fate,
                                     .signal = s->stop_signal,
                                     .what = bad->what,
                                     .log = bad->log,
                                     .reports = bad->reports};
  *bad_ends_last = bad;
  bad_ends_last = &bad->next;
}

/* Waits for news of the stopping servers, as poll does, and lets go of those that have ended. */
static void stopping_poll(int timeout) {
  struct pollfd fds[STOPPING_MAX];
  for (size_t i = 0; i < stopping_count; i++)
    fds[i] = (struct pollfd){.fd = stopping[i]->fd, .events = POLLIN};
  int n = poll(fds, stopping_count, timeout);
  CHECK(n >= 0 || errno == EINTR);
  if (n <= 0)
    return;
  size_t kept = 0;
  for (size_t i = 0; i < stopping_count; i++) {
    struct server *s = stopping[i];
    server_look(s);
    if (!s->ended) {
      stopping[kept++] = s;
      continue;
    }
    bad_end_add(s);
    server_free(s);
  }
  stopping_count = kept;
}

static void server_end(struct server *s, enum keeper_order order) {
  if (s->fd < 0 || s->ended) { /* how it ended has been told already */
    server_free(s);
    return;
  }
  stopping_poll(0);
  while (stopping_count == STOPPING_MAX)
    stopping_poll(-1);
  keeper_send(s->fd, order);
  stopping[stopping_count++] = s;
}

void server_stop(struct server *s) {
  server_end(s, KEEPER_STOP);
}

void server_finish(struct server *s, struct buf *reports) {
  if (s->fd >= 0 && !s->ended)
    keeper_send(s->fd, KEEPER_STOP);
  while (s->fd >= 0 && !s->ended) {
    wait_for(s->fd, POLLIN, -1, INT64_MAX);
    server_look(s);
  }
  server_reports(s, reports);
  server_free(s);
}

void server_kill(struct server *s) {
  s->reports_done = true;
  server_end(s, KEEPER_KILL);
}

void server_stop_all(void (*bad)(void *arg, const struct server_bad_end *end), void *arg) {
  while (stopping_count > 0)
    stopping_poll(-1);
  for (struct bad_end *b = bad_ends, *next; b; b = next) {
    next = b->next;
    bad(arg, &b->end);
    free(b->what);
    free(b->log);
    free(b->reports);
    free(b);
  }
  bad_ends = NULL;
  bad_ends_last = &bad_ends;
}
