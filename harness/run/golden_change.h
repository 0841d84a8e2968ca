/* What a new golden of a case would change, told line by line and field by field. Pure. */
#ifndef RUN_GOLDEN_CHANGE_H
#define RUN_GOLDEN_CHANGE_H

#include "session/session.h"

/* A golden as its text and compiled. */
struct golden_text {
  struct span text;
  const struct session *session;
};

/* Appends the lines that differ, `- ` before the old ones and `+ ` before the new, and behind a
 * pair of them `    ` and the first field that differs; every line ended by a newline. The heads
 * are not compared. False when the new one leaves open what the old one does not: a field, an
 * order, a number of answers; such a golden must not be accepted. */
bool golden_change(struct buf *out, struct golden_text before, struct golden_text after);

#endif
