#include "run/stage.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "run/crowd.h"
#include "run/golden.h"
#include "run/play.h"

enum {
  KNOWN_TIMEOUT_MS = 200, /* for a case that is known to stand still */
  NS_DIGITS = 62,
  NS_LETTERS = 52, /* the last of them */
  NS_COUNT = NS_DIGITS * NS_DIGITS * NS_DIGITS
};

struct stage {
  struct event_base *base;
  unsigned index, ns_next;
};

static void done_cb(void *arg) {
  event_base_loopbreak(arg);
}

/* Four characters: which worker, as a letter, so that no key space is a number; and a count. True
 * when the count has gone round, so that keys of earlier cases may be met again on the same server.
 */
static bool next_ns(struct stage *s, char ns[4]) {
  static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  unsigned n = s->ns_next++ % NS_COUNT;
  ns[0] = digits[NS_DIGITS - NS_LETTERS + s->index % NS_LETTERS];
  ns[1] = digits[n / NS_DIGITS / NS_DIGITS];
  ns[2] = digits[n / NS_DIGITS % NS_DIGITS];
  ns[3] = digits[n % NS_DIGITS];
  return s->ns_next % NS_COUNT == 0;
}

static struct verdict play_one(struct stage *s, const struct play_options *options) {
  struct play *p = play_new(s->base, options, done_cb, s->base);
  event_base_dispatch(s->base);
  struct verdict v = play_verdict(p);
  play_free(p);
  return v;
}

static struct verdict play_crowd(struct stage *s, const struct play_options *options,
                                 char (*ns)[4]) {
  struct crowd *c = crowd_new(s->base, options, options->delivery->number, (const char(*)[4])ns,
                              done_cb, s->base);
  event_base_dispatch(s->base);
  struct verdict v = crowd_verdict(c);
  crowd_free(c);
  return v;
}

/* The looks and pacing steps of all but Unix sockets need precise timers, which cost a system call
 * in each turn of the loop. */
static struct event_base *new_base(const struct run_config *config) {
  struct event_config *ec = event_config_new();
  if (!ec)
    DIE("no event base");
  for (size_t i = 0; i < config->ntransports; i++)
    if (config->transports[i] != TRANSPORT_UNIX &&
        event_config_set_flag(ec, EVENT_BASE_FLAG_PRECISE_TIMER) != 0)
      DIE("no precise timers");
  struct event_base *base = event_base_new_with_config(ec);
  event_config_free(ec);
  if (!base)
    DIE("no event base");
  return base;
}

struct stage *stage_new(const struct run_config *config, unsigned index) {
  struct stage *s = xcalloc(1, sizeof *s);
  s->index = index;
  if (config->profile->attached) /* others may have been there before */
    s->ns_next = (unsigned)getpid() * 7919u;
  s->base = new_base(config);
  return s;
}

void stage_free(struct stage *s) {
  if (!s)
    return;
  event_base_free(s->base);
  free(s);
}

/* A failure that is known is not waited for as long as one that may be a slow machine's. */
static unsigned timeout_of(const struct run_config *config, const struct job *job) {
  const struct known_entry *e = known_find(config->known, suite_case(config->suite, job->test)->id,
                                           config->deliveries[job->delivery].name);
  bool stands = e && e->kind == KIND_TIMEOUT && config->timeout_ms > KNOWN_TIMEOUT_MS;
  return stands ? KNOWN_TIMEOUT_MS : config->timeout_ms;
}

struct play_options stage_options(const struct run_config *config, const struct job *job) {
  const struct test_case *c = suite_case(config->suite, job->test);
  return (struct play_options){
      .session = c->session,
      .golden = config->goldens ? goldens_find(config->goldens, job->test) : NULL,
      .delivery = &config->deliveries[job->delivery],
      .seed = rng_mix(config->seed, span_str(c->id)),
      .timeout_ms = timeout_of(config, job),
      .total_ms = config->total_ms,
  };
}

struct verdict stage_play(struct stage *s, struct play_options options, bool *wrapped) {
  bool crowds = options.delivery->kind->crowds;
  size_t n = crowds ? options.delivery->number : 1;
  char(*ns)[4] = xcalloc(n, sizeof *ns);
  *wrapped = false;
  for (size_t i = 0; i < n; i++)
    *wrapped |= next_ns(s, ns[i]);
  memcpy(options.ns, ns[0], sizeof options.ns);
  struct verdict v = crowds ? play_crowd(s, &options, ns) : play_one(s, &options);
  free(ns);
  return v;
}

static void waited_cb(evutil_socket_t fd, short what, void *arg) {
  (void)fd;
  (void)what;
  event_base_loopbreak(arg);
}

void stage_wait(struct stage *s, unsigned ms) {
  struct timeval tv = {ms / 1000, ms % 1000 * 1000};
  if (event_base_once(s->base, -1, EV_TIMEOUT, waited_cb, s->base, &tv) != 0)
    DIE("no event");
  event_base_dispatch(s->base);
}
