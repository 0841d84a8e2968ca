#include "run/stage.h"

#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "run/crowd.h"
#include "run/golden.h"
#include "run/play.h"

enum {
  KNOWN_TIMEOUT_MS = 50, /* for a case that is known to stand still */
  NS_DIGITS = 62,
  NS_LETTERS = 52, /* the last of them */
  NS_COUNT = NS_DIGITS * NS_DIGITS * NS_DIGITS
};

struct stage {
  /* Precise timers cost a system call in each turn of the loop. The looks and pacing steps of all
   * but Unix sockets need them; so does the end of a jam, to be seen soon. */
  struct event_base *precise, *coarse;
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

static struct verdict play_one(struct event_base *base, const struct play_options *options) {
  struct play *p = play_new(base, options, done_cb, base);
  event_base_dispatch(base);
  struct verdict v = play_verdict(p);
  play_free(p);
  return v;
}

static struct verdict play_crowd(struct event_base *base, const struct play_options *options,
                                 char (*ns)[4]) {
  struct crowd *c =
      crowd_new(base, options, options->delivery->number, (const char(*)[4])ns, done_cb, base);
  event_base_dispatch(base);
  struct verdict v = crowd_verdict(c);
  crowd_free(c);
  return v;
}

static struct event_base *new_base(int flags) {
  struct event_config *ec = event_config_new();
  if (!ec || event_config_set_flag(ec, flags) != 0)
    DIE("no event base");
  struct event_base *base = event_base_new_with_config(ec);
  event_config_free(ec);
  if (!base)
    DIE("no event base");
  return base;
}

static struct event_base *base_for(const struct stage *s, const struct play_options *options) {
  bool edges_tell = options->delivery->kind->paced && options->to->transport == TRANSPORT_UNIX;
  return edges_tell ? s->coarse : s->precise;
}

struct stage *stage_new(const struct run_config *config, unsigned index) {
  struct stage *s = xcalloc(1, sizeof *s);
  s->index = index;
  if (config->profile->attached) /* others may have been there before */
    s->ns_next = (unsigned)getpid() * 7919u;
  s->precise = new_base(EVENT_BASE_FLAG_PRECISE_TIMER);
  s->coarse = new_base(0);
  return s;
}

void stage_free(struct stage *s) {
  if (!s)
    return;
  event_base_free(s->precise);
  event_base_free(s->coarse);
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

struct verdict stage_play(struct stage *s, const struct server *server, struct play_options options,
                          bool *wrapped) {
  bool crowds = options.delivery->kind->crowds;
  size_t n = crowds ? options.delivery->number : 1;
  char(*ns)[4] = xcalloc(n, sizeof *ns);
  options.to = server_addr(server);
  options.server_pid = server_pid(server);
  *wrapped = false;
  for (size_t i = 0; i < n; i++)
    *wrapped |= next_ns(s, ns[i]);
  memcpy(options.ns, ns[0], sizeof options.ns);
  struct event_base *base = base_for(s, &options);
  struct verdict v = crowds ? play_crowd(base, &options, ns) : play_one(base, &options);
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
  if (event_base_once(s->coarse, -1, EV_TIMEOUT, waited_cb, s->coarse, &tv) != 0)
    DIE("no event");
  event_base_dispatch(s->coarse);
}
