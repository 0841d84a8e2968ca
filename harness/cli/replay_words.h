/* The words of `replay` as they were given. Internal to the cli layer. */
#ifndef CLI_REPLAY_WORDS_H
#define CLI_REPLAY_WORDS_H

#include "cli/run_words.h"
#include "mcbp/names.h"

struct replay_words {
  struct run_words run; /* which server, how it is reached, the deadline */
  const char *path;     /* the capture */
  enum dialect dialect;
  uint16_t port; /* the server's in the capture; 0: found out */
  double pace;   /* as in replay_config */
  bool in_step;
};

/* Prints what is wrong and returns false. */
bool replay_words_parse(struct replay_words *w, int argc, char **argv);

#endif
