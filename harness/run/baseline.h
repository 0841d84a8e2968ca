/* The baseline: what sanitizers and valgrind are known to report on a server,
 * fixtures/known/<server>.sanitizers.yaml. A YAML list of entries
 *
 *   - tool: ThreadSanitizer     as reports name it; memcheck for valgrind
 *     function: item_get        the report's, see server/sanitizer.h
 *     kind: data race           all of the tool's kinds when left out
 *     why: one sentence         required
 *     link: URL                 where it is discussed, if anywhere
 *
 * A report that an entry fits is counted and named, and makes nothing red. An entry that fits none
 * is named too, but not red: whether a race is seen depends on who comes first. */
#ifndef RUN_BASELINE_H
#define RUN_BASELINE_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/vec.h"
#include "server/sanitizer.h"

struct baseline_entry {
  const char *tool, *function, *kind, *why, *link; /* kind, link: NULL when left out */
};

struct baseline {
  struct arena arena;
  struct vec entries; /* of struct baseline_entry */
};

/* Knows nothing. */
void baseline_init(struct baseline *b);
/* Adds what a list holds; false with diagnostics. */
bool baseline_read(struct baseline *b, struct span text, const char *file, struct diag *diag);
void baseline_fini(struct baseline *b);

/* The place of the entry that fits a report, or -1. */
int baseline_find(const struct baseline *b, const struct sanitizer_report *r);

#endif
