/* A cursor: a place in a session's program, with the counts of the loops around it. Walks the
 * program in order without unrolling it, so a loop of a million costs no memory. Pure. */
#ifndef SESSION_CURSOR_H
#define SESSION_CURSOR_H

#include "session/session.h"

struct cursor {
  const struct session *session;
  size_t pc;
  uint64_t counters[SESSION_LOOPS];
};

struct cursor cursor_of(const struct session *s);

/* The step at the cursor, loops entered and left; NULL at the end. */
const struct step *cursor_step(struct cursor *c);

/* Goes to the step after this one. */
void cursor_next(struct cursor *c);

/* As cursor_step, but passes over all that is not an expectation of `conn`, or its closing
 * (STEP_CLOSE), whole loops at once. */
const struct step *cursor_expect(struct cursor *c, unsigned conn);

/* Whether `a` is at an earlier place than `b`, in the order in which the program is gone through.
 */
bool cursor_before(const struct cursor *a, const struct cursor *b);

bool step_expects(const struct step *s);

/* The step that reports give this number: from 1 on in the order of the file, ends of loops not
 * counted. NULL when there are fewer; `*steps` is how many there are. */
const struct step *step_numbered(const struct session *s, unsigned number, unsigned *steps);

#endif
