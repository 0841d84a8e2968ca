#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "run/shrink_internal.h"

/* From the simplest on. Of a crowd, smaller ones follow. */
static const char *const simple[] = {"whole",    "pipelined", "half-close", "split:1",
                                     "split:23", "split:24",  "split:25",   "fields",
                                     "bytewise", "pause",     "slow-read",  "slow-read-last"};

/* The whole must fail under it as well: what shows with the shorter session alone may be another
 * thing, or a matter of luck. */
static bool shows_under(struct shrink *s, const char *name) {
  struct delivery d;
  struct buf why;
  buf_init(&why, 4096);
  CHECK(delivery_parse(span_str(name), &d, &why));
  buf_fini(&why);
  char *not_under = plan_not_under(s->best->session, &d);
  bool tried_before =
      s->r->voucher == VOUCHER_DELIVERY && strcmp(name, s->r->voucher_delivery.name) == 0;
  bool shows = !not_under && !tried_before && shrink_shows_surely(s, s->best->session, &d) &&
               shrink_shows(s, s->whole->session, &d);
  free(not_under);
  if (shows)
    s->r->delivery = d;
  return shows;
}

/* How many of the simple ones are simpler than this one. */
static size_t simpler_than(const struct delivery *d) {
  enum { ALL = sizeof simple / sizeof *simple, SPLIT = 3, SLOW = 10 };
  for (size_t i = 0; i < ALL; i++)
    if (strcmp(d->name, simple[i]) == 0)
      return i;
  if (strcmp(d->kind->name, "split") == 0)
    return SPLIT;
  return strcmp(d->kind->name, "random") == 0 ? SLOW : ALL;
}

bool shrink_delivery(struct shrink *s) {
  const struct delivery d = s->r->delivery;
  size_t n = simpler_than(&d);
  for (size_t i = 0; i < n && !s->over; i++)
    if (shows_under(s, simple[i]))
      return true;
  for (uint64_t players = 2; d.kind->crowds && players < d.number && !s->over; players++) {
    char name[32];
    snprintf(name, sizeof name, "%s:%llu", d.kind->name, (unsigned long long)players);
    if (shows_under(s, name))
      return true;
  }
  return false;
}
