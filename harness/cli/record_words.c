#include "cli/record_words.h"

#include <getopt.h>

#include "cli/command.h"

enum { OPT_LISTEN = RUN_OPT_OWN, OPT_CERT, OPT_KEY, OPT_TITLE };

static const struct option options[] = {
    {"server", required_argument, NULL, 's'},
    {"command", required_argument, NULL, RUN_OPT_COMMAND},
    {"attach", required_argument, NULL, RUN_OPT_ATTACH},
    {"ca", required_argument, NULL, RUN_OPT_CA},
    {"transport", required_argument, NULL, RUN_OPT_TRANSPORT},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"output", required_argument, NULL, 'o'},
    {"title", required_argument, NULL, OPT_TITLE},
    {"force", no_argument, NULL, 'f'},
    {0},
};

static bool parse_option(struct record_words *w, int c, char **argv) {
  const char **text = run_words_text(&w->run, c);
  switch (c) {
  case OPT_LISTEN:
    text = &w->listen;
    break;
  case OPT_CERT:
    text = &w->cert;
    break;
  case OPT_KEY:
    text = &w->key;
    break;
  case 'o':
    text = &w->out;
    break;
  case OPT_TITLE:
    text = &w->title;
    break;
  case 'f':
    w->force = true;
    return true;
  default:
    break;
  }
  if (!text) {
    command_bad_option("record", argv);
    return false;
  }
  *text = optarg;
  return true;
}

bool record_words_parse(struct record_words *w, int argc, char **argv) {
  *w = (struct record_words){0};
  run_words_init(&w->run, "record");
  opterr = 0;
  int c;
  while ((c = getopt_long(argc, argv, "s:o:f", options, NULL)) != -1)
    if (!parse_option(w, c, argv))
      return false;
  if (optind < argc)
    return command_usage("record", "\"%.60s\" is no option, and there are no other words",
                         argv[optind]),
           false;
  return true;
}
