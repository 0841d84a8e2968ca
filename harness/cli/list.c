#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

#include "base/check.h"
#include "cli/command.h"

static json_t *words_json(const char *const *words) {
  json_t *list = json_array();
  for (; *words; words++)
    json_array_append_new(list, json_string(*words));
  return list;
}

static int print_json(const struct suite *suite) {
  json_t *list = json_array();
  for (size_t i = 0; i < suite->cases.n; i++) {
    const struct test_case *c = suite_case(suite, i);
    const struct session *s = c->session;
    json_array_append_new(list,
                          json_pack("{s:s s:s s:o s:o s:o s:s s:b s:s}", "id", c->id, "title",
                                    s->title, "spec", words_json(s->spec), "tags",
                                    words_json(s->tags), "needs", words_json(s->needs), "dialect",
                                    s->dialect == DIALECT_STOCK ? "stock" : "couchbase", "isolated",
                                    s->isolated, "file", c->file));
  }
  if (json_array_size(list) != suite->cases.n) {
    json_decref(list);
    return command_usage("list", "an id or title is not UTF-8, which JSON can't hold");
  }
  json_dumpf(list, stdout, JSON_INDENT(2));
  putchar('\n');
  json_decref(list);
  return EXIT_WELL;
}

static void print_text(const struct suite *suite) {
  int width = 0;
  for (size_t i = 0; i < suite->cases.n; i++) {
    int n = (int)strlen(suite_case(suite, i)->id);
    width = n > width ? n : width;
  }
  for (size_t i = 0; i < suite->cases.n; i++) {
    const struct test_case *c = suite_case(suite, i);
    printf("%-*s  %s", width, c->id, c->session->title);
    for (const char **tag = c->session->tags; *tag; tag++)
      printf("  #%s", *tag);
    putchar('\n');
  }
}

static int list_main(int argc, char **argv) {
  static const struct option options[] = {
      {"json", no_argument, NULL, 'J'}, {"tag", required_argument, NULL, 't'}, {0}};
  const char *pattern = NULL, *tag = NULL;
  bool json = false;
  int c;
  opterr = 0;
  while ((c = getopt_long(argc, argv, "k:", options, NULL)) != -1) {
    if (c == 'J')
      json = true;
    else if (c == 'k')
      pattern = optarg;
    else if (c == 't')
      tag = optarg;
    else
      return command_bad_option("list", argv);
  }
  struct paths paths;
  struct suite suite;
  int status = EXIT_USAGE;
  if (command_load("list", &paths, &suite, argv + optind, argc - optind)) {
    if (pattern)
      suite_keep(&suite, pattern);
    if (tag)
      suite_keep_tag(&suite, tag);
    status = EXIT_WELL;
    if (json)
      status = print_json(&suite);
    else
      print_text(&suite);
  }
  suite_fini(&suite);
  paths_fini(&paths);
  return status;
}

const struct command command_list = {
    .name = "list",
    .what = "ids, titles and tags of the cases, as text or JSON",
    .help = "mcreplay list [--json] [-k PATTERN] [--tag TAG] [PATH..]\n\n"
            "Lists the cases below the folders, files or ids given, all of them without.\n\n"
            "  --json       an array of objects: id, title, spec, tags, needs, dialect,\n"
            "               isolated, file\n"
            "  -k PATTERN   only ids that hold PATTERN, or match it where it has * or ?\n"
            "  --tag TAG    only cases with this tag\n"
            "\nExamples:\n"
            "  mcreplay list\n"
            "  mcreplay list -k cas\n"
            "  mcreplay list --json 'get/*'\n",
    .main = list_main,
};
