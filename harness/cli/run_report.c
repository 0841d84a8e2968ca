#include "cli/run_report.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/run_tool.h"
#include "report/console.h"
#include "report/junit.h"
#include "run/schedule.h"

static int status_of(const struct run_totals *t) {
  if (t->failed || t->xpassed || t->errors > t->setup)
    return t->interrupted ? EXIT_INFRASTRUCTURE : EXIT_RED;
  if (t->setup || t->interrupted)
    return EXIT_INFRASTRUCTURE;
  return EXIT_WELL;
}

int run_report(const struct run_options *o, const char *program, const struct run_extra *extra) {
  struct console *console = console_new(
      (struct console_options){.out = stdout,
                               .terminal = isatty(STDOUT_FILENO) && !o->profile->terminal,
                               .verbose = o->verbose,
                               .quiet = o->quiet,
                               .note = o->note,
                               .summary = extra ? extra->summary : NULL,
                               .summary_arg = extra ? extra->sink.arg : NULL});
  struct junit *junit = junit_new();
  struct sink sinks[4];
  size_t n = 0;
  if (extra)
    sinks[n++] = extra->sink;
  sinks[n++] = console_sink(console);
  sinks[n++] = history_sink(o->history);
  if (o->junit)
    sinks[n++] = junit_sink(junit);
  struct run_totals totals = schedule_run(&o->config, sinks, n);
  run_tool_end(o);
  int status = status_of(&totals);
  if (o->junit && !junit_write(junit, o->junit)) {
    fprintf(stderr, "mcreplay %s: can't write %s: %s\n", program, o->junit, strerror(errno));
    status = EXIT_INFRASTRUCTURE;
  }
  if (totals.run > 0 && totals.run == totals.skipped) {
    command_usage(program, "every case was skipped; nothing has been tested");
    status = EXIT_USAGE;
  }
  /* A run that has tested nothing is none to go by, nor are the times of one under a tool or with a
   * pause. */
  bool tested =
      totals.run > totals.skipped + totals.setup && !o->profile->tool && !o->config.pause_before;
  if (tested && !history_write(o->history, o->last, o->part))
    fprintf(stderr, "mcreplay %s: warning: can't write %s: %s\n", program, o->last,
            strerror(errno));
  console_free(console);
  junit_free(junit);
  return status;
}
