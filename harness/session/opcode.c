#include "session/opcode.h"

#include "base/text.h"

static const char server_prefix[] = "server.", number_prefix[] = "op0x";

static bool take_prefix(struct span *word, const char *prefix) {
  size_t n = strlen(prefix);
  if (word->n <= n || memcmp(word->p, prefix, n) != 0)
    return false;
  *word = span_from(*word, n);
  return true;
}

/* `op0xNN`; `at` is the word's place, for what is wrong with its number. */
static bool parse_number(const struct scan *scan, size_t at, struct span word, struct span digits,
                         uint8_t *opcode) {
  uint64_t value;
  struct span number = span_of(digits.p - 2, digits.n + 2); /* with its 0x */
  if (!text_number(number, &value))
    return scan_error_at(scan, at, "\"%.*s\" is no opcode; write two hex digits, as op0x3f",
                         SCAN_ARG(word));
  if (value > 0xff)
    return scan_error_at(scan, at, "%.*s: an opcode is at most 0xff", SCAN_ARG(word));
  if (digits.n != 2)
    return scan_error_at(scan, at, "%.*s: write an opcode with two hex digits, as op0x%02x",
                         SCAN_ARG(word), (unsigned)value);
  *opcode = (uint8_t)value;
  return true;
}

bool opcode_parse(struct scan *scan, enum dialect dialect, bool *server, uint8_t *opcode) {
  size_t at = scan->pos;
  struct span word = scan_word(scan), name = word, digits;
  *server = take_prefix(&name, server_prefix);
  if (opcode_find(dialect, *server, name, opcode))
    return true;
  digits = name;
  if (take_prefix(&digits, number_prefix))
    return parse_number(scan, at, word, digits, opcode);
  if (dialect == DIALECT_STOCK && opcode_find(DIALECT_COUCHBASE, *server, name, opcode))
    return scan_error_at(scan, at,
                         "\"%.*s\" is a command of couchbase; write \"dialect couchbase\" before "
                         "spec, or its number here: op0x%02x",
                         SCAN_ARG(word), *opcode);
  if (dialect == DIALECT_COUCHBASE && opcode_find(DIALECT_STOCK, *server, name, opcode))
    return scan_error_at(scan, at,
                         "\"%.*s\" is a command of the stock dialect; leave out \"dialect "
                         "couchbase\", or write its number here: op0x%02x",
                         SCAN_ARG(word), *opcode);
  const char *near = opcode_near(dialect, *server, name), *prefix = *server ? server_prefix : "";
  if (near)
    return scan_error_at(scan, at, "unknown command \"%.*s\"; did you mean \"%s%s\"?",
                         SCAN_ARG(word), prefix, near);
  return scan_error_at(scan, at, "unknown command \"%.*s\"; write one without a name as %sop0xNN",
                       SCAN_ARG(word), prefix);
}
