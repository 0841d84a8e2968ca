/* A worker: a process that plays one job after another on servers of its own. */
#ifndef RUN_WORKER_H
#define RUN_WORKER_H

#include "run/config.h"

/* Serves jobs from `fd` until it ends, then stops its servers and waits for their end; reports all
 * of it on `fd`. `index` tells this worker's key spaces from the others'; so many behind
 * `processor` stands the one that it and its servers share where they act in turn. Runs in a
 * process of its own. */
void worker_main(const struct run_config *config, int fd, unsigned index, int processor);

#endif
