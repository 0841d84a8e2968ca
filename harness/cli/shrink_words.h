/* The words of `shrink` as they were given, before what they name is loaded. Internal to the cli
 * layer. */
#ifndef CLI_SHRINK_WORDS_H
#define CLI_SHRINK_WORDS_H

#include "cli/run_words.h"

struct shrink_words {
  struct run_words run; /* what it has in common with `run` */
  const char *reference, *out;
  uint64_t tries; /* 0: none were given */
  uint64_t plays;
  bool force;
};

/* Parses; leaves `optind` at the one case. Prints what is wrong and returns false. */
bool shrink_words_parse(struct shrink_words *w, int argc, char **argv);

#endif
