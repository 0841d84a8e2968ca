/* Diagnostics for bad input: `file:line:col: what is wrong and what to do`, collected, not printed.
 *
 * A function that reads input takes a `struct diag *`, returns false when it added to it, and goes
 * on after an error where that finds further ones. The owner prints the text once and exits with 2.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/buf.h"

struct diag {
  struct buf text; /* one line a diagnostic */
  unsigned count;
};

void diag_init(struct diag *d);
void diag_fini(struct diag *d);

/* Adds one line. `line` and `col` count from 1; 0 leaves them out. Past a hundred diagnostics they
 * are counted but not kept. */
void diag_at(struct diag *d, const char *file, unsigned line, unsigned col, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* All lines, each ended by a newline; valid until the next change. */
const char *diag_text(struct diag *d);

#endif
