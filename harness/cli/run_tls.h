/* What TLS takes, for a run that speaks it: certificates and whom to trust. Internal to the cli
 * layer. */
#ifndef CLI_RUN_TLS_H
#define CLI_RUN_TLS_H

#include "base/diag.h"
#include "cli/run_options.h"
#include "cli/run_words.h"

/* Finds it when one of the transports is TLS; complains of what is missing. */
bool run_tls_find(struct run_options *o, const struct run_words *w, struct diag *diag);
void run_tls_fini(struct run_options *o);

#endif
