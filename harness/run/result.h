/* One case run: which case, how delivered, what came of it; and the run around it. The reports read
 * these; the schedule makes them. */
#ifndef RUN_RESULT_H
#define RUN_RESULT_H

#include "run/verdict.h"

struct result {
  const char *id;   /* "get/miss" */
  const char *file; /* "cases/get/miss.session", as it can be given to `run` again; NULL: no file */
  const char *title;
  const char *delivery;  /* "bytewise" */
  const char *transport; /* "unix" */
  const char *server;    /* the profile's name */
  unsigned repetition;   /* from 0 */
  double seconds;
  const char *kept;      /* the folder with what is kept of the failure, or NULL */
  const char *reproduce; /* a command line, or NULL */
  struct verdict verdict;
};

struct run_info {
  const char *server;
  uint64_t seed;
  size_t planned; /* case runs */
  unsigned workers;
};

struct run_totals {
  size_t run, passed, failed, errors, skipped, xfailed, xpassed, flaky;
  size_t setup; /* of the errors: the infrastructure's, not the server's under test */
  double seconds;
  bool interrupted;
  bool stopped; /* at a red result, with jobs left */
};

/* What listens to a run: console, JUnit. All three are called in the parent, in this order. */
struct sink {
  void (*begin)(void *arg, const struct run_info *info);
  void (*result)(void *arg, const struct result *r);
  void (*end)(void *arg, const struct run_totals *t);
  void *arg;
};

#endif
