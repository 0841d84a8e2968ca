#include "cli/run_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/run_select.h"
#include "cli/run_tool.h"
#include "net/file.h"
#include "run/golden.h"
#include "run/keep.h"

enum { YAML_MAX = 1 << 20, TOTAL_FACTOR = 60, TOTAL_MAX_MS = 1 << 30 };

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

static bool find_server(struct run_options *o, const struct run_words *w, struct diag *diag) {
  if (!!w->server + !!w->command + !!w->attach > 1) {
    diag_at(diag, w->head, 0, 0, "-s, --command and --attach exclude each other; give one");
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

/* One of the two lists, which need not be there unless it is named. */
static bool read_known(struct run_options *o, const char *given, const char *ending, bool flaky,
                       struct diag *diag) {
  char *name = xasprintf("%s%s", o->profile->name, ending);
  char *path = given ? xstrdup(given) : paths_fixture(&o->paths, "known", name);
  struct buf text;
  buf_init(&text, YAML_MAX);
  bool ok = true;
  if (given || access(path, R_OK) == 0)
    ok = read_yaml(path, &text, diag);
  if (ok && text.n)
    ok = known_read(&o->known, buf_span(&text), path, flaky, diag);
  buf_fini(&text);
  free(path);
  free(name);
  return ok;
}

static bool find_known(struct run_options *o, const struct run_words *w, struct diag *diag) {
  bool ok = read_known(o, w->known, "", false, diag);
  return read_known(o, w->flaky, ".flaky", true, diag) && ok;
}

/* The folder of the server's goldens. One that belongs to no case is an error. */
static bool find_goldens(struct run_options *o, const char *given, struct diag *diag) {
  if (given && strcmp(given, "none") == 0)
    return true;
  if (given && access(given, R_OK) != 0) {
    diag_at(diag, "--golden", 0, 0, "can't read %s: %s", given, strerror(errno));
    return false;
  }
  o->golden =
      given ? xstrdup(given) : xasprintf("%s/golden/%s", o->paths.fixtures, o->profile->name);
  return goldens_check(o->golden, &o->paths, diag);
}

static bool load_goldens(struct run_options *o, struct diag *diag) {
  if (!o->golden)
    return true;
  o->goldens = goldens_load(o->golden, &o->suite, &o->paths, diag);
  o->config.goldens = o->goldens;
  return o->goldens != NULL;
}

static void add_option(struct buf *line, const char *option, const char *word) {
  if (!word)
    return;
  buf_addf(line, " %s ", option);
  text_shell(line, span_str(word));
}

static char *reproduce_line(const struct run_words *w, const char *program) {
  struct buf line;
  buf_init(&line, 16 << 10);
  text_shell(&line, span_str(program));
  buf_add_str(&line, " run");
  add_option(&line, "-s", w->command || w->attach ? NULL : w->server ? w->server : "memcached");
  add_option(&line, "--command", w->command);
  add_option(&line, "--attach", w->attach);
  add_option(&line, "--known", w->known);
  add_option(&line, "--flaky", w->flaky);
  add_option(&line, "--golden", w->golden);
  if (w->timeout_ms != RUN_TIMEOUT_MS)
    buf_addf(&line, " --timeout %ums", w->timeout_ms);
  if (w->tool)
    buf_addf(&line, " --%s", w->tool);
  if (w->tool_options) {
    buf_add_byte(&line, '=');
    text_shell(&line, span_str(w->tool_options));
  }
  return buf_take(&line);
}

/* A sample for somebody who looks on; a pipe, a tool and a pause get the plain one alone. */
static const char *default_deliveries(const struct run_words *w) {
  return isatty(STDOUT_FILENO) && !w->tool && !w->pause_before ? "whole,bytewise,slow-read,random:1"
                                                               : "whole";
}

static bool find_deliveries(struct run_options *o, const struct run_words *w, struct diag *diag) {
  struct buf why;
  buf_init(&why, 4096);
  bool ok = delivery_parse_list(w->deliveries ? w->deliveries : default_deliveries(w),
                                &o->deliveries, &o->config.ndeliveries, &why);
  if (!ok)
    diag_at(diag, "-d", 0, 0, "%s", buf_cstr(&why));
  buf_fini(&why);
  o->config.deliveries = o->deliveries;
  return ok;
}

/* What the head line should say of the choice. */
static char *make_note(const struct run_options *o, const struct run_words *w) {
  struct buf note;
  buf_init(&note, 1024);
  if (w->last_failed)
    buf_addf(&note, "; what failed in the last run");
  if (w->parts)
    buf_addf(&note, "; part %u of %u", w->part, w->parts);
  if (!w->deliveries && o->config.ndeliveries > 1)
    buf_addf(&note, "; a sample of the deliveries; -d all plays all");
  return buf_take(&note);
}

static uint64_t random_seed(void) {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
    DIE("no random bytes: %s", strerror(errno));
  return seed % 1000000000; /* short enough to be typed again */
}

bool run_options_in_build(void) {
  struct stat st;
  return stat("build", &st) == 0 && S_ISDIR(st.st_mode) && access("build", W_OK | X_OK) == 0;
}

static const char *default_keep(void) {
  return run_options_in_build() ? "build/report/failures" : "mcreplay-failures";
}

static void take_words(struct run_options *o, const struct run_words *w) {
  struct run_config *config = &o->config;
  unsigned ms = w->timeout_ms;
  config->workers = w->pause_before ? 1 : w->workers;
  config->repeat = w->repeat;
  config->until_fail = w->until_fail;
  config->pause_before = w->pause_before;
  config->server_per = w->server_per;
  config->seed = w->seeded ? w->seed : random_seed();
  config->shuffle = w->shuffle;
  config->shuffle_seed = w->shuffle_seed ? w->shuffle_seed : config->seed;
  config->timeout_ms = ms;
  config->total_ms = ms < TOTAL_MAX_MS / TOTAL_FACTOR ? ms * TOTAL_FACTOR : TOTAL_MAX_MS;
  o->keep = w->keep ? w->keep : default_keep();
  o->junit = w->junit;
  o->part = w->parts > 0;
  o->verbose = w->verbose;
  o->quiet = w->quiet;
}

static bool load(struct run_options *o, struct run_words *w, bool all, struct diag *diag) {
  struct run_config *config = &o->config;
  if (!run_select_recall(o, w, diag) || !find_deliveries(o, w, diag) || !find_server(o, w, diag) ||
      !find_transports(o, w->transports, diag) || !find_known(o, w, diag) ||
      !find_goldens(o, w->golden, diag) || !run_select_cases(o, w, all, diag) ||
      !load_goldens(o, diag))
    return false;
  config->suite = &o->suite;
  config->profile = o->profile;
  config->known = &o->known;
  return run_select_runs(o, w, diag);
}

void run_options_init(struct run_options *o) {
  *o = (struct run_options){0};
  known_init(&o->known);
  suite_init(&o->suite);
}

int run_options_load(struct run_options *o, struct run_words *w, char *const *args, int nargs) {
  if (!command_load(w->program, &o->paths, &o->suite, args, nargs))
    return EXIT_USAGE;
  struct diag diag;
  diag_init(&diag);
  bool ok = load(o, w, nargs == 0, &diag);
  if (!ok)
    fputs(diag_text(&diag), stderr);
  diag_fini(&diag);
  if (!ok)
    return EXIT_USAGE;
  take_words(o, w);
  o->note = make_note(o, w);
  o->reproduce = reproduce_line(w, program_invocation_name);
  o->config.reproduce = o->reproduce;
  int status = run_tool_start(o, w);
  if (status == EXIT_WELL)
    status = run_tool_pause(o, w);
  if (strcmp(o->keep, "none") != 0)
    o->config.keep = keep_new(o->keep);
  return status;
}

int run_options_parse(struct run_options *o, int argc, char **argv) {
  struct run_words w;
  run_options_init(o);
  run_words_init(&w, "run");
  if (!run_words_parse(&w, argc, argv))
    return EXIT_USAGE;
  return run_options_load(o, &w, argv + optind, argc - optind);
}

void run_options_fini(struct run_options *o) {
  suite_fini(&o->suite);
  known_fini(&o->known);
  goldens_free(o->goldens);
  free(o->golden);
  profile_free(o->profile);
  paths_fini(&o->paths);
  history_free(o->history);
  free(o->deliveries);
  free(o->red_deliveries);
  free(o->red_transports);
  free(o->chosen);
  free(o->reproduce);
  free(o->note);
  keep_free(o->config.keep);
}
