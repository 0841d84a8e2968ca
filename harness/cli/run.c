#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/run_report.h"

static int run_main(int argc, char **argv) {
  struct run_options options;
  int status = run_options_parse(&options, argc, argv);
  if (status == EXIT_WELL)
    status = run_report(&options, "run", NULL);
  run_options_fini(&options);
  return status;
}

const struct command command_run = {
    .name = "run",
    .what = "play cases on a server and compare every byte",
    .help = "mcreplay run [OPTION..] [PATH..]   folders, files, captures or ids (all)\n"
            "  -s NAME|FILE       profile (memcached); --binary FILE in its program's place\n"
            "  --command CMD      a server started by CMD, with {socket} or {port} in it\n"
            "  --attach ADDR      one that runs: unix:PATH, tcp:HOST:PORT or tls:HOST:PORT\n"
            "  -d NAME,..|all     whole pipelined bytewise split:N fields random:SEED\n"
            "                     half-close slow-read slow-read-last pause crowd:N; on tls\n"
            "                     records across-records inside-records (whole or a sample)\n"
            "  --transport T,..   unix, tcp, tls (the server's first); --ca FILE  for tls\n"
            "  -j N               workers, each with a server (one more than there are cores)\n"
            "  --server-per case|run   a fresh server for each case, or one per worker\n"
            "  -k PATTERN, --tag TAG, --needs NAME   only such cases; --min N: no fewer\n"
            "  --last-failed, --shard I/N   of these what failed last, one of N parts\n"
            "  --last FILE        where a run is remembered (build/report/last-run.json)\n"
            "  --repeat N, --until-fail, --shuffle[=SEED], --seed N   how often, how cut\n"
            "  --timeout S        give up on a server that makes no progress (5)\n"
            "  --gdb, --rr, --valgrind, --strace [=OPTIONS]   the server runs under it\n"
            "  --pause-before N   wait there for Enter, with the server's pid for gdb -p\n"
            "  --known, --flaky, --sanitizers FILE   what is known (fixtures/known/NAME..)\n"
            "  --golden DIR|none  what was answered before (fixtures/golden/NAME)\n"
            "  --junit FILE, --keep DIR|none   a JUnit XML report; a folder of each failure\n"
            "  -v, -q             every case; only failures and the last line\n"
            "Examples:\n"
            "  mcreplay run -d bytewise,split:24 --junit build/report/junit.xml get 'cas/*'\n"
            "  mcreplay run --command './server -s {socket}' --shuffle --repeat 20\n",
    .main = run_main,
};
