/* What the parts of shrinking share: the session as short as it is by now, and the question whether
 * a shorter one will do. Internal to the run layer. */
#ifndef RUN_SHRINK_INTERNAL_H
#define RUN_SHRINK_INTERNAL_H

#include "run/shrink.h"

struct shrink {
  const struct shrink_options *o;
  struct shrink_result *r;
  struct draft *whole; /* what it began with */
  struct draft *best;
  struct vec steps;   /* of struct shrink_step: each best so far, the latest last */
  struct vec refused; /* of uint64_t: hashes of texts that would not do under this delivery */
  bool over;          /* nothing more is to be played */
};

struct shrink_step {
  char *text;
  struct delivery delivery;
  uint64_t seed;
};

/* Whether the signature shows in one of the tries; random cuts are tried with some seeds, of which
 * the one that shows it becomes the run's. */
bool shrink_shows(struct shrink *s, const struct session *session, const struct delivery *d);

/* Whether it shows each time, where it did so at the start. */
bool shrink_shows_surely(struct shrink *s, const struct session *session, const struct delivery *d);

/* Takes this text for the best if it compiles, fails with the signature and is vouched for. */
bool shrink_try(struct shrink *s, const struct buf *text);

/* The best as a draft of the caller's own, which does not change with it. */
struct draft *shrink_draft(const struct shrink *s);

/* Whether values may be changed, with nothing but their being stored and read to go by. */
bool shrink_may_change(const struct shrink *s);

/* Fewer requests; shorter values; a simpler delivery, for which true is returned. */
void shrink_frames(struct shrink *s);
void shrink_values(struct shrink *s);
bool shrink_delivery(struct shrink *s);

/* The text of `base` with a count (TOKEN_LOOP, TOKEN_REPEAT, TOKEN_RANDOM) replaced wherever it
 * stands for the same thing, and another one (or NULL) likewise. */
struct change {
  const struct token *token;
  uint64_t number;
};
void shrink_change(const struct draft *base, const struct vec *tokens, const struct change *a,
                   const struct change *b, struct buf *out);

#endif
