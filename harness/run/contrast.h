/* A contrast: what one server answered against what another did, told as a failure is: what the
 * first answered is what is expected, and where it varies by itself stands a hole. Pure. Internal
 * to the run layer. */
#ifndef RUN_CONTRAST_H
#define RUN_CONTRAST_H

#include "run/alignment.h"

struct contrast {
  const struct piece *want, *got; /* one of them may be NULL: that server gave no such answer */
  unsigned varies;                /* fields of `want` that vary by themselves */
  uint64_t stream_off;            /* of `got` in the connection's answers */
  enum dialect dialect;
};

/* One line, and lines as those of explain_difference (session/explain.h). */
void contrast_tell(const struct contrast *c, struct buf *brief, struct buf *detail);

#endif
