/* What sanitizers and valgrind have written about a program, found in any text: AddressSanitizer,
 * LeakSanitizer, MemorySanitizer, ThreadSanitizer and UndefinedBehaviorSanitizer as gcc's and
 * clang's runtimes write them, and memcheck. Pure; no text is wrong, at worst it holds no report.
 *
 * A report begins with the line that names the error and ends where its tool ends it, or before the
 * next one. Other lines in between are part of its text and do no harm. One whose beginning is
 * lost, as at the start of a bounded log, is known by its line "SUMMARY: ..". */
#ifndef SERVER_SANITIZER_H
#define SERVER_SANITIZER_H

#include "base/span.h"

/* The spans borrow the text, or are constants. */
struct sanitizer_report {
  const char *tool; /* "AddressSanitizer", ..; "memcheck" */
  /* As the tool calls it, without what differs from time to time: "heap-use-after-free", "data
   * race", "signed-integer-overflow", "leak", "indirect-leak", "invalid-write", .. */
  struct span kind;
  /* Of the topmost frame that is no part of a runtime or of the C library; where it has no name,
   * the file name of its program or library; empty when there is no frame. */
  struct span function;
  struct span file; /* where that is, as in the text; empty when not told */
  unsigned line;    /* in the file; 0: not told */
  bool whole;       /* its end has been seen */
  struct span text; /* its lines */
};

/* Takes the first report out of `*text`, which is left with what follows; false when there is none
 * (left). */
bool sanitizer_next(struct span *text, struct sanitizer_report *report);

/* Whether a tool is one of these. */
bool sanitizer_tool_known(const char *tool);

/* The last part of a path. */
struct span sanitizer_base_name(struct span path);

#endif
