#include "cli/run_select.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "run/choice.h"

/* A comparison is no run that `run --last-failed` should go by. */
static const char *default_last(const char *program) {
  bool compares = strcmp(program, "compare") == 0;
  if (run_options_in_build())
    return compares ? "build/report/last-compare.json" : "build/report/last-run.json";
  return compares ? ".mcreplay-last-compare.json" : ".mcreplay-last.json";
}

static bool recall_failed(struct run_options *o, struct run_words *w, struct diag *diag) {
  if (access(o->last, R_OK) != 0) {
    diag_at(diag, "--last-failed", 0, 0, "no run has been recorded in %s", o->last);
    return false;
  }
  if (!history_red(o->history, &o->red_deliveries, &o->red_transports)) {
    diag_at(diag, "--last-failed", 0, 0, "nothing failed in the last run (%s)", o->last);
    return false;
  }
  if (!w->deliveries)
    w->deliveries = o->red_deliveries;
  if (!w->transports)
    w->transports = o->red_transports;
  if (!w->seeded)
    w->seed = history_seed(o->history);
  w->seeded = true;
  return true;
}

bool run_select_recall(struct run_options *o, struct run_words *w, struct diag *diag) {
  struct buf why;
  buf_init(&why, 4096);
  o->last = w->last ? w->last : default_last(w->program);
  o->history = history_load(o->last, &why);
  if (why.n)
    fprintf(stderr, "%s: warning: %s is ignored: %s\n", w->head, o->last, buf_cstr(&why));
  buf_fini(&why);
  return !w->last_failed || recall_failed(o, w, diag);
}

static void add_choice(struct buf *text, const char *option, const char *word) {
  if (word)
    buf_addf(text, " %s \"%.60s\"", option, word);
}

static void nothing_selected(const struct run_words *w, struct diag *diag) {
  struct buf by;
  buf_init(&by, 1024);
  add_choice(&by, "-k", w->pattern);
  add_choice(&by, "--tag", w->tag);
  add_choice(&by, "--needs", w->needs);
  diag_at(diag, w->head, 0, 0, "nothing selected by%s; \"mcreplay list\" names the cases",
          buf_cstr(&by));
  buf_fini(&by);
}

bool run_select_cases(struct run_options *o, const struct run_words *w, bool all,
                      struct diag *diag) {
  /* With a choice of cases an entry for others is no error. */
  if (!known_check(&o->known, &o->suite, all, diag))
    return false;
  if (w->pattern)
    suite_keep(&o->suite, w->pattern);
  if (w->tag)
    suite_keep_tag(&o->suite, w->tag);
  if (w->needs)
    suite_keep_needs(&o->suite, w->needs);
  size_t n = o->suite.cases.n;
  if (n == 0)
    nothing_selected(w, diag);
  else if (n < w->min)
    diag_at(diag, w->head, 0, 0, "%zu case%s selected, fewer than --min %llu asks for", n,
            n == 1 ? "" : "s", (unsigned long long)w->min);
  return n > 0 && n >= w->min;
}

bool run_select_runs(struct run_options *o, const struct run_words *w, struct diag *diag) {
  size_t places = 0;
  for (size_t i = 0; i < plan_places(&o->config); i++)
    places += plan_has(&o->config, i);
  if (places == 0) {
    diag_at(diag, "mcreplay run", 0, 0,
            "nothing selected: each of these deliveries is about TLS; add --transport tls");
    return false;
  }
  if (!w->last_failed && !w->parts)
    return true;
  o->chosen = choice_all(&o->config);
  o->config.chosen = o->chosen;
  if (w->last_failed && choice_keep_red(&o->config, o->history, o->chosen) == 0) {
    diag_at(diag, "--last-failed", 0, 0, "nothing that failed in the last run (%s) is selected",
            o->last);
    return false;
  }
  if (w->parts && choice_keep_part(&o->config, o->history, w->part - 1, w->parts, o->chosen) == 0) {
    diag_at(diag, "--shard", 0, 0, "part %u is empty: there are fewer than %u case runs", w->part,
            w->parts);
    return false;
  }
  return true;
}

size_t run_select_count(const struct run_options *o, struct job *first) {
  size_t n;
  struct job *jobs = plan_jobs(&o->config, &n);
  if (n)
    *first = jobs[0];
  free(jobs);
  return n;
}
