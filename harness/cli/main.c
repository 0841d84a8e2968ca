#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "mcbp/near.h"

static const struct command *const commands[] = {&command_run,    &command_accept, &command_compare,
                                                 &command_shrink, &command_list,   &command_show,
                                                 &command_lint,   &command_record, &command_replay};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void help(FILE *out) {
  fputs("mcreplay replays memcached binary-protocol sessions against a server and\n"
        "compares every byte that comes back.\n\nCommands:\n",
        out);
  for (size_t i = 0; i < COMMANDS; i++)
    fprintf(out, "  %-7s %s\n", commands[i]->name, commands[i]->what);
  fputs("\n\"mcreplay COMMAND --help\" tells more. Exit status: 0 all well, 1 failures,\n"
        "2 usage or bad input, 3 the infrastructure.\n"
        "\nExamples:\n"
        "  mcreplay run\n"
        "  mcreplay run -s memcached -d all --junit report.xml\n"
        "  mcreplay run --command './my-server --unix {socket}' cases/get\n"
        "  mcreplay show get/miss\n",
        out);
}

static int unknown(const char *word) {
  const char *near = NULL;
  struct near n = near_of(span_str(word));
  for (size_t i = 0; i < COMMANDS; i++)
    near_offer(&n, commands[i]->name);
  near = n.best;
  fprintf(stderr, "mcreplay: unknown command \"%s\"; %s%s%s\n", word,
          near ? "did you mean \"" : "\"mcreplay --help\" lists them", near ? near : "",
          near ? "\"?" : "");
  return EXIT_USAGE;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc < 2) {
    help(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
      strcmp(argv[1], "help") == 0) {
    help(stdout);
    return EXIT_WELL;
  }
  if (strcmp(argv[1], "--version") == 0) {
    puts("mcreplay " MCREPLAY_VERSION);
    return EXIT_WELL;
  }
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(argv[1], commands[i]->name) == 0) {
      for (int k = 2; k < argc && strcmp(argv[k], "--") != 0; k++)
        if (strcmp(argv[k], "--help") == 0 || strcmp(argv[k], "-h") == 0) {
          fputs(commands[i]->help, stdout);
          return EXIT_WELL;
        }
      return commands[i]->main(argc - 1, argv + 1);
    }
  return unknown(argv[1]);
}
