/* A draft: a session's text taken apart into what can be left out of it. A unit is a request with
 * the answers to it, or a line that stands for itself (`connect`, `close`, `clock`, an answer that
 * no request asks for). The text that is made of some of the units is again a session's, which need
 * not compile. Owns its memory; pure. */
#ifndef SESSION_DRAFT_H
#define SESSION_DRAFT_H

#include "session/session.h"

struct draft_unit {
  unsigned conn;
  const struct pattern *send; /* NULL: no request */
  unsigned line;              /* its first, from 1 */
};

enum { DRAFT_NO_UNIT = UINT32_MAX };

struct draft {
  struct session *session;
  struct buf text;      /* a line each, without comments, blank lines and indentation */
  struct span *lines;   /* of the text, without their newlines */
  uint32_t *units_of;   /* by line, from 0; DRAFT_NO_UNIT for head lines and a repeat's own */
  size_t nlines, first; /* the first line behind the head, from 0 */
  struct draft_unit *units;
  size_t nunits;
  uint64_t requests, bytes; /* that a play of it sends: loops are counted as often as they go */
};

/* NULL, with diagnostics, when it does not compile; `file` names it in them. */
struct draft *draft_new(struct span text, const char *file, struct session_loader loader,
                        struct diag *diag);
void draft_free(struct draft *d);

/* Appends the text without the units that are not kept, a `connect` of what is open then, and loops
 * that have become empty. */
void draft_without(const struct draft *d, const bool *keep, struct buf *out);

/* Appends the text with the loop that begins at this line (from 0) written out `count` times, the
 * names of its counts replaced. */
void draft_unroll(const struct draft *d, size_t line, struct buf *out);

#endif
