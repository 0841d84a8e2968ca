#include "run/trial.h"

#include <stdlib.h>

#include "base/check.h"
#include "run/fate.h"
#include "run/fleet.h"
#include "run/sightings.h"
#include "run/stage.h"
#include "run/wire.h"

struct trial {
  const struct run_config *config;
  struct stage *stage;
  struct fleet fleet;
};

struct trial *trial_new(const struct run_config *config, unsigned index) {
  struct trial *t = xcalloc(1, sizeof *t);
  t->config = config;
  t->stage = stage_new(config, index);
  fleet_init(&t->fleet, config->profile);
  return t;
}

static void bad_stop(void *arg, const struct server_bad_end *end) {
  (void)arg, (void)end; /* how it ends is not what is tried */
}

void trial_free(struct trial *t) {
  if (!t)
    return;
  fleet_stop(&t->fleet);
  server_stop_all(bad_stop, NULL);
  stage_free(t->stage);
  free(t);
}

/* What a sanitizer has reported on the server that the baseline does not know is what the play came
 * to, whatever else it did. */
static void judge_reports(const struct run_config *config, struct server *s, struct verdict *v) {
  struct sightings f;
  struct buf text;
  buf_init(&text, REPORTS_TEXT_MAX);
  server_reports(s, &text);
  sightings_read(&f, buf_span(&text), config->baseline);
  const struct sighting *first = sightings_first_new(&f);
  if (first) {
    verdict_fini(v);
    *v = (struct verdict){.status = VERDICT_ERROR,
                          .kind = KIND_SANITIZER_REPORT,
                          .brief = xstrdup(first->key),
                          .detail = xstrdup(first->text)};
  }
  sightings_fini(&f);
  buf_fini(&text);
}

struct verdict trial_play(struct trial *t, const struct session *session,
                          const struct delivery *delivery, uint64_t seed) {
  const struct run_config *config = t->config;
  bool attached = config->profile->attached != NULL, wrapped;
  /* The next one starts while this one is played on. */
  const struct job job = {.fresh = !attached, .fresh_follows = !attached};
  enum transport transport = config->transports[0];
  struct buf why;
  buf_init(&why, WIRE_DETAIL_MAX);
  struct server *s = fleet_take(&t->fleet, transport, &job, &why);
  struct verdict v;
  if (s) {
    v = stage_play(t->stage, s,
                   (struct play_options){.session = session,
                                         .delivery = delivery,
                                         .seed = seed,
                                         .timeout_ms = config->timeout_ms,
                                         .total_ms = config->total_ms},
                   &wrapped);
    fate_add(s, &v);
    judge_reports(config, s, &v);
    if (attached)
      fleet_give(&t->fleet, transport, s, true);
    else
      server_kill(s);
  } else {
    v = fate_setup(&why);
  }
  buf_fini(&why);
  return v;
}
