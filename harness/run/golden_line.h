/* A line of a case as a line of its golden. Pure; internal to the run layer. */
#ifndef RUN_GOLDEN_LINE_H
#define RUN_GOLDEN_LINE_H

#include "session/session.h"

/* Whether a line leaves nothing open but a CAS, be it a hole, captured or one captured before;
 * then, where the CAS is volatile, no golden can be more exact. `*open`: it does leave that open.
 */
bool golden_line_open(const struct pattern *p, bool *open);

/* Appends the line's text, an open CAS as a hole; for one round of a loop (NULL: none) its counter
 * as the number, or the digits, that it is there. The line must be one for golden_line_open. */
void golden_line(struct buf *out, struct span text, const struct pattern *p,
                 const struct step *loop, size_t round);

#endif
