#include "run/duel.h"

#include <stdlib.h>

#include "base/check.h"
#include "run/clock.h"
#include "run/fate.h"
#include "run/keep.h"
#include "run/stage.h"
#include "run/wire.h"

enum { LATER_MS = 1100 /* after the first round, when the clock's second has moved on */ };

struct duel {
  const struct run_config *config;
  struct fleet *fleets;
  struct stage *stages[SIDES]; /* one each, so that their key spaces are the same */
  struct comparison comparison;
  const struct job *job;
  struct server *servers[SIDES]; /* of the round in hand, or of the last one */
  bool again;                    /* and whether they can be played on again */
};

struct duel *duel_new(const struct run_config *config, struct fleet *fleets, unsigned index) {
  struct duel *d = xcalloc(1, sizeof *d);
  d->config = config;
  d->fleets = fleets;
  for (int s = 0; s < SIDES; s++)
    d->stages[s] = stage_new(config, index);
  comparison_init(&d->comparison, KEEP_TAPE_MAX);
  return d;
}

void duel_free(struct duel *d) {
  if (!d)
    return;
  for (int s = 0; s < SIDES; s++)
    stage_free(d->stages[s]);
  comparison_fini(&d->comparison);
  free(d);
}

static enum transport transport_of(const struct duel *d) {
  return d->config->transports[d->job->transport];
}

static void give(struct duel *d) {
  for (int s = 0; s < SIDES; s++) {
    if (d->servers[s])
      fleet_give(&d->fleets[s], transport_of(d), d->servers[s], d->again);
    d->servers[s] = NULL;
  }
}

/* The servers of a round; false, with the verdict, when one can't be had. */
static bool take(struct duel *d, bool fresh, struct verdict *v) {
  struct job job = *d->job;
  struct buf why;
  buf_init(&why, WIRE_DETAIL_MAX);
  job.fresh |= fresh;
  d->again = !job.fresh;
  bool ok = true;
  for (int s = 0; s < SIDES && ok; s++) {
    d->servers[s] = fleet_take(&d->fleets[s], transport_of(d), &job, &why);
    ok = d->servers[s] != NULL;
    if (!ok) {
      *v = fate_setup(&why);
      char *brief = xasprintf("%s: %s", side_name((enum side)s), v->brief);
      free(v->brief);
      v->brief = brief;
    }
  }
  d->again &= ok;
  buf_fini(&why);
  return ok;
}

static void play_round(struct duel *d) {
  struct comparison *c = &d->comparison;
  for (int s = 0; s < SIDES; s++) {
    struct played *p = &c->plays[c->rounds][s];
    struct play_options options = stage_options(d->config, d->job);
    bool wrapped;
    options.to = server_addr(d->servers[s]);
    options.tape = &p->tape;
    options.transcript = &p->transcript;
    p->verdict = stage_play(d->stages[s], options, &wrapped);
    fate_add(d->servers[s], &p->verdict);
    /* Neither is trusted with the next case when one has failed on one. */
    d->again &= !wrapped && p->verdict.status == VERDICT_PASS;
  }
  c->rounds++;
}

/* Plays rounds until there is a verdict. `*last` is the round that shows it. */
static struct verdict play_rounds(struct duel *d, size_t *last) {
  struct comparison *c = &d->comparison;
  struct finding f = {0};
  uint64_t start = clock_usec();
  for (*last = 0;; verdict_fini(&f.verdict)) {
    bool further = c->rounds >= COMPARISON_FIRST;
    give(d);
    if (c->rounds == COMPARISON_FIRST) {
      uint64_t ms = (clock_usec() - start) / 1000;
      if (ms < LATER_MS)
        stage_wait(d->stages[BASELINE], LATER_MS - (unsigned)ms);
    }
    if (!take(d, further, &f.verdict))
      return f.verdict;
    play_round(d);
    bool found = comparison_find(c, &f);
    *last = f.last;
    if (f.final)
      return f.verdict;
    if (c->rounds < COMPARISON_FIRST)
      continue;
    if (!found)
      return (struct verdict){.status = VERDICT_PASS};
    if (c->rounds == COMPARISON_MOST)
      return f.verdict;
  }
}

struct verdict duel_play(struct duel *d, const struct job *job, char **kept, bool *alike) {
  struct comparison *c = &d->comparison;
  size_t last;
  d->job = job;
  comparison_begin(c, suite_case(d->config->suite, job->test)->session);
  struct verdict v = play_rounds(d, &last);
  const struct profile *profiles[SIDES] = {d->config->profile, d->config->candidate};
  struct keep_side sides[SIDES];
  for (int s = 0; s < SIDES; s++)
    sides[s] = (struct keep_side){.name = side_name((enum side)s),
                                  .profile = profiles[s],
                                  .tape = c->rounds ? &c->plays[last][s].tape : NULL,
                                  .server = d->servers[s]};
  *kept = keep_failure(d->config, job, &v, sides, SIDES);
  *alike = v.status == VERDICT_PASS && comparison_fails_alike(c);
  d->again &= v.status == VERDICT_PASS;
  give(d);
  return v;
}
