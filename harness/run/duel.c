#include "run/duel.h"

#include <stdlib.h>

#include "base/check.h"
#include "run/clock.h"
#include "run/fate.h"
#include "run/keep.h"
#include "run/meter.h"
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
    struct meter meter;
    bool wrapped;
    options.tape = &p->tape;
    options.transcript = &p->transcript;
    meter_start(&meter, server_pid(d->servers[s]));
    p->verdict = stage_play(d->stages[s], d->servers[s], options, &wrapped);
    meter_stop(&meter, &p->figures);
    if (!options.delivery->kind->slow_reads) {
      p->figures.reads = p->tape.reads;
      p->figures.read_bytes = p->tape.read_bytes;
    }
    fate_add(d->servers[s], &p->verdict);
    /* Neither is trusted with the next case when one has failed on one. */
    d->again &= !wrapped && p->verdict.status == VERDICT_PASS;
  }
  c->rounds++;
}

static bool exceeds(double ratio, double most) {
  return most > 0 && ratio > most;
}

/* Whether the candidate costs more than it may in the rounds from `first` on; `v` gets the
 * verdict when it is not NULL. */
static bool costs_too_much(const struct duel *d, size_t first, struct verdict *v) {
  struct figures f[SIDES];
  comparison_figures(&d->comparison, first, f);
  double memory = figures_memory_ratio(f), cpu = figures_cpu_ratio(f);
  bool too_large = exceeds(memory, d->config->max_memory_ratio);
  if (!too_large && !exceeds(cpu, d->config->max_cpu_ratio))
    return false;
  if (!v)
    return true;
  struct buf brief;
  buf_init(&brief, WIRE_BRIEF_MAX);
  buf_addf(&brief, "%s: ", too_large ? "peak memory" : "CPU time");
  if (too_large)
    figures_put_memory(&brief, f[CANDIDATE].peak, f[BASELINE].peak);
  else
    figures_put_cpu(&brief, f[CANDIDATE].cpu_ns, f[BASELINE].cpu_ns);
  buf_addf(&brief, ", %.2f times as much; at most %.2f times are allowed", too_large ? memory : cpu,
           too_large ? d->config->max_memory_ratio : d->config->max_cpu_ratio);
  *v = (struct verdict){.status = VERDICT_FAIL,
                        .kind = KIND_DIFFERENCE,
                        .brief = buf_take(&brief),
                        .detail = xstrdup("          the bytes are the same\n")};
  return true;
}

/* What the rounds come to when no byte differs. Costs that are too high are looked at again on
 * fresh servers; false when that has not been done yet. */
static bool judge_costs(const struct duel *d, struct verdict *v) {
  const struct comparison *c = &d->comparison;
  *v = (struct verdict){.status = VERDICT_PASS};
  if (c->rounds < COMPARISON_MOST)
    return !costs_too_much(d, 0, NULL);
  costs_too_much(d, COMPARISON_FIRST, v);
  return true;
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
    if (!found && judge_costs(d, &f.verdict))
      return f.verdict;
    if (c->rounds == COMPARISON_MOST)
      return f.verdict;
  }
}

struct duel_outcome duel_play(struct duel *d, const struct job *job) {
  struct comparison *c = &d->comparison;
  size_t last;
  d->job = job;
  comparison_begin(c, suite_case(d->config->suite, job->test)->session);
  struct duel_outcome o = {.verdict = play_rounds(d, &last)};
  const struct profile *profiles[SIDES] = {d->config->profile, d->config->candidate};
  struct keep_side sides[SIDES];
  for (int s = 0; s < SIDES; s++)
    sides[s] = (struct keep_side){.name = side_name((enum side)s),
                                  .profile = profiles[s],
                                  .tape = c->rounds ? &c->plays[last][s].tape : NULL,
                                  .server = d->servers[s]};
  o.kept = keep_failure(d->config, job, &o.verdict, sides, SIDES);
  o.alike = o.verdict.status == VERDICT_PASS && comparison_fails_alike(c);
  if (c->rounds > COMPARISON_FIRST)
    c->rounds = COMPARISON_FIRST;
  comparison_figures(c, 0, o.figures);
  d->again &= o.verdict.status == VERDICT_PASS;
  give(d);
  return o;
}
