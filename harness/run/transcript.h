/* A transcript: what a play's connections answered, expectation by expectation. Each entry is what
 * met one (within an `each`: one frame of it), or the end of the server's side; after a failure the
 * answer that fits none comes last. Goldens are made of transcripts, servers compared by them. Owns
 * its memory, which it keeps when it is reset; pure. */
#ifndef RUN_TRANSCRIPT_H
#define RUN_TRANSCRIPT_H

#include "base/buf.h"
#include "base/vec.h"

enum answer_kind {
  ANSWER_BYTES,
  ANSWER_END,  /* the server ended its stream */
  ANSWER_RESET /* .. or reset the connection */
};

/* The step of what met none. */
#define ANSWER_UNEXPECTED SIZE_MAX

struct answer {
  enum answer_kind kind;
  unsigned conn;
  size_t step;   /* index in the session's program, or ANSWER_UNEXPECTED */
  size_t off, n; /* in the transcript's bytes */
};

struct transcript {
  struct vec answers; /* of struct answer; those of one connection are in their order */
  struct buf bytes;
  char ns[4];
  bool full; /* the cap was reached: what came after is missing */
};

/* `cap` bounds the bytes of the answers. */
void transcript_init(struct transcript *t, size_t cap);
void transcript_fini(struct transcript *t);
void transcript_reset(struct transcript *t);

void transcript_add(struct transcript *t, enum answer_kind kind, unsigned conn, size_t step,
                    struct span bytes);

const struct answer *transcript_answer(const struct transcript *t, size_t i);
struct span transcript_bytes(const struct transcript *t, const struct answer *a);

#endif
