#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/run_options.h"
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

static int run_cases(const struct run_options *o) {
  struct console *console = console_new(
      (struct console_options){.out = stdout,
                               .terminal = isatty(STDOUT_FILENO) && !o->profile->terminal,
                               .verbose = o->verbose,
                               .quiet = o->quiet,
                               .note = o->note});
  struct junit *junit = junit_new();
  const struct sink sinks[] = {console_sink(console), history_sink(o->history), junit_sink(junit)};
  struct run_totals totals = schedule_run(&o->config, sinks, o->junit ? 3 : 2);
  run_tool_end(o);
  int status = status_of(&totals);
  if (o->junit && !junit_write(junit, o->junit)) {
    fprintf(stderr, "mcreplay run: can't write %s: %s\n", o->junit, strerror(errno));
    status = EXIT_INFRASTRUCTURE;
  }
  if (totals.run > 0 && totals.run == totals.skipped) {
    command_usage("run", "every case was skipped; nothing has been tested");
    status = EXIT_USAGE;
  }
  /* A run that has tested nothing is none to go by, nor are the times of one under a tool or with a
   * pause. */
  bool tested =
      totals.run > totals.skipped + totals.setup && !o->profile->tool && !o->config.pause_before;
  if (tested && !history_write(o->history, o->last, o->part))
    fprintf(stderr, "mcreplay run: warning: can't write %s: %s\n", o->last, strerror(errno));
  console_free(console);
  junit_free(junit);
  return status;
}

static int run_main(int argc, char **argv) {
  struct run_options options;
  int status = run_options_parse(&options, argc, argv);
  if (status == EXIT_WELL)
    status = run_cases(&options);
  run_options_fini(&options);
  return status;
}

const struct command command_run = {
    .name = "run",
    .what = "play cases on a server and compare every byte",
    .help = "mcreplay run [OPTION..] [PATH..]   folders, files or ids; all cases without\n"
            "  -s NAME|FILE       the server's profile (memcached)\n"
            "  --command CMD      a server started by CMD, with {socket} or {port} in it\n"
            "  --attach ADDR      one that runs: unix:PATH or tcp:HOST:PORT\n"
            "  -d NAME,..|all     whole pipelined bytewise split:N fields random:SEED\n"
            "                     half-close slow-read slow-read-last pause crowd:N\n"
            "                     (the delivery whole; on a terminal a sample of them)\n"
            "  --transport T,..   unix, tcp (the server's first)\n"
            "  -j N               workers, each with a server (the number of cores)\n"
            "  --server-per case|run   a fresh server for each case, or one per worker\n"
            "  -k PATTERN, --tag TAG, --needs NAME   only such cases; --min N: no fewer\n"
            "  --last-failed, --shard I/N   of these what failed last, one of N parts\n"
            "  --last FILE        where a run is remembered (build/report/last-run.json)\n"
            "  --repeat N, --until-fail, --shuffle[=SEED], --seed N   how often, how cut\n"
            "  --timeout S        give up on a server that makes no progress (5)\n"
            "  --gdb, --rr, --valgrind, --strace [=OPTIONS]   the server runs under it\n"
            "  --pause-before N   wait there for Enter, with the server's pid for gdb -p\n"
            "  --known, --flaky FILE   known deviations, flaky cases (fixtures/known/NAME..)\n"
            "  --golden DIR|none  what was answered before (fixtures/golden/NAME)\n"
            "  --junit FILE, --keep DIR|none   a JUnit XML report; a folder of each failure\n"
            "  -v, -q             every case; only failures and the last line\n"
            "Examples:\n"
            "  mcreplay run -d bytewise,split:24 --junit build/report/junit.xml get 'cas/*'\n"
            "  mcreplay run --command './server -s {socket}' --shuffle --repeat 20\n",
    .main = run_main,
};
