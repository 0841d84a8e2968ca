/* The words of `record` as they were given. Internal to the cli layer. */
#ifndef CLI_RECORD_WORDS_H
#define CLI_RECORD_WORDS_H

#include "cli/run_words.h"

struct record_words {
  struct run_words run; /* which server, and how it is reached */
  const char *listen, *cert, *key;
  const char *out, *title;
  bool force;
};

/* Prints what is wrong and returns false. */
bool record_words_parse(struct record_words *w, int argc, char **argv);

#endif
