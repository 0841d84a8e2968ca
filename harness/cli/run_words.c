#include "cli/run_words.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/command.h"

enum {
  WORKERS_MAX = 64,
  REPEAT_MAX = 1000000,
  PARTS_MAX = 1000,
  STEPS_MAX = 1 << 30,
  RATIO_MAX = 1000000
};

static bool small(const struct run_words *w, const char *name, const char *text, unsigned most,
                  unsigned *out) {
  uint64_t value;
  if (!command_number(w->program, name, text, 1, most, &value))
    return false;
  *out = (unsigned)value;
  return true;
}

enum {
  OPT_JUNIT = RUN_OPT_OWN,
  OPT_MIN,
  OPT_REPEAT,
  OPT_UNTIL_FAIL,
  OPT_SHUFFLE,
  OPT_SEED,
  OPT_SERVER_PER,
  OPT_TIMEOUT,
  OPT_TAG,
  OPT_NEEDS,
  OPT_SHARD,
  OPT_LAST,
  OPT_LAST_FAILED,
  OPT_KEEP,
  OPT_BASELINE,
  OPT_CANDIDATE,
  OPT_COMMANDS,
  OPT_MAX_MEMORY_RATIO,
  OPT_MAX_CPU_RATIO,
  OPT_TOOL,
  OPT_PAUSE_BEFORE
};

/* What both commands take. */
#define COMMON_OPTIONS                                                                             \
  {"server", required_argument, NULL, 's'}, {"ca", required_argument, NULL, RUN_OPT_CA},           \
      {"delivery", required_argument, NULL, 'd'},                                                  \
      {"transport", required_argument, NULL, RUN_OPT_TRANSPORT},                                   \
      {"jobs", required_argument, NULL, 'j'}, {"junit", required_argument, NULL, OPT_JUNIT},       \
      {"min", required_argument, NULL, OPT_MIN}, {"repeat", required_argument, NULL, OPT_REPEAT},  \
      {"until-fail", no_argument, NULL, OPT_UNTIL_FAIL},                                           \
      {"shuffle", optional_argument, NULL, OPT_SHUFFLE},                                           \
      {"seed", required_argument, NULL, OPT_SEED},                                                 \
      {"server-per", required_argument, NULL, OPT_SERVER_PER},                                     \
      {"timeout", required_argument, NULL, OPT_TIMEOUT},                                           \
      {"tag", required_argument, NULL, OPT_TAG}, {"needs", required_argument, NULL, OPT_NEEDS},    \
      {"shard", required_argument, NULL, OPT_SHARD}, {"last", required_argument, NULL, OPT_LAST},  \
      {"last-failed", no_argument, NULL, OPT_LAST_FAILED},                                         \
      {"keep", required_argument, NULL, OPT_KEEP}, {"verbose", no_argument, NULL, 'v'},            \
      {"quiet", no_argument, NULL, 'q'}, {                                                         \
    0                                                                                              \
  }

static const struct option run_options[] = {
    {"command", required_argument, NULL, RUN_OPT_COMMAND},
    {"attach", required_argument, NULL, RUN_OPT_ATTACH},
    {"binary", required_argument, NULL, RUN_OPT_BINARY},
    {"known", required_argument, NULL, RUN_OPT_KNOWN},
    {"flaky", required_argument, NULL, RUN_OPT_FLAKY},
    {"sanitizers", required_argument, NULL, RUN_OPT_SANITIZERS},
    {"golden", required_argument, NULL, RUN_OPT_GOLDEN},
    {"pause-before", required_argument, NULL, OPT_PAUSE_BEFORE},
    {"gdb", optional_argument, NULL, OPT_TOOL},
    {"rr", optional_argument, NULL, OPT_TOOL},
    {"valgrind", optional_argument, NULL, OPT_TOOL},
    {"strace", optional_argument, NULL, OPT_TOOL},
    COMMON_OPTIONS,
};

static const struct option compare_options[] = {
    {"baseline", required_argument, NULL, OPT_BASELINE},
    {"candidate", required_argument, NULL, OPT_CANDIDATE},
    {"commands", no_argument, NULL, OPT_COMMANDS},
    {"max-memory-ratio", required_argument, NULL, OPT_MAX_MEMORY_RATIO},
    {"max-cpu-ratio", required_argument, NULL, OPT_MAX_CPU_RATIO},
    COMMON_OPTIONS,
};

static bool parse_server_per(struct run_words *w, const char *text) {
  w->server_per = strcmp(text, "case") == 0 ? SERVER_PER_CASE : SERVER_PER_RUN;
  if (w->server_per == SERVER_PER_CASE || strcmp(text, "run") == 0)
    return true;
  command_usage(w->program, "--server-per: \"%.60s\" should be case or run", text);
  return false;
}

static bool parse_shard(struct run_words *w, const char *text) {
  struct span all = span_str(text);
  const char *slash = strchr(text, '/');
  size_t n = slash ? (size_t)(slash - text) : all.n;
  uint64_t part, parts;
  if (slash && text_number(span_sub(all, 0, n), &part) &&
      text_number(span_from(all, n + 1), &parts) && part >= 1 && part <= parts &&
      parts <= PARTS_MAX) {
    w->part = (unsigned)part;
    w->parts = (unsigned)parts;
    return true;
  }
  command_usage(w->program,
                "--shard: \"%.60s\" should be I/N, the I-th of N parts, 1 <= I <= N <= %d", text,
                PARTS_MAX);
  return false;
}

static bool ratio(const struct run_words *w, const char *name, const char *text, double *out) {
  char *end;
  *out = strtod(text, &end);
  if (end != text && *end == '\0' && *out > 0 && *out <= RATIO_MAX)
    return true;
  command_usage(w->program, "%s: \"%.60s\" should be a number above 0, such as 1.5", name, text);
  return false;
}

const char **run_words_text(struct run_words *w, int option) {
  switch (option) {
  case 's':
    return &w->server;
  case 'd':
    return &w->deliveries;
  case RUN_OPT_COMMAND:
    return &w->command;
  case RUN_OPT_ATTACH:
    return &w->attach;
  case RUN_OPT_BINARY:
    return &w->binary;
  case RUN_OPT_CA:
    return &w->ca;
  case RUN_OPT_TRANSPORT:
    return &w->transports;
  case RUN_OPT_KNOWN:
    return &w->known;
  case RUN_OPT_FLAKY:
    return &w->flaky;
  case RUN_OPT_SANITIZERS:
    return &w->sanitizers;
  case RUN_OPT_GOLDEN:
    return &w->golden;
  default:
    return NULL;
  }
}

static bool parse_option(struct run_words *w, int c, const char *name, char **argv) {
  const char **text = run_words_text(w, c);
  bool *flag = NULL;
  switch (c) {
  case OPT_JUNIT:
    text = &w->junit;
    break;
  case 'k':
    text = &w->pattern;
    break;
  case OPT_TAG:
    text = &w->tag;
    break;
  case OPT_NEEDS:
    text = &w->needs;
    break;
  case OPT_LAST:
    text = &w->last;
    break;
  case OPT_KEEP:
    text = &w->keep;
    break;
  case OPT_BASELINE:
    text = &w->baseline;
    break;
  case OPT_CANDIDATE:
    text = &w->candidate;
    break;
  case OPT_COMMANDS:
    flag = &w->commands;
    break;
  case OPT_UNTIL_FAIL:
    flag = &w->until_fail;
    break;
  case OPT_LAST_FAILED:
    flag = &w->last_failed;
    break;
  case 'v':
    flag = &w->verbose;
    break;
  case 'q':
    flag = &w->quiet;
    break;
  case 'j':
    return small(w, "-j", optarg, WORKERS_MAX, &w->workers);
  case OPT_MIN:
    return command_number(w->program, "--min", optarg, 0, UINT32_MAX, &w->min);
  case OPT_REPEAT:
    return small(w, "--repeat", optarg, REPEAT_MAX, &w->repeat);
  case OPT_SHUFFLE:
    w->shuffle = true;
    return !optarg ||
           command_number(w->program, "--shuffle", optarg, 1, UINT64_MAX, &w->shuffle_seed);
  case OPT_SEED:
    w->seeded = true;
    return command_number(w->program, "--seed", optarg, 0, UINT64_MAX, &w->seed);
  case OPT_SERVER_PER:
    return parse_server_per(w, optarg);
  case OPT_TIMEOUT:
    return command_timeout(w->program, optarg, &w->timeout_ms);
  case OPT_PAUSE_BEFORE:
    return small(w, "--pause-before", optarg, STEPS_MAX, &w->pause_before);
  case OPT_TOOL:
    w->tool = name;
    w->tool_options = optarg;
    return true;
  case OPT_SHARD:
    return parse_shard(w, optarg);
  case OPT_MAX_MEMORY_RATIO:
    return ratio(w, "--max-memory-ratio", optarg, &w->max_memory_ratio);
  case OPT_MAX_CPU_RATIO:
    return ratio(w, "--max-cpu-ratio", optarg, &w->max_cpu_ratio);
  default:
    break;
  }
  if (!text && !flag) {
    command_bad_option(w->program, argv);
    return false;
  }
  if (text)
    *text = optarg;
  else
    *flag = true;
  return true;
}

void run_words_init(struct run_words *w, const char *program) {
  /* A worker waits for its server now and then; another one uses the time. */
  long workers = sysconf(_SC_NPROCESSORS_ONLN) + 1;
  *w = (struct run_words){
      .program = program,
      .workers = workers < 1             ? 1
                 : workers > WORKERS_MAX ? WORKERS_MAX
                                         : (unsigned)workers,
      .repeat = 1,
      .timeout_ms = RUN_TIMEOUT_MS,
  };
  snprintf(w->head, sizeof w->head, "mcreplay %s", program);
}

static bool parse(struct run_words *w, const struct option *options, int argc, char **argv) {
  opterr = 0;
  int c, at = 0;
  while ((c = getopt_long(argc, argv, "s:d:j:k:vq", options, &at)) != -1)
    if (!parse_option(w, c, options[at].name, argv))
      return false;
  return true;
}

bool run_words_parse(struct run_words *w, int argc, char **argv) {
  return parse(w, run_options, argc, argv);
}

bool run_words_parse_compare(struct run_words *w, int argc, char **argv) {
  return parse(w, compare_options, argc, argv);
}
