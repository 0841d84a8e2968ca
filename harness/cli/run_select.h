/* What `run` is to play: which cases, and which case runs of them. Internal to the cli layer. */
#ifndef CLI_RUN_SELECT_H
#define CLI_RUN_SELECT_H

#include "cli/run_options.h"
#include "cli/run_words.h"

/* Loads what is remembered of the last run; warns when it can't be used. Where the words say to
 * play what failed, takes from it the deliveries, transports and seed that they leave open. */
bool run_select_recall(struct run_options *o, struct run_words *w, struct diag *diag);

/* Drops the cases that the words don't want. `all`: no paths were given. */
bool run_select_cases(struct run_options *o, const struct run_words *w, bool all,
                      struct diag *diag);

/* Chooses among the case runs, when the configuration has all that they are made of. */
bool run_select_runs(struct run_options *o, const struct run_words *w, struct diag *diag);

/* How many case runs are selected; `*first` is one of them, if any is. */
size_t run_select_count(const struct run_options *o, struct job *first);

#endif
