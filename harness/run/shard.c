#include "run/shard.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct weighed {
  const struct shard_item *item;
  uint64_t weight;
};

static int by_number(const void *a, const void *b) {
  const uint64_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* The lower one of an even number; 0 of none. */
static uint64_t median(const struct shard_item *items, size_t n) {
  uint64_t *times = xcalloc(n, sizeof *times), found = 0;
  size_t timed = 0;
  for (size_t i = 0; i < n; i++)
    if (items[i].timed)
      times[timed++] = items[i].us;
  if (timed) {
    qsort(times, timed, sizeof *times, by_number);
    found = times[(timed - 1) / 2];
  }
  free(times);
  return found;
}

static int longest_first(const void *a, const void *b) {
  const struct weighed *x = a, *y = b;
  if (x->weight != y->weight)
    return x->weight > y->weight ? -1 : 1;
  int order = strcmp(x->item->id, y->item->id);
  if (order == 0)
    order = strcmp(x->item->delivery, y->item->delivery);
  return order ? order : strcmp(x->item->transport, y->item->transport);
}

static unsigned lightest(const uint64_t *load, unsigned parts) {
  unsigned least = 0;
  for (unsigned i = 1; i < parts; i++)
    if (load[i] < load[least])
      least = i;
  return least;
}

void shard_split(const struct shard_item *items, size_t n, unsigned parts, unsigned *part_of) {
  uint64_t typical = median(items, n), *load = xcalloc(parts, sizeof *load);
  struct weighed *order = xcalloc(n, sizeof *order);
  /* One more than it takes, so that those that take no time are spread too. */
  for (size_t i = 0; i < n; i++)
    order[i] = (struct weighed){&items[i], 1 + (items[i].timed ? items[i].us : typical)};
  qsort(order, n, sizeof *order, longest_first);
  for (size_t i = 0; i < n; i++) {
    unsigned part = lightest(load, parts);
    load[part] += order[i].weight;
    part_of[order[i].item - items] = part;
  }
  free(order);
  free(load);
}
