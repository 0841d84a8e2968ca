/* The words of `run` and `compare` as they were given, before what they name is loaded. Internal to
 * the cli layer. */
#ifndef CLI_RUN_WORDS_H
#define CLI_RUN_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "run/config.h"

enum { RUN_TIMEOUT_MS = 5000 }; /* when none is given */

struct run_words {
  const char *program; /* "run": the command that they were given to */
  char head[32];       /* of its messages: "mcreplay run" */
  const char *server, *command, *attach, *ca, *deliveries, *transports, *known, *flaky, *sanitizers,
      *golden;
  const char *binary;               /* in place of the profile's own program; NULL: that */
  const char *baseline, *candidate; /* of `compare` */
  const char *pattern, *tag, *needs, *last, *junit, *keep;
  const char *tool, *tool_options; /* the last that was asked for, and more words for it; NULL: none
                                    */
  uint64_t min, seed, shuffle_seed; /* a shuffle_seed of 0: none was given */
  unsigned part, parts;             /* parts of 0: no part was asked for; part counts from 1 */
  unsigned workers, repeat, timeout_ms;
  unsigned pause_before; /* 0: no pause */
  enum server_per server_per;
  bool accepts; /* goldens are made: one that is missing, or belongs to no case, is no error */
  bool seeded, shuffle, until_fail, last_failed, verbose, quiet;
  double max_memory_ratio, max_cpu_ratio; /* of `compare`; 0: not given */
  bool commands;                          /* baseline and candidate are command lines */
};

/* The options that other commands share with `run`, each with a text that is kept as it is; -s and
 * -d are such, too. A command's own begin at RUN_OPT_OWN. */
enum {
  RUN_OPT_COMMAND = 256,
  RUN_OPT_ATTACH,
  RUN_OPT_BINARY,
  RUN_OPT_CA,
  RUN_OPT_TRANSPORT,
  RUN_OPT_KNOWN,
  RUN_OPT_FLAKY,
  RUN_OPT_SANITIZERS,
  RUN_OPT_GOLDEN,
  RUN_OPT_OWN
};

/* Where the text of such an option, as getopt_long returns it, is kept; NULL: it is another one. */
const char **run_words_text(struct run_words *w, int option);

/* What they are when none is given. */
void run_words_init(struct run_words *w, const char *program);

/* Parse; leave `optind` at the paths. Print what is wrong and return false. The options of
 * `compare` are other ones where they name servers. */
bool run_words_parse(struct run_words *w, int argc, char **argv);
bool run_words_parse_compare(struct run_words *w, int argc, char **argv);

#endif
