/* What the JUnit report holds before it is written: suites of case runs, and their counts.
 *
 * The strings are borrowed from the owner's arena and are clean (junit_clean). Pure. */
#ifndef REPORT_JUNIT_SUITE_H
#define REPORT_JUNIT_SUITE_H

#include "run/figures.h"

/* What a case run counts as; the schema knows no more. */
enum junit_outcome { OUTCOME_PASSED, OUTCOME_SKIPPED, OUTCOME_FAILURE, OUTCOME_ERROR, OUTCOMES };

struct junit_record {
  const char *name;
  uint64_t millis;
  enum junit_outcome outcome;
  const char *type, *message, *body, *out; /* NULL: none */
};

struct junit_suite {
  const char *name;                 /* the classname of its cases */
  const char *delivery, *transport; /* NULL: for the run as a whole */
  struct junit_record *records;
  size_t n, room;
  size_t count[OUTCOMES];
  uint64_t millis;          /* of all records */
  struct figures_sum costs; /* of a comparison; without cases otherwise */
};

struct junit_suites {
  struct junit_suite *p;
  size_t n;
};

/* Frees what the suite owns. */
void junit_suite_fini(struct junit_suite *s);
void junit_suite_add(struct junit_suite *s, struct junit_record r);

void junit_suites_fini(struct junit_suites *all);
/* The suite of that name, or NULL; valid until the next one is added. */
struct junit_suite *junit_suites_find(struct junit_suites *all, const char *name);
struct junit_suite *junit_suites_add(struct junit_suites *all, struct junit_suite s);
/* By name, the suites and the records in each. */
void junit_suites_sort(struct junit_suites *all);

#endif
