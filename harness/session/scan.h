/* A scanner over one line of the notation: words, numbers and marks, each with its column. It
 * reports into a diag and never goes past the line's end, which a `#` outside quotes is as well.
 * Pure. */
#ifndef SESSION_SCAN_H
#define SESSION_SCAN_H

#include "base/diag.h"

struct scan {
  struct span line;
  size_t pos;
  const char *file;
  unsigned number; /* of the line, from 1 */
  struct diag *diag;
};

/* Reports at the scanner's place, or at a given offset in the line; both return false. */
bool scan_error(const struct scan *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool scan_error_at(const struct scan *s, size_t pos, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void scan_blanks(struct scan *s);
/* After blanks: nothing more on the line but a comment. */
bool scan_end(struct scan *s);
/* scan_end, or an error that names what is there. */
bool scan_expect_end(struct scan *s);
/* The next character without blanks skipped; 0 at the end. */
int scan_peek(const struct scan *s);
/* Takes `c` if it is next. */
bool scan_take(struct scan *s, char c);

/* A word: letters, digits, `_`, `-`, `.`; empty when none is next. */
struct span scan_word(struct scan *s);
/* A number, decimal or 0x hexadecimal, up to `max`; `what` names it in the error. */
bool scan_number(struct scan *s, const char *what, uint64_t max, uint64_t *out);

/* Where a value that starts here ends: before `name=`, a comment or the line's end, quotes and
 * parentheses respected. Does not move. */
size_t scan_value_end(const struct scan *s);

/* Where the line's text begins, behind its indentation. */
size_t scan_start(const struct scan *s);

/* The line without comment and without blanks at both ends. */
struct span scan_text(struct span line);

/* What the line `repeat N as NAME {` calls its count; empty without. */
struct span scan_counter(struct span line);

/* A span as an argument for "%.*s", cut at 60 characters. */
#define SCAN_ARG(s) (int)((s).n < 60 ? (s).n : 60), (const char *)(s).p

#endif
