#include <getopt.h>
#include <stdio.h>

#include "cli/command.h"

/* A key of a request in a case that shares its server must begin with the case's own key space. */
static bool key_is_own(const struct pattern *p) {
  uint32_t off = 24 + p->section_len[0] + p->section_len[1];
  if (p->raw || p->section_len[2] == 0)
    return true;
  for (size_t i = 0; i < p->npatches; i++)
    if (p->patches[i].kind == PATCH_NS && p->patches[i].off == off)
      return true;
  return false;
}

static bool takes_key(const struct session *s, const struct pattern *p) {
  const char *name = p->server ? NULL : opcode_name(s->dialect, false, p->bytes[1]);
  /* The key of these is no item's. */
  static const char *const others[] = {"stat",      "sasl_auth",     "sasl_step", "hello",
                                       "ioctl_get", "select_bucket", "ioctl_set"};
  for (size_t i = 0; name && i < sizeof others / sizeof *others; i++)
    if (strcmp(name, others[i]) == 0)
      return false;
  return name != NULL;
}

static void check_keys(const struct session *s, struct diag *diag) {
  for (size_t i = 0; i < s->nsteps && !s->isolated; i++) {
    const struct step *step = &s->steps[i];
    if (step->kind == STEP_SEND && step->conn && !step->pattern->raw &&
        takes_key(s, step->pattern) && !key_is_own(step->pattern))
      diag_at(diag, s->file, step->line, 1,
              "the key does not begin with \"{ns}\": cases share a server; "
              "begin it so, or mark the case isolated");
  }
}

static void check_expects(const struct session *s, struct diag *diag) {
  for (size_t i = 0; i < s->nsteps; i++)
    if (s->steps[i].kind >= STEP_EXPECT && s->steps[i].kind <= STEP_EXPECT_CLOSED)
      return;
  for (size_t i = 0; i < s->nsteps; i++)
    if (s->steps[i].kind == STEP_SEND)
      return;
  diag_at(diag, s->file, 1, 1, "the case neither sends nor expects anything");
}

static int lint_main(int argc, char **argv) {
  static const struct option options[] = {{0}};
  opterr = 0;
  if (getopt_long(argc, argv, "", options, NULL) != -1)
    return command_bad_option("lint", argv);
  struct paths paths;
  struct suite suite;
  struct diag diag;
  int status = EXIT_USAGE;
  diag_init(&diag);
  if (command_load("lint", &paths, &suite, argv + optind, argc - optind)) {
    for (size_t i = 0; i < suite.cases.n; i++) {
      check_keys(suite_case(&suite, i)->session, &diag);
      check_expects(suite_case(&suite, i)->session, &diag);
    }
    fputs(diag_text(&diag), stderr);
    status = diag.count ? EXIT_USAGE : EXIT_WELL;
    if (status == EXIT_WELL)
      printf("%zu cases, nothing to complain of\n", suite.cases.n);
  }
  diag_fini(&diag);
  suite_fini(&suite);
  paths_fini(&paths);
  return status;
}

const struct command command_lint = {
    .name = "lint",
    .what = "check sessions without a server",
    .help = "mcreplay lint [PATH..]\n\n"
            "Compiles the session files below the folders, files or ids given, all cases\n"
            "without, and checks that keys keep to the case's own key space ({ns}).\n"
            "Prints FILE:LINE:COL: what is wrong and what to do; exit status 2 if anything.\n"
            "\nExamples:\n"
            "  mcreplay lint\n"
            "  mcreplay lint my-case.session\n",
    .main = lint_main,
};
