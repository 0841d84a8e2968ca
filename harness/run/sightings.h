/* Sightings: the reports in what sanitizers have written, each told once, held against the
 * baseline; and the verdict that they make of a case's. Pure. Internal to the run layer. */
#ifndef RUN_SIGHTINGS_H
#define RUN_SIGHTINGS_H

#include "run/baseline.h"
#include "run/verdict.h"

struct sighting {
  char *key;  /* what makes two of them the same: "ThreadSanitizer: data race in item_get" */
  char *line; /* with the place: "ThreadSanitizer: data race in item_get at items.c:12" */
  char *text; /* the lines of the first of these reports, each behind "| "; not all of a long one */
  int known;  /* the baseline's entry, or -1 */
};

struct sightings {
  struct vec list; /* of struct sighting */
  size_t news;     /* how many are not known */
};

/* Reads what server_reports tells; `b` may be NULL, and knows nothing then. */
void sightings_read(struct sightings *f, struct span text, const struct baseline *b);
void sightings_fini(struct sightings *f);

const struct sighting *sightings_at(const struct sightings *f, size_t i);
/* The first that is not known, or NULL. */
const struct sighting *sightings_first_new(const struct sightings *f);
bool sightings_hold(const struct sightings *f, const char *key);

/* Turns a verdict into the error that the new sightings are; what it said before is told behind
 * them. `mark` says how they were seen: "first seen, confirmed alone". Nothing when there is none.
 */
void sightings_judge(const struct sightings *f, const char *mark, struct verdict *v);

#endif
