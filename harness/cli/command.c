#include "cli/command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

int command_usage(const char *program, const char *fmt, ...) {
  va_list ap;
  fprintf(stderr, "mcreplay %s: ", program);
  va_start(ap, fmt);
  vfprintf(stderr, fmt, ap);
  va_end(ap);
  fputc('\n', stderr);
  return EXIT_USAGE;
}

int command_bad_option(const char *program, char **argv) {
  const char *word = argv[optind - 1];
  bool is_long = word[0] == '-' && word[1] == '-';
  if (is_long && optopt)
    return command_usage(program, "the option %s does not go so; \"mcreplay %s --help\" tells how",
                         word, program);
  if (!is_long && optopt)
    return command_usage(program,
                         "the option -%c (in \"%s\") is unknown or lacks its value; \"mcreplay %s "
                         "--help\" lists them",
                         optopt, word, program);
  return command_usage(program, "unknown option %s; \"mcreplay %s --help\" lists them", word,
                       program);
}

bool command_number(const char *program, const char *option, const char *text, uint64_t least,
                    uint64_t most, uint64_t *out) {
  if (text_number(span_str(text), out) && *out >= least && *out <= most)
    return true;
  command_usage(program, "%s: \"%.60s\" should be a number from %llu to %llu", option, text,
                (unsigned long long)least, (unsigned long long)most);
  return false;
}

bool command_timeout(const char *program, const char *text, unsigned *ms) {
  enum { LEAST_MS = 4 };
  if (text_duration(span_str(text), ms) && *ms >= LEAST_MS)
    return true;
  command_usage(program, "--timeout: \"%.60s\" should be seconds, or a number with ms or s", text);
  return false;
}

void command_notes(const char *path, const char *notes) {
  while (notes && *notes) {
    int n = (int)strcspn(notes, "\n");
    fprintf(stderr, "%s: %.*s\n", path, n, notes);
    notes += n + (notes[n] == '\n');
  }
}

bool command_load(const char *program, struct paths *paths, struct suite *suite, char *const *args,
                  int nargs) {
  struct diag diag;
  diag_init(&diag);
  /* Without the data, files that are named can still be read. */
  (void)paths_find(paths);
  suite_init(suite);
  bool ok = suite_load(suite, paths, args, (size_t)nargs, &diag);
  if (!ok)
    fputs(diag_text(&diag), stderr);
  for (size_t i = 0; ok && i < suite->cases.n; i++)
    command_notes(suite_case(suite, i)->file, suite_case(suite, i)->notes);
  if (ok && suite->cases.n == 0) {
    command_usage(program, "nothing selected: %s holds no session files",
                  nargs ? args[0] : paths->cases);
    ok = false;
  }
  diag_fini(&diag);
  return ok;
}

bool command_port(const char *program, const char *text, uint16_t *port) {
  uint64_t number;
  if (!command_number(program, "--port", text, 1, UINT16_MAX, &number))
    return false;
  *port = (uint16_t)number;
  return true;
}

bool command_dialect(const char *program, const char *text, enum dialect *dialect) {
  *dialect = strcmp(text, "couchbase") == 0 ? DIALECT_COUCHBASE : DIALECT_STOCK;
  if (*dialect == DIALECT_COUCHBASE || strcmp(text, "stock") == 0)
    return true;
  command_usage(program, "--dialect: \"%.60s\" should be stock or couchbase", text);
  return false;
}
