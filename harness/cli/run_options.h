/* The options of `run`, from words to a configuration. Internal to the cli layer. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include "run/baseline.h"
#include "run/config.h"
#include "run/history.h"

struct run_options {
  struct run_config config; /* what the options below own */
  struct paths paths;
  struct suite suite;
  struct known known;
  struct baseline baseline;
  struct goldens *goldens;
  char *golden;                        /* their folder; NULL: none are looked at */
  struct profile *profile, *candidate; /* the second of `compare`, else NULL */
  char *server;                        /* what the reports call them */
  struct delivery *deliveries;
  enum transport transports[TRANSPORTS];
  struct profile_tls tls;
  char *ca, *cert, *key;   /* what it names */
  struct tls_trust *trust; /* of it */
  struct history *history;
  char *red_deliveries, *red_transports;
  bool *chosen;
  char *reproduce;
  char *note;       /* for the head line of the run */
  const char *keep; /* the folder for what is kept of failures */
  const char *junit;
  const char *last; /* the history's file */
  bool part;        /* others run too: their durations stay */
  bool verbose, quiet;
};

struct run_words;

void run_options_init(struct run_options *o);

/* Loads all that the words name, and the cases that the arguments do; all cases without any. On
 * failure prints what is wrong and returns the exit status; EXIT_WELL otherwise. `run_options_fini`
 * in either case. */
int run_options_load(struct run_options *o, struct run_words *w, char *const *args, int nargs);

/* The same from the words as they were given to `run`. */
int run_options_parse(struct run_options *o, int argc, char **argv);
void run_options_fini(struct run_options *o);

/* Whether what a run leaves behind goes below build/report: there is a folder build, and it can be
 * written to. */
bool run_options_in_build(void);

#endif
