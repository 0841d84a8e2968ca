/* The server that the words of `run` name, or the two of `compare`. Internal to the cli layer. */
#ifndef CLI_RUN_SERVER_H
#define CLI_RUN_SERVER_H

#include "cli/run_options.h"
#include "cli/run_words.h"

enum { RUN_YAML_MAX = 1 << 20 };

/* Reads a YAML file whole; complains when it can't. */
bool run_server_yaml(const char *path, struct buf *text, struct diag *diag);

/* Loads the profiles, and gives them a name. */
bool run_server_find(struct run_options *o, const struct run_words *w, struct diag *diag);

/* Finds the transports of the list, all of which the servers must have; without one their first, or
 * all where goldens are made. */
bool run_server_transports(struct run_options *o, const struct run_words *w, struct diag *diag);

/* The command line that plays on the same servers, up to the options of one case; the caller frees.
 */
char *run_server_reproduce(const struct run_words *w, const char *program);

#endif
