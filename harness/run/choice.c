#include "run/choice.h"

#include <stdlib.h>

#include "base/check.h"
#include "run/shard.h"

bool *choice_all(const struct run_config *config) {
  size_t n = plan_places(config);
  bool *chosen = xcalloc(n, sizeof *chosen);
  for (size_t i = 0; i < n; i++)
    chosen[i] = plan_has(config, i);
  return chosen;
}

static struct shard_item item_at(const struct run_config *config, const struct history *h,
                                 size_t place, struct history_run *run) {
  struct job job = plan_job_at(config, place);
  struct shard_item item = {
      .id = suite_case(config->suite, job.test)->id,
      .delivery = config->deliveries[job.delivery].name,
      .transport = transport_name(config->transports[job.transport]),
  };
  history_find(h, item.id, item.delivery, item.transport, run);
  item.us = run->us;
  item.timed = run->timed;
  return item;
}

size_t choice_keep_red(const struct run_config *config, const struct history *h, bool *chosen) {
  size_t n = plan_places(config), left = 0;
  for (size_t i = 0; i < n; i++) {
    struct history_run run;
    item_at(config, h, i, &run);
    chosen[i] &= run.red;
    left += chosen[i];
  }
  return left;
}

size_t choice_keep_part(const struct run_config *config, const struct history *h, unsigned part,
                        unsigned parts, bool *chosen) {
  size_t n = plan_places(config), nitems = 0, left = 0;
  struct shard_item *items = xcalloc(n, sizeof *items);
  unsigned *part_of = xcalloc(n, sizeof *part_of);
  struct history_run run;
  for (size_t i = 0; i < n; i++)
    if (chosen[i])
      items[nitems++] = item_at(config, h, i, &run);
  shard_split(items, nitems, parts, part_of);
  for (size_t i = 0, k = 0; i < n; i++) {
    if (chosen[i])
      chosen[i] = part_of[k++] == part;
    left += chosen[i];
  }
  free(part_of);
  free(items);
  return left;
}
