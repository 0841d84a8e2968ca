/* UndefinedBehaviorSanitizer: `FILE:LINE:COL: runtime error: MESSAGE`, and if it was asked for, a
 * stack and a summary. */
#include "server/sanitizer_internal.h"

/* What the runtime itself calls the errors when asked for their types, by words of the message. The
 * first that fits. */
static const char *const kinds[][2] = {
    {"null pointer passed as argument", "invalid-null-argument"},
    {"null pointer returned from function", "invalid-null-return"},
    {"zero offset to null pointer", "nullptr-with-offset"},
    {"offset to null pointer", "nullptr-with-nonzero-offset"},
    {"null pointer produced null", "nullptr-after-nonzero-offset"},
    {"null pointer of type", "null-pointer-use"},
    {"misaligned address", "misaligned-pointer-use"},
    {"with insufficient space", "insufficient-object-size"},
    {"does not point to an object of type", "dynamic-type-mismatch"},
    {"unsigned integer overflow", "unsigned-integer-overflow"},
    {"signed integer overflow", "signed-integer-overflow"},
    {"negation of", "signed-integer-overflow"},
    {"shift exponent", "invalid-shift-exponent"},
    {"left shift of", "invalid-shift-base"},
    {"division by zero", "divide-by-zero"},
    {"out of bounds for type", "out-of-bounds-index"},
    {"variable length array bound", "non-positive-vla-index"},
    {"unreachable", "unreachable-call"},
    {"without returning a value", "missing-return"},
    {"outside the range of representable values", "float-cast-overflow"},
    {"not a valid value for type 'bool'", "invalid-bool-load"},
    {"not a valid value for type '_Bool'", "invalid-bool-load"},
    {"not a valid value for type", "invalid-enum-load"},
    {"incorrect function type", "function-type-mismatch"},
    {"implicit conversion", "implicit-conversion"},
    {"pointer index expression", "pointer-overflow"},
    {"addition of unsigned offset", "pointer-overflow"},
    {"subtraction of unsigned offset", "pointer-overflow"},
    {"assumption of", "alignment-assumption"},
    {"passing zero to", "invalid-builtin-use"},
};

static struct span kind_of(struct span message) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (text_find(message, kinds[i][0]) != SIZE_MAX)
      return span_str(kinds[i][1]);
  return span_str("undefined-behavior");
}

static bool undefined_begins(struct span line, struct sanitizer_report *r) {
  static const char word[] = ": runtime error: ";
  size_t at = text_find(line, word);
  if (at == SIZE_MAX)
    return false;
  struct span place = span_sub(line, 0, at);
  size_t blank = place.n;
  while (blank > 0 && place.p[blank - 1] != ' ') /* what a log puts before a line */
    blank--;
  if (!sanitizer_place(span_from(place, blank), &r->file, &r->line) &&
      !span_is(span_from(place, blank), "<unknown>"))
    return false;
  r->tool = "UndefinedBehaviorSanitizer";
  r->kind = kind_of(span_from(line, at + sizeof word - 1));
  return true;
}

/* Behind a stack comes an empty line; without one, nothing tells that no more follows. */
static bool undefined_ends(struct span line, struct sanitizer_report *r) {
  bool ends = line.n == 0 || text_find(line, "SUMMARY: UndefinedBehaviorSanitizer") != SIZE_MAX;
  r->whole |= ends;
  return ends;
}

static bool undefined_belongs(struct span line) {
  return text_starts(line, " ") || text_find(line, ": note: ") != SIZE_MAX ||
         text_starts(line, "<memory cannot be printed>");
}

const struct sanitizer_format sanitizer_undefined = {undefined_begins, undefined_ends,
                                                     undefined_belongs};
