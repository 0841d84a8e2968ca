#include "run/config.h"

#include "base/check.h"
#include "base/rng.h"
#include "base/text.h"

static void shuffle(struct job *jobs, size_t n, uint64_t seed) {
  struct rng rng = rng_of(seed);
  for (size_t i = n; i > 1; i--) {
    size_t k = rng_below(&rng, i);
    struct job kept = jobs[i - 1];
    jobs[i - 1] = jobs[k];
    jobs[k] = kept;
  }
}

static bool wants_fresh(const struct run_config *config, const struct job *job) {
  if (config->profile->attached)
    return false;
  return config->server_per == SERVER_PER_CASE ||
         suite_case(config->suite, job->test)->session->isolated;
}

size_t plan_places(const struct run_config *config) {
  return config->suite->cases.n * config->ndeliveries * config->ntransports;
}

struct job plan_job_at(const struct run_config *config, size_t place) {
  size_t cases = config->suite->cases.n;
  return (struct job){.test = place % cases,
                      .delivery = place / cases % config->ndeliveries,
                      .transport = place / cases / config->ndeliveries};
}

bool plan_has(const struct run_config *config, size_t place) {
  struct job job = plan_job_at(config, place);
  return config->transports[job.transport] == TRANSPORT_TLS ||
         !config->deliveries[job.delivery].kind->tls_only;
}

struct job *plan_jobs(const struct run_config *config, size_t *n) {
  size_t places = plan_places(config), total = 0;
  struct job *jobs = xcalloc(places * config->repeat, sizeof *jobs);
  for (unsigned r = 0; r < config->repeat; r++)
    for (size_t place = 0; place < places; place++) {
      if (!plan_has(config, place) || (config->chosen && !config->chosen[place]))
        continue;
      jobs[total] = plan_job_at(config, place);
      jobs[total++].repetition = r;
    }
  if (config->shuffle)
    shuffle(jobs, total, config->shuffle_seed);
  bool follows[TRANSPORTS] = {false};
  for (size_t i = total; i > 0; i--) {
    struct job *job = &jobs[i - 1];
    job->number = i - 1;
    job->fresh = wants_fresh(config, job);
    job->fresh_follows = follows[job->transport];
    follows[job->transport] |= job->fresh;
  }
  *n = total;
  return jobs;
}

char *plan_not_under(const struct session *s, const struct delivery *d) {
  for (size_t i = 0; i < s->nnot_under; i++)
    if (text_glob(span_str(s->not_under[i].pattern), span_str(d->name)))
      return xasprintf("not under %s: %s", d->name, s->not_under[i].reason);
  if (s->isolated && d->kind->crowds)
    return xasprintf("not under %s: is isolated, and wants a server for itself alone", d->name);
  return NULL;
}

char *plan_skip(const struct run_config *config, const struct job *job) {
  const struct session *s = suite_case(config->suite, job->test)->session;
  const struct profile *p = config->profile, *both[] = {p, config->candidate};
  for (size_t i = 0; i < 2 && both[i]; i++)
    for (const char **need = s->needs; *need; need++)
      if (!profile_can(both[i], *need))
        return xasprintf("needs %s, which %s lacks", *need, both[i]->name);
  char *not_under = plan_not_under(s, &config->deliveries[job->delivery]);
  if (not_under)
    return not_under;
  if (s->isolated && p->attached)
    return xstrdup("is isolated: it needs a fresh server, and an attached one can't be restarted");
  return NULL;
}

char *plan_reproduce(const struct run_config *config, const struct job *job) {
  enum transport t = config->transports[job->transport];
  struct buf line;
  buf_init(&line, 16 << 10);
  buf_add_str(&line, config->reproduce);
  buf_addf(&line, " -d %s", config->deliveries[job->delivery].name);
  if (t != TRANSPORT_UNIX)
    buf_addf(&line, " --transport %s", transport_name(t));
  buf_addf(&line, " --seed %llu ", (unsigned long long)config->seed);
  text_shell(&line, span_str(suite_case(config->suite, job->test)->file));
  return buf_take(&line);
}
