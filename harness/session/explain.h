/* The explainer: a difference between what was expected and what came, told with fields. It only
 * explains: the verdict has been reached on bytes before. Pure. */
#ifndef SESSION_EXPLAIN_H
#define SESSION_EXPLAIN_H

#include "session/session.h"

struct explain_input {
  struct span text; /* the expected line as written */
  const struct pattern
      *pattern; /* what it compiled to; NULL for `closed` and for nothing expected */
  const struct bindings *env;
  const uint64_t *counters;
  struct span actual;  /* from the frame's first byte on, as much as came */
  uint64_t stream_off; /* where that byte stands in the connection's answers, from 0 */
  unsigned conn;
  enum dialect dialect;
};

/* Appends lines of at most about a hundred characters, each ended by a newline:
 *     expected  c1 < get status=key_enoent value="Not found" opaque=0x1
 *     actual    c1 < get flags=0 value="stale" opaque=0x1
 *               status (bytes 6-7, stream 30-31): want 0x0001 key_enoent, got 0x0000 success
 *     want  81 00 00 00 00 00>00 01<00 00 00 09
 *     got   81 00 00 00 04 00>00 00<00 00 00 09
 * Long values are cut in the middle, the window stands around the first byte that differs. */
void explain_difference(struct buf *out, const struct explain_input *in);

/* One line for the head of a report: "status: want 0x0001 key_enoent, got 0x0000 success". */
void explain_brief(struct buf *out, const struct explain_input *in);

/* The name of the field that the brief line tells of, as in the notation; NULL when none differs.
 */
const char *explain_field(const struct explain_input *in);

/* Appends up to `lines` lines of hex dump, `base` being the offset shown for the first byte. */
void explain_hex(struct buf *out, struct span bytes, uint64_t base, unsigned lines);

#endif
