/* What an expectation takes of the bytes that have come; a stream's insides, shared by stream.c and
 * stream_take.c (the blocks `either` and `each`). Internal to the run layer. */
#ifndef RUN_STREAM_TAKE_H
#define RUN_STREAM_TAKE_H

#include "run/stream.h"

enum take {
  TAKE_YES,    /* an expectation was met; bytes were used up */
  TAKE_CLOSED, /* the same, and by the server's close: nothing can follow */
  TAKE_MORE,   /* more bytes are needed */
  TAKE_NO      /* the failure is set */
};

/* The first alternative that fits wholly, as soon as none before it can fit any more. `ended`: no
 * more bytes will come. */
enum take take_either(struct stream *s, const struct step *step, struct span in, bool ended,
                      size_t *used, struct failure *f);

/* One frame of an `each`: a line that has not come yet, else the terminator, else `others`. What
 * may still become an earlier one of these is waited for, so that the outcome does not hang on how
 * the bytes are cut. */
enum take take_each(struct stream *s, const struct step *step, struct span in, size_t *used,
                    struct failure *f);

/* What a block waits for, as one of its lines; NULL for a step that is no block. */
const struct expected *take_awaited(const struct stream *s, const struct step *step);

/* Sets the failure; `e` is a line of the step's block, or NULL. */
void stream_fail(struct failure *f, const struct stream *s, enum verdict_kind kind,
                 const struct step *step, const struct expected *e);

/* The expectation at the cursor has been met. */
void stream_meet(struct stream *s);

#endif
