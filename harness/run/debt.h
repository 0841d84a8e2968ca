/* What the server still owes on a stream: the answers that the script has come past and that have
 * not been met. Internal to the run layer. */
#ifndef RUN_DEBT_H
#define RUN_DEBT_H

#include "run/stream.h"

struct debt {
  uint64_t bytes; /* the fewest that can be in them, and have not come into the driver's hands */
  bool exact;     /* and the most */
};

/* Takes time in proportion to the answers. */
struct debt debt_of(const struct stream *s);

#endif
