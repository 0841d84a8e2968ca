/* The play of a configured run with all its reports: console, history, JUnit. Internal to the cli
 * layer. */
#ifndef CLI_RUN_REPORT_H
#define CLI_RUN_REPORT_H

#include "cli/run_options.h"
#include "run/result.h"

/* What a command adds to the reports. */
struct run_extra {
  struct sink sink;                            /* hears of the run before the other reports do */
  void (*summary)(void *arg, struct buf *out); /* lines for the console, before its last */
};

/* Plays, reports, and returns the exit status. `program` is the command's name; `extra` may be
 * NULL. */
int run_report(const struct run_options *o, const char *program, const struct run_extra *extra);

#endif
