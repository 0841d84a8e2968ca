/* One case run: which case, how delivered, what came of it; and the run around it. The reports read
 * these; the schedule makes them. */
#ifndef RUN_RESULT_H
#define RUN_RESULT_H

#include "run/figures.h"
#include "run/verdict.h"
#include "session/session.h"

struct result {
  const char *id;   /* "get/miss" */
  const char *file; /* "cases/get/miss.session", as it can be given to `run` again; NULL: no file */
  const char *title;
  const char *delivery;  /* "bytewise" */
  const char *transport; /* "unix" */
  const char *server;    /* the profile's name, or of two: "memcached..refserver" */
  unsigned repetition;   /* from 0 */
  double seconds;
  bool alike; /* of a comparison: the case failed on both servers in the same way */
  const struct figures *figures; /* of a comparison: what it cost, by enum side; else NULL */
  const char *kept;              /* the folder with what is kept of the failure, or NULL */
  const char *reproduce;         /* a command line, or NULL */
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

/* A play that waits before a step. */
struct pause_info {
  const char *id, *file;
  const struct step *step;
  unsigned number, steps;
  int pid; /* the server's; 0: not known */
};

/* What listens to a run: console, JUnit. All are called in the parent, in this order; `paused` may
 * be NULL. */
struct sink {
  void (*begin)(void *arg, const struct run_info *info);
  void (*paused)(void *arg, const struct pause_info *info);
  void (*result)(void *arg, const struct result *r);
  /* Before the end, when sanitizers have reported something or are known to: lines; may be NULL. */
  void (*reported)(void *arg, const char *summary);
  void (*end)(void *arg, const struct run_totals *t);
  void *arg;
};

#endif
