/* The choice among the planned case runs: what was red last time, and one part of many. */
#ifndef RUN_CHOICE_H
#define RUN_CHOICE_H

#include "run/config.h"
#include "run/history.h"

/* A choice of all, to be narrowed by the functions below; for config->chosen. The caller frees. */
bool *choice_all(const struct run_config *config);

/* Both return how many are left. `part` counts from 0. */
size_t choice_keep_red(const struct run_config *config, const struct history *h, bool *chosen);
size_t choice_keep_part(const struct run_config *config, const struct history *h, unsigned part,
                        unsigned parts, bool *chosen);

#endif
