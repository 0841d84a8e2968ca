/* From a failure to a verdict that explains itself. Internal to the run layer. */
#ifndef RUN_BLAME_H
#define RUN_BLAME_H

#include "run/stream.h"

/* What the driver was doing when a deadline passed. */
struct stall {
  unsigned timeout_ms;
  size_t unsent;           /* bytes of the chunk in hand that the server has not taken; 0: none */
  const struct step *send; /* the request in hand, or NULL */
};

/* Makes the verdict of a failure. `stall` is NULL but for a timeout. */
struct verdict blame(const struct session *session, const struct failure *f,
                     const struct stall *stall);

/* Sets a verdict's line and step to those of a step of the session; none for NULL. */
void blame_place(const struct session *session, const struct step *step, struct verdict *v);

#endif
