#include "cli/shrink_words.h"

#include <getopt.h>

#include "base/text.h"
#include "cli/command.h"

enum { PLAYS = 5000, TRIES_MAX = 1000 };

enum { OPT_SEED = RUN_OPT_OWN, OPT_TIMEOUT, OPT_REFERENCE, OPT_TRIES, OPT_PLAYS };

/* Those of `run` are all that its reproduce lines hold. */
static const struct option options[] = {
    {"server", required_argument, NULL, 's'},
    {"command", required_argument, NULL, RUN_OPT_COMMAND},
    {"attach", required_argument, NULL, RUN_OPT_ATTACH},
    {"binary", required_argument, NULL, RUN_OPT_BINARY},
    {"ca", required_argument, NULL, RUN_OPT_CA},
    {"delivery", required_argument, NULL, 'd'},
    {"transport", required_argument, NULL, RUN_OPT_TRANSPORT},
    {"seed", required_argument, NULL, OPT_SEED},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"known", required_argument, NULL, RUN_OPT_KNOWN},
    {"flaky", required_argument, NULL, RUN_OPT_FLAKY},
    {"sanitizers", required_argument, NULL, RUN_OPT_SANITIZERS},
    {"golden", required_argument, NULL, RUN_OPT_GOLDEN},
    {"verbose", no_argument, NULL, 'v'},
    {"output", required_argument, NULL, 'o'},
    {"force", no_argument, NULL, 'f'},
    {"reference", required_argument, NULL, OPT_REFERENCE},
    {"tries", required_argument, NULL, OPT_TRIES},
    {"plays", required_argument, NULL, OPT_PLAYS},
    {0},
};

static bool parse_option(struct shrink_words *w, int c, char **argv) {
  const char **text = run_words_text(&w->run, c);
  switch (c) {
  case OPT_SEED:
    w->run.seeded = true;
    return command_number("shrink", "--seed", optarg, 0, UINT64_MAX, &w->run.seed);
  case OPT_TIMEOUT:
    return command_timeout("shrink", optarg, &w->run.timeout_ms);
  case 'v':
    w->run.verbose = true;
    return true;
  case 'o':
    text = &w->out;
    break;
  case 'f':
    w->force = true;
    return true;
  case OPT_REFERENCE:
    text = &w->reference;
    break;
  case OPT_TRIES:
    return command_number("shrink", "--tries", optarg, 1, TRIES_MAX, &w->tries);
  case OPT_PLAYS:
    return command_number("shrink", "--plays", optarg, 1, UINT32_MAX, &w->plays);
  default:
    break;
  }
  if (!text) {
    command_bad_option("shrink", argv);
    return false;
  }
  *text = optarg;
  return true;
}

bool shrink_words_parse(struct shrink_words *w, int argc, char **argv) {
  *w = (struct shrink_words){.plays = PLAYS};
  run_words_init(&w->run, "shrink");
  w->run.deliveries = "whole";
  w->run.last = "/dev/null";
  w->run.keep = "none";
  opterr = 0;
  int c;
  while ((c = getopt_long(argc, argv, "s:d:vo:f", options, NULL)) != -1)
    if (!parse_option(w, c, argv))
      return false;
  if (argc - optind != 1)
    return command_usage("shrink", "name one case that fails, as a run's reproduce line does"),
           false;
  return true;
}
