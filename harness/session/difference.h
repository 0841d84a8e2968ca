/* The fields in which a frame that came differs from what a pattern expects. Fills the explainer's
 * lists; owns the expanded pattern. Internal to the session layer. */
#ifndef SESSION_DIFFERENCE_H
#define SESSION_DIFFERENCE_H

#include "mcbp/frame.h"
#include "session/explain.h"

enum difference_kind {
  DIFFERENCE_NUMBER, /* a header field or a named extra */
  DIFFERENCE_BYTES,  /* a part of the frame, or raw bytes */
  DIFFERENCE_LENGTH, /* a part with a hole of free length: outside its bounds */
  DIFFERENCE_ZERO    /* a capture that must not be zero is */
};

/* What is told first, from the most telling to the least. */
enum difference_rank {
  RANK_OPCODE,
  RANK_STATUS,
  RANK_MAGIC,
  RANK_OPAQUE,
  RANK_CAS,
  RANK_KEY,
  RANK_VALUE,
  RANK_EXTRAS,
  RANK_FRAMING,
  RANK_DATATYPE,
  RANK_LENGTH
};

struct difference {
  enum difference_kind kind;
  enum difference_rank rank;
  const char *name; /* as in the notation */
  struct span want, got;
  const uint8_t *mask;      /* want.n bytes */
  size_t off;               /* of the field in what came */
  size_t want_at, got_at;   /* DIFFERENCE_BYTES: the first byte that differs, in the field */
  size_t want_len, got_len; /* of the field, also when it has not come wholly */
  size_t min, max;          /* DIFFERENCE_LENGTH, bytes */
  bool gapped;              /* its length is free */
};

enum { DIFFERENCES_MAX = 40 };

struct differences {
  struct buf bytes, mask; /* what is expected of this frame, holes masked */
  struct span got;        /* what of the actual bytes is compared with it */
  bool got_whole;         /* no more would have come */
  enum frame_cut cut;     /* of the actual bytes */
  struct frame frame;
  struct difference list[DIFFERENCES_MAX]; /* in the frame's order */
  size_t n;
};

/* The input must have a pattern. */
void differences_init(struct differences *d, const struct explain_input *in);
void differences_fini(struct differences *d);

/* The most telling one, or NULL when nothing that came differs. */
const struct difference *differences_first(const struct differences *d);

#endif
