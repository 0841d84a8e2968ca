/* The schedule: deals the jobs of a run out to worker processes and collects their verdicts.
 *
 * The parent never speaks to a server. A worker that dies costs the case it was on, whose verdict
 * is the error `worker`; another worker takes its place. A worker that gives no verdict far beyond
 * a case's time is killed. SIGINT and SIGTERM end the run early; the sinks are closed all the same.
 */
#ifndef RUN_SCHEDULE_H
#define RUN_SCHEDULE_H

#include "run/config.h"
#include "run/result.h"

/* Runs all jobs. The sinks hear of the begin, each result in the order in which they come, and the
 * end. Forks; call it from a process with one thread. */
struct run_totals schedule_run(const struct run_config *config, const struct sink *sinks,
                               size_t nsinks);

#endif
