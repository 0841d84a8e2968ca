/* From what a server answered in several plays of a case to the text of a golden. Pure. */
#ifndef RUN_GOLDEN_WRITE_H
#define RUN_GOLDEN_WRITE_H

#include "run/alignment.h"

enum { GOLDEN_PLAYS = 4 /* later ones, at most */ };

/* A first play, which gives the bytes, and at least one later one, which tell what is volatile. */
struct golden_plays {
  const struct transcript *first;
  const struct transcript *later[GOLDEN_PLAYS];
  size_t nlater;
  const char *const *volatile_stats; /* NULL-terminated: patterns of keys of `stat` whose values are
                                        volatile though the plays agree */
  bool failed;                       /* the case fails, as is known, at an answer that may vary */
};

/* Appends the golden of a case: connection by connection the bytes of the first play, with holes in
 * the fields (CAS, extras, value) that differ in a later one; an `either` where alternatives
 * differ, an `each` where the order or the number of its answers does. A loop of the case, or a
 * long line, stands as it does there when that is as exact. False, with a sentence in `why`, when
 * the plays differ in more than a golden can leave open, such as an opaque. `server` is told in the
 * head, and may be NULL. */
bool golden_write(struct buf *out, const struct session *session, const char *id,
                  const char *server, const struct golden_plays *plays, struct buf *why);

#endif
