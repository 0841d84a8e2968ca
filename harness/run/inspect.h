/* The inspection: looks for reports of sanitizers after each case, and finds out whether the case
 * brings them about by itself. Internal to the run layer. */
#ifndef RUN_INSPECT_H
#define RUN_INSPECT_H

#include "run/fleet.h"
#include "run/sightings.h"
#include "run/stage.h"

struct inspection {
  const struct run_config *config;
  struct stage *stage;
  struct fleet *fleet;
  int fd; /* to the parent, which is told of each sighting */
};

/* Looks at what has been reported on a case's server. The case's verdict becomes the error that new
 * sightings are, after it has been played once more, alone on a fresh server; `text` gets the
 * reports. False when the parent has gone. */
bool inspect_case(const struct inspection *in, const struct job *job, struct server *s,
                  struct verdict *v, struct buf *text);

#endif
