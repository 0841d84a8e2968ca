#include "cli/run_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "cli/command.h"
#include "net/file.h"
#include "run/keep.h"

enum { YAML_MAX = 1 << 20, WORKERS_MAX = 64, TOTAL_FACTOR = 60, TOTAL_MAX_MS = 1 << 30 };

/* The words as they were given, before what they name is loaded. */
struct words {
  const char *server, *command, *attach, *deliveries, *transports, *known, *pattern, *tag;
  uint64_t min;
  bool seeded;
};

static bool number(const char *name, const char *text, uint64_t least, uint64_t most,
                   uint64_t *out) {
  if (text_number(span_str(text), out) && *out >= least && *out <= most)
    return true;
  command_usage("run", "%s: \"%.60s\" should be a number from %llu to %llu", name, text,
                (unsigned long long)least, (unsigned long long)most);
  return false;
}

static bool small(const char *name, const char *text, unsigned most, unsigned *out) {
  uint64_t value;
  if (!number(name, text, 1, most, &value))
    return false;
  *out = (unsigned)value;
  return true;
}

enum {
  OPT_COMMAND = 256,
  OPT_ATTACH,
  OPT_TRANSPORT,
  OPT_JUNIT,
  OPT_MIN,
  OPT_REPEAT,
  OPT_SHUFFLE,
  OPT_SEED,
  OPT_SERVER_PER,
  OPT_TIMEOUT,
  OPT_TAG,
  OPT_KNOWN,
  OPT_KEEP
};

static const struct option options[] = {
    {"server", required_argument, NULL, 's'},
    {"command", required_argument, NULL, OPT_COMMAND},
    {"attach", required_argument, NULL, OPT_ATTACH},
    {"delivery", required_argument, NULL, 'd'},
    {"transport", required_argument, NULL, OPT_TRANSPORT},
    {"jobs", required_argument, NULL, 'j'},
    {"junit", required_argument, NULL, OPT_JUNIT},
    {"min", required_argument, NULL, OPT_MIN},
    {"repeat", required_argument, NULL, OPT_REPEAT},
    {"shuffle", optional_argument, NULL, OPT_SHUFFLE},
    {"seed", required_argument, NULL, OPT_SEED},
    {"server-per", required_argument, NULL, OPT_SERVER_PER},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"tag", required_argument, NULL, OPT_TAG},
    {"known", required_argument, NULL, OPT_KNOWN},
    {"keep", required_argument, NULL, OPT_KEEP},
    {"verbose", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {0},
};

static bool parse_timeout(struct run_config *config, const char *text) {
  if (!text_duration(span_str(text), &config->timeout_ms) || config->timeout_ms < 4) {
    command_usage("run", "--timeout: \"%.60s\" should be seconds, or a number with ms or s", text);
    return false;
  }
  return true;
}

static bool parse_option(struct run_options *o, struct words *w, int c, char **argv) {
  struct run_config *config = &o->config;
  switch (c) {
  case 's':
    w->server = optarg;
    return true;
  case OPT_COMMAND:
    w->command = optarg;
    return true;
  case OPT_ATTACH:
    w->attach = optarg;
    return true;
  case 'd':
    w->deliveries = optarg;
    return true;
  case OPT_TRANSPORT:
    w->transports = optarg;
    return true;
  case 'j':
    return small("-j", optarg, WORKERS_MAX, &config->workers);
  case OPT_JUNIT:
    o->junit = optarg;
    return true;
  case OPT_MIN:
    return number("--min", optarg, 0, UINT32_MAX, &w->min);
  case OPT_REPEAT:
    return small("--repeat", optarg, 1000000, &config->repeat);
  case OPT_SHUFFLE:
    config->shuffle = true;
    return !optarg || number("--shuffle", optarg, 1, UINT64_MAX, &config->shuffle_seed);
  case OPT_SEED:
    w->seeded = true;
    return number("--seed", optarg, 0, UINT64_MAX, &config->seed);
  case OPT_SERVER_PER:
    config->server_per = strcmp(optarg, "case") == 0 ? SERVER_PER_CASE : SERVER_PER_RUN;
    if (config->server_per == SERVER_PER_CASE || strcmp(optarg, "run") == 0)
      return true;
    command_usage("run", "--server-per: \"%.60s\" should be case or run", optarg);
    return false;
  case OPT_TIMEOUT:
    return parse_timeout(config, optarg);
  case 'k':
    w->pattern = optarg;
    return true;
  case OPT_TAG:
    w->tag = optarg;
    return true;
  case OPT_KNOWN:
    w->known = optarg;
    return true;
  case OPT_KEEP:
    o->keep = optarg;
    return true;
  case 'v':
    o->verbose = true;
    return true;
  case 'q':
    o->quiet = true;
    return true;
  default:
    command_bad_option("run", argv);
    return false;
  }
}

/* Reads a YAML file whole; complains when it can't. */
static bool read_yaml(const char *path, struct buf *text, struct diag *diag) {
  if (file_read(path, text))
    return true;
  diag_at(diag, path, 0, 0, "can't read it: %s",
          text->failed ? "it is too large" : strerror(errno));
  return false;
}

static bool load_profile(struct run_options *o, const char *server, struct diag *diag) {
  bool is_path = strchr(server, '/') || text_glob(span_str("*.yaml"), span_str(server));
  char *path = is_path ? xstrdup(server) : paths_fixture(&o->paths, "servers", server);
  struct buf text;
  buf_init(&text, YAML_MAX);
  if (!is_path && access(path, R_OK) != 0)
    diag_at(diag, "-s", 0, 0,
            "no profile for \"%s\" (%s); name one of the profiles there, or a file", server, path);
  else if (read_yaml(path, &text, diag))
    o->profile = profile_parse(buf_span(&text), path, diag);
  buf_fini(&text);
  free(path);
  return o->profile != NULL;
}

static bool find_server(struct run_options *o, const struct words *w, struct diag *diag) {
  if (!!w->server + !!w->command + !!w->attach > 1) {
    diag_at(diag, "mcreplay run", 0, 0, "-s, --command and --attach exclude each other; give one");
    return false;
  }
  if (w->command)
    return (o->profile = profile_of_command(w->command, diag)) != NULL;
  if (!w->attach)
    return load_profile(o, w->server ? w->server : "memcached", diag);
  struct addr a;
  struct buf why;
  buf_init(&why, 1024);
  if (addr_parse(&a, w->attach, &why))
    o->profile = profile_attached(&a);
  else
    diag_at(diag, "--attach", 0, 0, "%s", buf_cstr(&why));
  buf_fini(&why);
  return o->profile != NULL;
}

/* The transports asked for, all of which the server must have; its first one when none is. */
static bool find_transports(struct run_options *o, const char *list, struct diag *diag) {
  size_t n = 0;
  for (int t = 0; !list && t < 2 && n == 0; t++)
    if (o->profile->transports[t].supported)
      o->transports[n++] = (enum transport)t;
  while (list) {
    const char *comma = strchr(list, ',');
    struct span name = comma ? span_of(list, (size_t)(comma - list)) : span_str(list);
    enum transport t;
    if (!transport_find(name, &t)) {
      diag_at(diag, "--transport", 0, 0, "unknown transport \"%.*s\"; there are unix and tcp",
              (int)name.n, (const char *)name.p);
      return false;
    }
    if (!o->profile->transports[t].supported) {
      diag_at(diag, "--transport", 0, 0, "%s does not serve %s", o->profile->name,
              transport_name(t));
      return false;
    }
    if (n == 0 || (n == 1 && o->transports[0] != t))
      o->transports[n++] = t;
    list = comma ? comma + 1 : NULL;
  }
  o->config.transports = o->transports;
  o->config.ntransports = n;
  return true;
}

static bool find_known(struct run_options *o, const char *given, struct diag *diag) {
  char *path = given ? xstrdup(given) : paths_fixture(&o->paths, "known", o->profile->name);
  struct buf text;
  buf_init(&text, YAML_MAX);
  bool ok = true;
  if (given || access(path, R_OK) == 0)
    ok = read_yaml(path, &text, diag);
  if (ok && text.n) {
    known_fini(&o->known);
    ok = known_parse(&o->known, buf_span(&text), path, diag);
  }
  buf_fini(&text);
  free(path);
  return ok;
}

static bool some_case_fits(void *arg, const char *pattern) {
  const struct suite *suite = arg;
  for (size_t i = 0; i < suite->cases.n; i++)
    if (text_glob(span_str(pattern), span_str(suite_case(suite, i)->id)))
      return true;
  return false;
}

static bool select_cases(struct run_options *o, const struct words *w, bool all,
                         struct diag *diag) {
  /* With a choice of cases an entry for others is no error. */
  if (all && !known_check(&o->known, some_case_fits, &o->suite, diag))
    return false;
  if (w->pattern)
    suite_keep(&o->suite, w->pattern);
  if (w->tag)
    suite_keep_tag(&o->suite, w->tag);
  size_t n = o->suite.cases.n;
  if (n == 0)
    diag_at(diag, "mcreplay run", 0, 0,
            "nothing selected by %s \"%s\"; \"mcreplay list\" names the cases",
            w->pattern ? "-k" : "--tag", w->pattern ? w->pattern : w->tag);
  else if (n < w->min)
    diag_at(diag, "mcreplay run", 0, 0, "%zu cases selected, fewer than --min %llu asks for", n,
            (unsigned long long)w->min);
  return n > 0 && n >= w->min;
}

static void add_option(struct buf *line, const char *option, const char *word) {
  if (!word)
    return;
  buf_addf(line, " %s ", option);
  text_shell(line, span_str(word));
}

static char *reproduce_line(const struct words *w, const char *program,
                            const struct run_config *config) {
  struct buf line;
  buf_init(&line, 16 << 10);
  text_shell(&line, span_str(program));
  buf_add_str(&line, " run");
  add_option(&line, "-s", w->command || w->attach ? NULL : w->server ? w->server : "memcached");
  add_option(&line, "--command", w->command);
  add_option(&line, "--attach", w->attach);
  add_option(&line, "--known", w->known);
  if (config->timeout_ms != 5000)
    buf_addf(&line, " --timeout %ums", config->timeout_ms);
  return buf_take(&line);
}

static bool load(struct run_options *o, const struct words *w, bool all, struct diag *diag) {
  struct buf why;
  buf_init(&why, 4096);
  bool ok = delivery_parse_list(w->deliveries ? w->deliveries : "whole", &o->deliveries,
                                &o->config.ndeliveries, &why);
  if (!ok)
    diag_at(diag, "-d", 0, 0, "%s", buf_cstr(&why));
  buf_fini(&why);
  return ok && find_server(o, w, diag) && find_transports(o, w->transports, diag) &&
         find_known(o, w->known, diag) && select_cases(o, w, all, diag);
}

/* Beside the other reports in a tree that has them, else here. */
static const char *default_keep(void) {
  return access("build", W_OK | X_OK) == 0 ? "build/report/failures" : "mcreplay-failures";
}

int run_options_parse(struct run_options *o, int argc, char **argv) {
  *o = (struct run_options){0};
  struct words w = {0};
  struct run_config *config = &o->config;
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  config->workers = cores < 1 ? 1 : cores > WORKERS_MAX ? WORKERS_MAX : (unsigned)cores;
  config->repeat = 1;
  config->timeout_ms = 5000;
  known_init(&o->known);
  suite_init(&o->suite);
  opterr = 0;
  int c;
  while ((c = getopt_long(argc, argv, "s:d:j:k:vq", options, NULL)) != -1)
    if (!parse_option(o, &w, c, argv))
      return EXIT_USAGE;
  if (!w.seeded && getrandom(&config->seed, sizeof config->seed, 0) == (ssize_t)sizeof config->seed)
    config->seed %= 1000000000; /* short enough to be typed again */
  if (!config->shuffle_seed)
    config->shuffle_seed = config->seed;
  config->total_ms = config->timeout_ms < TOTAL_MAX_MS / TOTAL_FACTOR
                         ? config->timeout_ms * TOTAL_FACTOR
                         : TOTAL_MAX_MS;
  if (!command_load("run", &o->paths, &o->suite, argv + optind, argc - optind))
    return EXIT_USAGE;
  struct diag diag;
  diag_init(&diag);
  bool ok = load(o, &w, optind == argc, &diag);
  if (!ok)
    fputs(diag_text(&diag), stderr);
  diag_fini(&diag);
  if (!ok)
    return EXIT_USAGE;
  o->reproduce = reproduce_line(&w, program_invocation_name, config);
  config->suite = &o->suite;
  config->profile = o->profile;
  config->deliveries = o->deliveries;
  config->known = &o->known;
  config->reproduce = o->reproduce;
  if (!o->keep)
    o->keep = default_keep();
  if (strcmp(o->keep, "none") != 0)
    config->keep = keep_new(o->keep);
  return EXIT_WELL;
}

void run_options_fini(struct run_options *o) {
  suite_fini(&o->suite);
  known_fini(&o->known);
  profile_free(o->profile);
  paths_fini(&o->paths);
  free(o->deliveries);
  free(o->reproduce);
  keep_free(o->config.keep);
}
