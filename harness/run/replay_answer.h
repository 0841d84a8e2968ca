/* One answer of a replay against the one recorded. Internal to the run layer; pure. */
#ifndef RUN_REPLAY_ANSWER_H
#define RUN_REPLAY_ANSWER_H

#include "mcbp/frame.h"
#include "mcbp/names.h"

/* Whether an answer is as it was, but for what the protocol leaves to the server. */
bool replay_answer_same(const struct frame *recorded, struct span recorded_bytes,
                        const struct frame *now, struct span now_bytes);

/* Appends lines that explain the difference: `now` is all that has come from the frame's first byte
 * on, `stream_off` where that stands in the connection's answers. */
void replay_answer_explain(struct buf *out, enum dialect dialect, struct span recorded,
                           struct span now, uint64_t stream_off, unsigned conn);

#endif
