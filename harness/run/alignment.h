/* An alignment: the answers of two plays of one session side by side, frame by frame, with the
 * fields in which they differ. Two plays on one server tell which fields are volatile; two plays on
 * two servers, what one does otherwise. Borrows the transcripts, whose bytes the pieces are; owns
 * its lists. Pure.
 *
 * Answers are paired in the order of their connection; those of an `each` by opcode and key,
 * wherever in it they stand. An answer that fitted no expectation is paired with what the other
 * play got at its place. Each play's own key space counts as the same: four bytes of it in one are
 * equal to four bytes of the other's at the same place of an equally long field, in a session that
 * speaks of {ns}. */
#ifndef RUN_ALIGNMENT_H
#define RUN_ALIGNMENT_H

#include "run/transcript.h"
#include "session/session.h"

enum piece_kind {
  PIECE_FRAME, /* one whole frame */
  PIECE_RAW,   /* bytes that are none: of a `raw` line, or of a frame that is not whole */
  PIECE_END,   /* the server ended its stream */
  PIECE_RESET  /* .. or reset the connection */
};

/* A part of a transcript, which holds them by connection, and each connection's in their order. */
struct piece {
  enum piece_kind kind;
  unsigned conn;
  size_t step;   /* as in the transcript: an index, or ANSWER_UNEXPECTED */
  size_t answer; /* which of the transcript it is a part of */
  struct span bytes;
};

/* What can differ in a pair; a set of these. A length that differs is told by the field whose it
 * is. */
enum piece_field {
  PIECE_CAS = 1 << 0,
  PIECE_EXTRAS = 1 << 1,
  PIECE_KEY = 1 << 2,
  PIECE_VALUE = 1 << 3, /* or the bytes of what is no frame */
  PIECE_CLOSE = 1 << 4, /* an end against a reset */
  PIECE_PLACE = 1 << 5, /* in an `each`: another order */
  PIECE_ALONE = 1 << 6, /* the other play has no counterpart */
  PIECE_REST = 1 << 7   /* magic, opcode, framing extras, data type, status, opaque; or the kinds
                           of the pieces: these are never volatile, and the pair is none */
};

/* Where all differences are within these, a field can be called volatile. */
enum { PIECE_VOLATILE = PIECE_CAS | PIECE_EXTRAS | PIECE_KEY | PIECE_VALUE };

struct pair {
  const struct piece *a, *b; /* one of them may be NULL */
  unsigned differs;          /* a set of enum piece_field */
  size_t ns, nns;            /* which of the alignment's places are this pair's */
};

struct alignment {
  struct vec a, b;   /* of struct piece: all of each transcript */
  struct vec pairs;  /* of struct pair, by connection, in the order of `a`; what only `b` has stands
                        behind the step's or the connection's others */
  struct vec places; /* of size_t: offsets in piece `a` where both have their own key space, but for
                        fields that differ */
};

void alignment_init(struct alignment *al, const struct session *session, const struct transcript *a,
                    const struct transcript *b);
void alignment_fini(struct alignment *al);

const struct pair *alignment_pair(const struct alignment *al, size_t i);
/* The offset in `a` of a pair's i-th place. */
size_t alignment_place(const struct alignment *al, const struct pair *p, size_t i);

/* Adds what differs in each pair to the set of its piece in `a`: `fields` has al->a.n of them. Of
 * several plays on one server, all aligned with the first, these are the volatile fields of it. */
void alignment_add_fields(const struct alignment *al, unsigned *fields);

#endif
