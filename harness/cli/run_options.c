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
#include "cli/run_server.h"
#include "cli/run_tls.h"
#include "cli/run_tool.h"
#include "net/file.h"
#include "run/golden.h"
#include "run/keep.h"

enum { TOTAL_FACTOR = 60, TOTAL_MAX_MS = 1 << 30 };

/* The lists of what is known of a server. */
enum list { DEVIATIONS, FLAKY, SANITIZERS };

/* Reads one, which need not be there unless it is named. */
static bool read_known(struct run_options *o, const char *given, enum list list,
                       struct diag *diag) {
  static const char *const endings[] = {"", ".flaky", ".sanitizers"};
  char *name = xasprintf("%s%s", o->profile->name, endings[list]);
  char *path = given ? xstrdup(given) : paths_fixture(&o->paths, "known", name);
  struct buf text;
  buf_init(&text, RUN_YAML_MAX);
  bool ok = true;
  if (given || access(path, R_OK) == 0)
    ok = run_server_yaml(path, &text, diag);
  if (ok && text.n && list == SANITIZERS)
    ok = baseline_read(&o->baseline, buf_span(&text), path, diag);
  else if (ok && text.n)
    ok = known_read(&o->known, buf_span(&text), path, list == FLAKY, diag);
  buf_fini(&text);
  free(path);
  free(name);
  return ok;
}

/* Where two servers are compared, what is known of one says nothing. */
static bool find_known(struct run_options *o, const struct run_words *w, struct diag *diag) {
  if (o->candidate)
    return true;
  bool ok = read_known(o, w->known, DEVIATIONS, diag);
  ok &= read_known(o, w->flaky, FLAKY, diag);
  return read_known(o, w->sanitizers, SANITIZERS, diag) && ok;
}

/* The folder of the server's goldens. One that belongs to no case is an error. */
static bool find_goldens(struct run_options *o, const struct run_words *w, struct diag *diag) {
  const char *given = w->golden;
  if (o->candidate || (given && strcmp(given, "none") == 0))
    return true;
  if (given && !w->accepts && access(given, R_OK) != 0) {
    diag_at(diag, "--golden", 0, 0, "can't read %s: %s", given, strerror(errno));
    return false;
  }
  o->golden =
      given ? xstrdup(given) : xasprintf("%s/golden/%s", o->paths.fixtures, o->profile->goldens);
  return w->accepts || goldens_check(o->golden, &o->paths, diag);
}

static bool load_goldens(struct run_options *o, struct diag *diag) {
  if (!o->golden)
    return true;
  o->goldens = goldens_load(o->golden, &o->suite, &o->paths, diag);
  o->config.goldens = o->goldens;
  return o->goldens != NULL;
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

static const char *default_keep(const char *program) {
  if (strcmp(program, "compare") == 0)
    return run_options_in_build() ? "build/report/differences" : "mcreplay-differences";
  return run_options_in_build() ? "build/report/failures" : "mcreplay-failures";
}

static void take_words(struct run_options *o, const struct run_words *w) {
  struct run_config *config = &o->config;
  unsigned ms = w->timeout_ms;
  config->workers = w->pause_before ? 1 : w->workers;
  config->repeat = w->repeat;
  config->max_memory_ratio = w->max_memory_ratio;
  config->max_cpu_ratio = w->max_cpu_ratio;
  config->until_fail = w->until_fail;
  config->pause_before = w->pause_before;
  config->server_per = w->server_per;
  config->seed = w->seeded ? w->seed : random_seed();
  config->shuffle = w->shuffle;
  config->shuffle_seed = w->shuffle_seed ? w->shuffle_seed : config->seed;
  config->timeout_ms = ms;
  config->total_ms = ms < TOTAL_MAX_MS / TOTAL_FACTOR ? ms * TOTAL_FACTOR : TOTAL_MAX_MS;
  o->keep = w->keep ? w->keep : default_keep(w->program);
  o->junit = w->junit;
  o->part = w->parts > 0;
  o->verbose = w->verbose;
  o->quiet = w->quiet;
}

static bool load(struct run_options *o, struct run_words *w, bool all, struct diag *diag) {
  struct run_config *config = &o->config;
  if (!run_select_recall(o, w, diag) || !find_deliveries(o, w, diag) ||
      !run_server_find(o, w, diag) || !run_server_transports(o, w, diag) ||
      !run_tls_find(o, w, diag) || !find_known(o, w, diag) || !find_goldens(o, w, diag) ||
      !run_select_cases(o, w, all, diag) || !load_goldens(o, diag))
    return false;
  config->suite = &o->suite;
  config->profile = o->profile;
  config->candidate = o->candidate;
  config->server = o->server;
  config->known = &o->known;
  config->baseline = &o->baseline;
  return run_select_runs(o, w, diag);
}

void run_options_init(struct run_options *o) {
  *o = (struct run_options){0};
  known_init(&o->known);
  baseline_init(&o->baseline);
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
  o->reproduce = run_server_reproduce(w, program_invocation_name);
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
  baseline_fini(&o->baseline);
  goldens_free(o->goldens);
  free(o->golden);
  profile_free(o->profile);
  profile_free(o->candidate);
  free(o->server);
  paths_fini(&o->paths);
  history_free(o->history);
  free(o->deliveries);
  free(o->red_deliveries);
  free(o->red_transports);
  free(o->chosen);
  free(o->reproduce);
  free(o->note);
  run_tls_fini(o);
  keep_free(o->config.keep);
}
