#include <getopt.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "cli/command.h"
#include "run/golden.h"
#include "session/scan.h"

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

static bool is_word(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether `$name` stands inside quotes in a line. */
static bool holds_quoted(struct span line, struct span name) {
  bool quoted = false;
  for (size_t i = 0; i < line.n; i++) {
    if (quoted && line.p[i] == '\\')
      i++;
    else if (line.p[i] == '"')
      quoted = !quoted;
    else if (quoted && line.p[i] == '$' && span_eq(span_sub(line, i + 1, name.n), name) &&
             (i + 1 + name.n == line.n || !is_word(line.p[i + 1 + name.n])))
      return true;
  }
  return false;
}

static void check_quoted(const struct session *s, struct span line, unsigned number, size_t at,
                         struct diag *diag) {
  static const char advice[] = "$%.*s stands inside quotes, where it is text and no value; write "
                               "\"text\" $%.*s";
  for (size_t i = 0; i < s->nvars; i++)
    if (holds_quoted(line, span_str(s->vars[i])))
      diag_at(diag, s->file, number, 0, advice, (int)strlen(s->vars[i]), s->vars[i],
              (int)strlen(s->vars[i]), s->vars[i]);
  for (size_t i = 0; i < at; i++) {
    struct span name = scan_counter(s->steps[i].text);
    if (s->steps[i].kind == STEP_LOOP && s->steps[i].partner > at && name.n &&
        holds_quoted(line, name))
      diag_at(diag, s->file, number, 0, advice, (int)name.n, (const char *)name.p, (int)name.n,
              (const char *)name.p);
  }
}

/* `"$i"` is the text that it looks like; who writes it means the value as a rule. */
static void check_quotes(const struct session *s, struct diag *diag) {
  for (size_t at = 0; at < s->nsteps; at++) {
    const struct step *step = &s->steps[at];
    if (step->kind == STEP_SEND || step->kind == STEP_EXPECT)
      check_quoted(s, step->text, step->line, at, diag);
    for (size_t i = 0; step->choice && i < step->choice->n; i++)
      for (size_t k = 0; k < step->choice->alternatives[i].n; k++)
        check_quoted(s, step->choice->alternatives[i].items[k].text,
                     step->choice->alternatives[i].items[k].line, at, diag);
    for (size_t i = 0; step->each && i < step->each->n; i++)
      check_quoted(s, step->each->items[i].text, step->each->items[i].line, at, diag);
    if (step->each)
      check_quoted(s, step->each->terminator.text, step->each->terminator.line, at, diag);
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

/* The goldens of all servers: each compiles, and belongs to a case. */
static void check_goldens(const struct paths *paths, const struct suite *suite, struct diag *diag) {
  char *pattern = xasprintf("%s/golden/*", paths->fixtures);
  glob_t folders;
  if (glob(pattern, GLOB_ONLYDIR, NULL, &folders) == 0) {
    for (size_t i = 0; i < folders.gl_pathc; i++) {
      goldens_check(folders.gl_pathv[i], paths, diag);
      goldens_free(goldens_load(folders.gl_pathv[i], suite, paths, diag));
    }
    globfree(&folders);
  }
  free(pattern);
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
      check_quotes(suite_case(&suite, i)->session, &diag);
    }
    if (optind == argc)
      check_goldens(&paths, &suite, &diag);
    fputs(diag_text(&diag), stderr);
    status = diag.count ? EXIT_USAGE : EXIT_WELL;
    if (status == EXIT_WELL)
      printf("%zu case%s, nothing to complain of\n", suite.cases.n, suite.cases.n == 1 ? "" : "s");
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
            "without, and checks that keys keep to the case's own key space ({ns}) and that\n"
            "no $name stands inside quotes; without a PATH also that every golden in\n"
            "fixtures/golden compiles and belongs to a case.\n"
            "Prints FILE:LINE:COL: what is wrong and what to do; exit status 2 if anything.\n"
            "\nExamples:\n"
            "  mcreplay lint\n"
            "  mcreplay lint my-case.session\n",
    .main = lint_main,
};
