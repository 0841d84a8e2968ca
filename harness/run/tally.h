/* The tally of a run's findings: how often each was seen and where first, and which entries of the
 * baseline were met. */
#ifndef RUN_TALLY_H
#define RUN_TALLY_H

#include "run/baseline.h"

struct tally {
  struct vec rows;                 /* of the new findings */
  const struct baseline *baseline; /* borrowed; NULL: none */
  size_t *met;                     /* for each of its entries, how often */
  bool valgrind;                   /* the server runs under it */
};

void tally_init(struct tally *t, const struct baseline *baseline, bool valgrind);
void tally_fini(struct tally *t);

/* Counts a finding; `known` is its entry in the baseline or -1, `where` the case that ran, NULL for
 * none. True when it is the first of its key in a case, or in none, whichever this one is. */
bool tally_add(struct tally *t, const char *key, const char *line, int known, const char *where);

/* Appends the summary: lines, each ended by a newline; nothing when there is nothing to tell. Of
 * the baseline's entries that were not met those are named whose tool has had a say in the run. */
void tally_add_text(const struct tally *t, struct buf *out);

#endif
