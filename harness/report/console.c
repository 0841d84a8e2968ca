#include "report/console.h"

#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "report/seconds.h"

enum { REDRAW_MS = 100, LABEL_N = 5 };

#define ERASE_LINE "\r\x1b[K"

/* Why case runs were skipped, and how many for this reason. */
struct reason {
  char *text;
  size_t count;
};

struct console {
  struct console_options options;
  struct run_totals so_far; /* but for its seconds */
  size_t planned;
  uint64_t seed;
  struct reason *reasons;
  size_t reasons_n;
  uint64_t drawn_ms; /* when the progress line was last drawn */
  bool drawn;        /* the progress line stands */
};

struct console *console_new(struct console_options options) {
  struct console *c = xcalloc(1, sizeof *c);
  c->options = options;
  return c;
}

void console_free(struct console *c) {
  if (!c)
    return;
  for (size_t i = 0; i < c->reasons_n; i++)
    free(c->reasons[i].text);
  free(c->reasons);
  free(c);
}

static uint64_t now_ms(void) {
  struct timespec now;
  CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void progress_erase(struct console *c) {
  if (c->drawn)
    fputs(ERASE_LINE, c->options.out);
  c->drawn = false;
}

static void progress_draw(struct console *c) {
  const struct run_totals *t = &c->so_far;
  fprintf(c->options.out, ERASE_LINE "[%zu/%zu] %zu passed, %zu failed, %zu errors, %zu skipped",
          t->run, c->planned, t->passed, t->failed + t->xpassed, t->errors, t->skipped);
  fflush(c->options.out);
  c->drawn = true;
}

static const char *plural(size_t n) {
  return n == 1 ? "" : "s";
}

static void begin_cb(void *arg, const struct run_info *info) {
  struct console *c = arg;
  c->planned = info->planned;
  c->seed = info->seed;
  if (!c->options.quiet)
    fprintf(c->options.out, "%zu case run%s on %s, %u worker%s, seed %" PRIu64 "%s\n",
            info->planned, plural(info->planned), info->server, info->workers,
            plural(info->workers), info->seed, c->options.note ? c->options.note : "");
  if (c->options.terminal && !c->options.quiet) {
    progress_draw(c);
    c->drawn_ms = now_ms();
  }
}

static void paused_cb(void *arg, const struct pause_info *info) {
  struct console *c = arg;
  FILE *out = c->options.out;
  const struct step *step = info->step;
  progress_erase(c);
  fprintf(out, "paused before step %u of %u of %s  %s:%u\n", info->number, info->steps, info->id,
          info->file, step->line);
  fprintf(out, "  next    %.*s\n", (int)step->text.n, (const char *)step->text.p);
  if (info->pid)
    fprintf(out, "  server  pid %d; gdb -p %d\n", info->pid, info->pid);
  fputs("  Enter goes on\n", out);
  fflush(out);
}

static void reason_count(struct console *c, const char *text) {
  for (size_t i = 0; i < c->reasons_n; i++) {
    if (strcmp(c->reasons[i].text, text) == 0) {
      c->reasons[i].count++;
      return;
    }
  }
  c->reasons = xrealloc(c->reasons, (c->reasons_n + 1) * sizeof *c->reasons);
  c->reasons[c->reasons_n++] = (struct reason){.text = xstrdup(text), .count = 1};
}

/* Counts the result; whether it has to be printed in full. */
static bool result_count(struct console *c, const struct result *r) {
  struct run_totals *t = &c->so_far;
  t->run++;
  switch (r->verdict.status) {
  case VERDICT_PASS:
    t->passed++;
    return false;
  case VERDICT_FAIL:
    t->failed++;
    return true;
  case VERDICT_ERROR:
    t->errors++;
    return true;
  case VERDICT_SKIPPED:
    t->skipped++;
    reason_count(c, r->verdict.brief ? r->verdict.brief : "no reason given");
    return false;
  case VERDICT_XFAIL:
    t->xfailed++;
    return false;
  case VERDICT_XPASS:
    t->xpassed++;
    return true;
  case VERDICT_FLAKY:
    t->flaky++;
    return false;
  }
  DIE("no such verdict status: %d", (int)r->verdict.status);
}

static void result_print(struct console *c, const struct result *r) {
  FILE *out = c->options.out;
  const char *colour = "";
  if (c->options.terminal) {
    switch (r->verdict.status) {
    case VERDICT_PASS:
      colour = "\x1b[32m";
      break;
    case VERDICT_SKIPPED:
    case VERDICT_XFAIL:
    case VERDICT_FLAKY:
      colour = "\x1b[33m";
      break;
    case VERDICT_FAIL:
    case VERDICT_ERROR:
    case VERDICT_XPASS:
      colour = "\x1b[31m";
      break;
    }
  }
  struct buf text;
  buf_init(&text, SIZE_MAX);
  console_format(&text, r);
  progress_erase(c);
  fprintf(out, "%s%.*s%s", colour, (int)LABEL_N, (const char *)text.p, *colour ? "\x1b[0m" : "");
  fwrite(text.p + LABEL_N, 1, text.n - LABEL_N, out);
  fflush(out);
  buf_fini(&text);
}

static void result_cb(void *arg, const struct result *r) {
  struct console *c = arg;
  bool trouble = result_count(c, r);
  bool progress = c->options.terminal && !c->options.quiet;
  if (trouble || (c->options.verbose && !c->options.quiet))
    result_print(c, r);
  if (!progress)
    return;
  uint64_t now = now_ms();
  if (now - c->drawn_ms >= REDRAW_MS) {
    progress_draw(c);
    c->drawn_ms = now;
  }
}

/* The most frequent first. */
static int reason_compare(const void *a, const void *b) {
  const struct reason *x = a, *y = b;
  if (x->count != y->count)
    return x->count < y->count ? 1 : -1;
  return strcmp(x->text, y->text);
}

static void reported_cb(void *arg, const char *summary) {
  struct console *c = arg;
  progress_erase(c);
  if (!c->options.quiet)
    fputs(summary, c->options.out);
}

static void end_cb(void *arg, const struct run_totals *t) {
  struct console *c = arg;
  FILE *out = c->options.out;
  progress_erase(c);
  if (c->reasons_n > 0 && !c->options.quiet) {
    qsort(c->reasons, c->reasons_n, sizeof *c->reasons, reason_compare);
    fputs("skipped:\n", out);
    for (size_t i = 0; i < c->reasons_n; i++)
      fprintf(out, "  %zu  %s\n", c->reasons[i].count, c->reasons[i].text);
  }
  if (c->options.summary && !c->options.quiet) {
    struct buf summary;
    buf_init(&summary, SIZE_MAX);
    c->options.summary(c->options.summary_arg, &summary);
    fwrite(summary.p, 1, summary.n, out);
    buf_fini(&summary);
  }
  struct buf seconds;
  buf_init(&seconds, 64);
  seconds_add(&seconds, seconds_millis(t->seconds));
  if (t->interrupted)
    fprintf(out, "interrupted after %zu of %zu case run%s\n", t->run, c->planned,
            plural(c->planned));
  if (t->stopped)
    fprintf(out, "stopped at the first failure, after %zu of %zu case run%s\n", t->run, c->planned,
            plural(c->planned));
  fprintf(out,
          "%zu passed, %zu failed, %zu errors, %zu skipped, %zu xfailed, %zu xpassed, %zu flaky"
          " in %s s (seed %" PRIu64 ")\n",
          t->passed, t->failed, t->errors, t->skipped, t->xfailed, t->xpassed, t->flaky,
          buf_cstr(&seconds), c->seed);
  fflush(out);
  buf_fini(&seconds);
}

struct sink console_sink(struct console *c) {
  return (struct sink){.begin = begin_cb,
                       .paused = paused_cb,
                       .result = result_cb,
                       .reported = reported_cb,
                       .end = end_cb,
                       .arg = c};
}
