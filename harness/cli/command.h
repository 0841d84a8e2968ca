/* The subcommands. Each has a file of its own, with its help beside its code, and returns the exit
 * status: 0 all well, 1 failures, 2 usage or bad input, 3 the infrastructure. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "run/suite.h"

enum exit_status { EXIT_WELL, EXIT_RED, EXIT_USAGE, EXIT_INFRASTRUCTURE };

struct command {
  const char *name;
  const char *what; /* one line */
  const char *help; /* whole, ends with examples, fits a screen */
  int (*main)(int argc, char **argv);
};

extern const struct command command_run, command_accept, command_compare, command_shrink,
    command_list, command_show, command_lint, command_record, command_replay;

/* getopt_long with messages of our own: prints what is wrong with the option in hand. `program` is
 * the command's name. Returns EXIT_USAGE. */
int command_bad_option(const char *program, char **argv);

/* Prints "mcreplay NAME: message" on standard error and returns EXIT_USAGE. */
int command_usage(const char *program, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The value of an option, a whole number from `least` to `most`; prints what is wrong. */
bool command_number(const char *program, const char *option, const char *text, uint64_t least,
                    uint64_t most, uint64_t *out);

/* The value of --timeout, in milliseconds; prints what is wrong. */
bool command_timeout(const char *program, const char *text, unsigned *ms);

/* The value of --port; prints what is wrong. */
bool command_port(const char *program, const char *text, uint16_t *port);

/* The value of --dialect; prints what is wrong. */
bool command_dialect(const char *program, const char *text, enum dialect *dialect);

/* Prints each line of what a capture lacks on standard error, behind its path. */
void command_notes(const char *path, const char *notes);

/* Finds the data and loads the cases that the arguments name; prints what is wrong. */
bool command_load(const char *program, struct paths *paths, struct suite *suite, char *const *args,
                  int nargs);

#endif
