/* What the formats of sanitizer.h have in common: the lines that begin a report and those that end
 * one. Internal to the parser. */
#ifndef SERVER_SANITIZER_INTERNAL_H
#define SERVER_SANITIZER_INTERNAL_H

#include "base/text.h"
#include "server/sanitizer.h"

struct sanitizer_format {
  /* Whether a line begins a report; sets tool and kind, and the place when the line tells it. */
  bool (*begins)(struct span line, struct sanitizer_report *r);
  /* Whether a line ends the report, being part of it. May mend what is known by then. */
  bool (*ends)(struct span line, struct sanitizer_report *r);
  /* Whether a line belongs to a report that is not told to have ended. */
  bool (*belongs)(struct span line);
};

extern const struct sanitizer_format sanitizer_runtime; /* the compilers' runtimes in general */
extern const struct sanitizer_format sanitizer_leak;    /* a block of LeakSanitizer's */
extern const struct sanitizer_format sanitizer_undefined;
extern const struct sanitizer_format sanitizer_memcheck;

/* Splits "FILE:LINE" or "FILE:LINE:COL"; false, and nothing set, when it is none. */
bool sanitizer_place(struct span text, struct span *file, unsigned *line);

#endif
