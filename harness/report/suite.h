/* What the JUnit report holds before it is written: suites of case runs, and their counts.
 *
 * The strings are borrowed from the owner's arena and are clean (junit_clean). Pure. */
#ifndef REPORT_SUITE_H
#define REPORT_SUITE_H

#include "base/span.h"

/* What a case run counts as; the schema knows no more. */
enum outcome { OUTCOME_PASSED, OUTCOME_SKIPPED, OUTCOME_FAILURE, OUTCOME_ERROR, OUTCOMES };

struct record {
  const char *name;
  uint64_t millis;
  enum outcome outcome;
  const char *type, *message, *body; /* NULL: none */
};

struct suite {
  const char *name;                 /* the classname of its cases */
  const char *delivery, *transport; /* NULL: for the run as a whole */
  struct record *records;
  size_t n, room;
  size_t count[OUTCOMES];
  uint64_t millis; /* of all records */
};

struct suites {
  struct suite *p;
  size_t n;
};

/* Frees what the suite owns. */
void suite_fini(struct suite *s);
void suite_add(struct suite *s, struct record r);
/* By name. */
void suite_sort(struct suite *s);

void suites_fini(struct suites *all);
/* The suite of that name, or NULL; valid until the next one is added. */
struct suite *suites_find(struct suites *all, const char *name);
struct suite *suites_add(struct suites *all, struct suite s);
/* By name, the suites and the records in each. */
void suites_sort(struct suites *all);

#endif
