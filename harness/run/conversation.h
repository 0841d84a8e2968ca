/* What passed between client and server as text: a line per frame, in order, with its time. Pure
 * but for the stream that it writes to. Internal to the run layer. */
#ifndef RUN_CONVERSATION_H
#define RUN_CONVERSATION_H

#include <stdio.h>

#include "mcbp/names.h"
#include "run/tape.h"

/* Writes the tape in the notation of sessions behind the microseconds since the play began. A frame
 * stands where its last byte passed, whatever the chunks were; long keys and values are cut. What
 * the tape holds is never too much for it: nothing is kept but a frame that is not whole. */
void conversation_write(FILE *out, const struct tape *t, enum dialect dialect);

#endif
