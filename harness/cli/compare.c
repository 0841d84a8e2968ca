#include <getopt.h>

#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/run_report.h"
#include "cli/run_words.h"
#include "report/compared.h"

/* For `git bisect run`: this revision can't be tested. */
enum { EXIT_UNTESTED = 125 };

static int compare_main(int argc, char **argv) {
  struct run_options options;
  struct run_words words;
  int status = EXIT_USAGE;
  run_options_init(&options);
  run_words_init(&words, "compare");
  if (run_words_parse_compare(&words, argc, argv))
    status = run_options_load(&options, &words, argv + optind, argc - optind);
  if (status == EXIT_WELL) {
    struct compared *compared = compared_new();
    const struct run_extra extra = {compared_sink(compared), compared_summary};
    status = run_report(&options, words.program, &extra);
    compared_free(compared);
  }
  run_options_fini(&options);
  return status == EXIT_INFRASTRUCTURE ? EXIT_UNTESTED : status;
}

const struct command command_compare = {
    .name = "compare",
    .what = "play cases on two servers and tell every byte that differs",
    .help = "mcreplay compare [OPTION..] [PATH..]   folders, files or ids; all cases without\n"
            "  --baseline NAME|FILE, --candidate NAME|FILE   two servers by their profiles\n"
            "  -s NAME|FILE       both by this profile; --baseline and --candidate are then\n"
            "                     programs in its command's place (baseline: its own)\n"
            "  --commands         --baseline and --candidate are command lines\n"
            "Each case is played twice on each server. What differs between the plays on one\n"
            "of them is not compared: a CAS, a statistic, the time. All else must be the\n"
            "same, and so must be how connections end. What fails on both in the same way is\n"
            "no difference. Memory, CPU time and how answers come in are told as ratios.\n"
            "  --max-memory-ratio R, --max-cpu-ratio R   of a case; red when it is more\n"
            "  -d NAME,..|all, --transport T,.., -j N, --server-per case|run, --timeout S\n"
            "  -k PATTERN, --tag TAG, --needs NAME, --min N, --last-failed, --shard I/N\n"
            "  --repeat N, --until-fail, --shuffle[=SEED], --seed N, --last FILE\n"
            "  --junit FILE, --keep DIR|none, -v, -q   as for run; what is kept goes to\n"
            "                     build/report/differences\n"
            "Exit status: 0 the same, 1 different, 2 usage, 125 a server does not start.\n"
            "Examples:\n"
            "  mcreplay compare -s memcached --candidate ./memcached -d all\n"
            "  mcreplay compare --baseline memcached --candidate refserver get 'cas/*'\n"
            "  mcreplay compare --commands --baseline 'a {socket}' --candidate 'b {socket}'\n",
    .main = compare_main,
};
