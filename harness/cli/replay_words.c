#include "cli/replay_words.h"

#include <getopt.h>
#include <stdlib.h>

#include "cli/command.h"

enum { OPT_PORT = RUN_OPT_OWN, OPT_PACE, OPT_IN_STEP, OPT_TIMEOUT, OPT_DIALECT };

static const struct option options[] = {
    {"server", required_argument, NULL, 's'},
    {"command", required_argument, NULL, RUN_OPT_COMMAND},
    {"attach", required_argument, NULL, RUN_OPT_ATTACH},
    {"binary", required_argument, NULL, RUN_OPT_BINARY},
    {"ca", required_argument, NULL, RUN_OPT_CA},
    {"transport", required_argument, NULL, RUN_OPT_TRANSPORT},
    {"port", required_argument, NULL, OPT_PORT},
    {"pace", required_argument, NULL, OPT_PACE},
    {"in-step", no_argument, NULL, OPT_IN_STEP},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"dialect", required_argument, NULL, OPT_DIALECT},
    {"quiet", no_argument, NULL, 'q'},
    {0},
};

static bool parse_pace(struct replay_words *w, const char *text) {
  char *end;
  w->pace = strtod(text, &end);
  if (strcmp(text, "max") == 0)
    w->pace = 0;
  else if (strcmp(text, "recorded") == 0)
    w->pace = 1;
  else if (end == text || *end || !(w->pace >= 0.001 && w->pace <= 1000000))
    return command_usage("replay",
                         "--pace: \"%.60s\" should be max, recorded, or how many times as fast, "
                         "such as 2 or 0.5",
                         text),
           false;
  return true;
}

static bool parse_option(struct replay_words *w, int c, char **argv) {
  const char **text = run_words_text(&w->run, c);
  switch (c) {
  case OPT_PORT:
    return command_port("replay", optarg, &w->port);
  case OPT_PACE:
    return parse_pace(w, optarg);
  case OPT_IN_STEP:
    w->in_step = true;
    return true;
  case OPT_TIMEOUT:
    return command_timeout("replay", optarg, &w->run.timeout_ms);
  case OPT_DIALECT:
    return command_dialect("replay", optarg, &w->dialect);
  case 'q':
    w->run.quiet = true;
    return true;
  default:
    break;
  }
  if (!text) {
    command_bad_option("replay", argv);
    return false;
  }
  *text = optarg;
  return true;
}

bool replay_words_parse(struct replay_words *w, int argc, char **argv) {
  *w = (struct replay_words){0};
  run_words_init(&w->run, "replay");
  opterr = 0;
  int c;
  while ((c = getopt_long(argc, argv, "s:q", options, NULL)) != -1)
    if (!parse_option(w, c, argv))
      return false;
  if (argc - optind != 1)
    return command_usage("replay", "name one capture of packets, pcap or pcapng"), false;
  w->path = argv[optind];
  return true;
}
