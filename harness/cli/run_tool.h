/* `run` for a look at the server: under a tool (--gdb, --rr, --valgrind, --strace), or with a pause
 * (--pause-before). Internal to the cli layer. */
#ifndef CLI_RUN_TOOL_H
#define CLI_RUN_TOOL_H

#include "cli/run_options.h"
#include "cli/run_words.h"

/* Puts the server under the tool that was asked for, if any: one worker, longer deadlines or none.
 * On failure prints what is wrong and returns the exit status. Needs all of the configuration. */
int run_tool_start(struct run_options *o, const struct run_words *w);

/* Whether the pause that was asked for, if any, can be made; on failure as above. */
int run_tool_pause(const struct run_options *o, const struct run_words *w);

/* Gives the terminal back to whom it belonged before the tool. */
void run_tool_end(const struct run_options *o);

#endif
