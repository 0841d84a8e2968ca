/* The comparison of a play with its golden: each answer that has met an expectation of the case is
 * held against the golden as it comes, so that nothing has to be kept. The first that differs ends
 * it. Internal to the run layer. */
#ifndef RUN_GOLDEN_CHECK_H
#define RUN_GOLDEN_CHECK_H

#include "run/stream.h"

struct golden_check;

/* For a play of `session` in the key space `ns`; borrows both sessions. */
struct golden_check *golden_check_new(const struct session *golden, const struct session *session,
                                      const char ns[4]);
void golden_check_free(struct golden_check *g);

/* An answer, whole frames, or the end of a connection. `step` is what it has met; NULL: nothing. */
void golden_check_answer(struct golden_check *g, unsigned conn, const struct step *step,
                         struct span bytes);
void golden_check_end(struct golden_check *g, unsigned conn, const struct step *step,
                      enum conn_end end);
/* The case has passed: nothing may be missing. */
void golden_check_done(struct golden_check *g);

bool golden_check_differs(const struct golden_check *g);

/* The verdict that a difference is; the caller owns it. */
struct verdict golden_check_verdict(const struct golden_check *g);

#endif
