/* A case played against a server in the same event loop. */
#ifndef WORLD_H
#define WORLD_H

#include <stdio.h>

#include "run/play.h"
#include "tiny_server.h"

struct row {
  const char *name;
  const char *steps;      /* they begin in line 3 */
  const char *answers[6]; /* see tiny_server; those from the first NULL on are empty successes */
  enum tiny_fault fault;
  const char *outcome;
  const char *sent[6]; /* what the server got; not looked at when empty */
};

struct world {
  struct event_base *base;
  struct tiny_server server;
  struct session *session;
  struct delivery delivery;
  struct verdict verdict;
  struct transcript *transcript; /* NULL: none is taken down */
};

static inline void world_done(void *arg) {
  event_base_loopbreak(arg);
}

static inline void world_init(struct world *w, const struct row *row, const char *way) {
  *w = (struct world){0};
  struct event_config *config = event_config_new();
  CHECK(config && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0);
  w->base = event_base_new_with_config(config);
  CHECK(w->base);
  event_config_free(config);
  w->session = compiled(row->steps);
  size_t n = 0;
  while (n < 6 && row->answers[n])
    n++;
  tiny_init(&w->server, w->base, row->fault, row->answers, n);
  struct buf why;
  buf_init(&why, 1024);
  ck_assert_msg(delivery_parse(span_str(way), &w->delivery, &why), "%s", buf_cstr(&why));
  buf_fini(&why);
}

/* Plays to the end. A deadline that is meant to pass is short, others are never reached. */
static inline void world_play(struct world *w, unsigned timeout_ms) {
  const struct play_options options = {.session = w->session,
                                       .delivery = &w->delivery,
                                       .to = &w->server.addr,
                                       .seed = 7,
                                       .ns = {'n', 's', '4', '2'},
                                       .transcript = w->transcript,
                                       .timeout_ms = timeout_ms,
                                       .total_ms = 60000};
  struct play *p = play_new(w->base, &options, world_done, w->base);
  ck_assert_int_eq(event_base_dispatch(w->base), 0);
  w->verdict = play_verdict(p);
  play_free(p);
}

static inline void world_fini(struct world *w) {
  tiny_fini(&w->server);
  verdict_fini(&w->verdict);
  session_free(w->session);
  ck_assert_int_eq(event_base_get_num_events(w->base, EVENT_BASE_COUNT_ADDED), 0);
  event_base_free(w->base);
}

#endif
