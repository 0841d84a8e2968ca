#include "run/inspect.h"

#include "run/wire.h"

/* Plays the job once more on a server that nothing else uses, and looks whether the same has been
 * reported when that has ended. */
static bool seen_alone(const struct inspection *in, struct job job, const char *key) {
  enum transport t = in->config->transports[job.transport];
  struct sightings again;
  struct buf text;
  bool wrapped, seen;
  buf_init(&text, REPORTS_TEXT_MAX);
  job.fresh = true;
  job.fresh_follows = false;
  struct server *s = fleet_take(in->fleet, t, &job, &text);
  buf_reset(&text);
  if (s) {
    struct play_options options = stage_options(in->config, &job);
    struct verdict v = stage_play(in->stage, s, options, &wrapped);
    verdict_fini(&v);
    server_finish(s, &text);
  }
  sightings_read(&again, buf_span(&text), NULL);
  seen = sightings_hold(&again, key);
  sightings_fini(&again);
  buf_fini(&text);
  return seen;
}

static const char *mark_of(const struct inspection *in, const struct job *job,
                           const struct sightings *f) {
  if (job->fresh)
    return "first seen, alone on its server";
  if (in->config->profile->terminal)
    return "first seen";
  return seen_alone(in, *job, sightings_first_new(f)->key) ? "first seen, confirmed alone"
                                                           : "first seen, not seen alone";
}

bool inspect_case(const struct inspection *in, const struct job *job, struct server *s,
                  struct verdict *v, struct buf *text) {
  struct sightings f;
  bool told = true;
  if (!server_reports(s, text))
    return true;
  sightings_read(&f, buf_span(text), in->config->baseline);
  for (size_t i = 0; i < f.list.n && told; i++) {
    const struct sighting *sighting = sightings_at(&f, i);
    told = wire_send_report(in->fd, &(struct wire_report){.kind = WIRE_FINDING,
                                                          .job = job->number,
                                                          .known = sighting->known,
                                                          .finding = sighting->key,
                                                          .verdict = {.brief = sighting->line}});
  }
  if (f.news)
    sightings_judge(&f, mark_of(in, job, &f), v);
  sightings_fini(&f);
  return told;
}
