/* valgrind's memcheck: blocks of lines that all begin with ==PID==. */
#include "server/sanitizer_internal.h"

/* By words of a block's first line. The first that fits. */
static const char *const kinds[][2] = {
    {"Invalid read of size", "invalid-read"},
    {"Invalid write of size", "invalid-write"},
    {"Invalid free()", "invalid-free"},
    {"Mismatched free()", "mismatched-free"},
    {"Conditional jump or move depends on uninitialised", "uninitialised-condition"},
    {"Use of uninitialised value", "uninitialised-value"},
    {"uninitialised byte(s)", "uninitialised-syscall-parameter"},
    {"unaddressable byte(s)", "unaddressable-syscall-parameter"},
    {"Source and destination overlap", "overlap"},
    {"has a fishy", "fishy-argument"},
    {"Jump to the invalid address", "invalid-jump"},
    {"are definitely lost", "leak"},
    {"are indirectly lost", "indirect-leak"},
    {"are possibly lost", "possible-leak"},
    {"are still reachable", "reachable"},
    {"Process terminating with default action of signal", "fatal signal"},
};

/* What follows "==PID==", its blank included; false when the line is not one of these. */
static bool inner(struct span line, struct span *rest) {
  size_t n = 2;
  if (!text_starts(line, "=="))
    return false;
  while (n < line.n && line.p[n] >= '0' && line.p[n] <= '9')
    n++;
  *rest = span_from(line, n);
  if (n == 2 || !text_starts(*rest, "=="))
    return false;
  *rest = span_from(*rest, 2);
  return rest->n == 0 || rest->p[0] == ' ';
}

static bool memcheck_begins(struct span line, struct sanitizer_report *r) {
  struct span rest;
  if (!inner(line, &rest) || rest.n < 2 || rest.p[1] == ' ')
    return false;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (text_find(rest, kinds[i][0]) != SIZE_MAX) {
      r->tool = "memcheck";
      r->kind = span_str(kinds[i][1]);
      return true;
    }
  return false;
}

static bool memcheck_ends(struct span line, struct sanitizer_report *r) {
  struct span rest;
  bool ends = inner(line, &rest) && text_trim(rest).n == 0;
  r->whole |= ends;
  return ends;
}

static bool memcheck_belongs(struct span line) {
  struct span rest;
  return inner(line, &rest);
}

const struct sanitizer_format sanitizer_memcheck = {memcheck_begins, memcheck_ends,
                                                    memcheck_belongs};
