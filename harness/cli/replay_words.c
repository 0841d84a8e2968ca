#include "cli/replay_words.h"

#include <getopt.h>
#include <stdlib.h>

#include "cli/command.h"

enum {
  OPT_COMMAND = 256,
  OPT_ATTACH,
  OPT_BINARY,
  OPT_CA,
  OPT_TRANSPORT,
  OPT_PORT,
  OPT_PACE,
  OPT_TIMEOUT,
  OPT_DIALECT
};

static const struct option options[] = {
    {"server", required_argument, NULL, 's'},
    {"command", required_argument, NULL, OPT_COMMAND},
    {"attach", required_argument, NULL, OPT_ATTACH},
    {"binary", required_argument, NULL, OPT_BINARY},
    {"ca", required_argument, NULL, OPT_CA},
    {"transport", required_argument, NULL, OPT_TRANSPORT},
    {"port", required_argument, NULL, OPT_PORT},
    {"pace", required_argument, NULL, OPT_PACE},
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

static bool parse_dialect(struct replay_words *w, const char *text) {
  w->dialect = strcmp(text, "couchbase") == 0 ? DIALECT_COUCHBASE : DIALECT_STOCK;
  if (w->dialect == DIALECT_STOCK && strcmp(text, "stock") != 0)
    return command_usage("replay", "--dialect: \"%.60s\" should be stock or couchbase", text),
           false;
  return true;
}

static bool parse_port(struct replay_words *w, const char *text) {
  uint64_t port;
  if (!command_number("replay", "--port", text, 1, UINT16_MAX, &port))
    return false;
  w->port = (uint16_t)port;
  return true;
}

static bool parse_option(struct replay_words *w, int c, char **argv) {
  const char **text = NULL;
  switch (c) {
  case 's':
    text = &w->run.server;
    break;
  case OPT_COMMAND:
    text = &w->run.command;
    break;
  case OPT_ATTACH:
    text = &w->run.attach;
    break;
  case OPT_BINARY:
    text = &w->run.binary;
    break;
  case OPT_CA:
    text = &w->run.ca;
    break;
  case OPT_TRANSPORT:
    text = &w->run.transports;
    break;
  case OPT_PORT:
    return parse_port(w, optarg);
  case OPT_PACE:
    return parse_pace(w, optarg);
  case OPT_TIMEOUT:
    return command_timeout("replay", optarg, &w->run.timeout_ms);
  case OPT_DIALECT:
    return parse_dialect(w, optarg);
  case 'q':
    w->run.quiet = true;
    return true;
  default:
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
