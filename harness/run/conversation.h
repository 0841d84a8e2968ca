/* What passed between client and server as text: a line per frame, in the order of their last
 * bytes. Keeps nothing but frames that are not whole. Pure but for the stream that it writes to.
 * Internal to the run layer and its users. */
#ifndef RUN_CONVERSATION_H
#define RUN_CONVERSATION_H

#include <stdio.h>

#include "mcbp/names.h"
#include "run/tape.h"

struct conversation_style {
  enum dialect dialect;
  bool whole; /* long keys and values are not cut: the lines are those of a session */
  bool times; /* microseconds before each line, and what came in several pieces is told so */
};

struct conversation;

struct conversation *conversation_new(FILE *out, struct conversation_style style);

/* What is not whole is told as far as it came. */
void conversation_free(struct conversation *c);

/* Tells what an entry makes whole; its bytes are given apart. Connections have any number. */
void conversation_add(struct conversation *c, const struct tape_entry *e, struct span bytes);

/* Writes the tape, with times, long keys and values cut. */
void conversation_write(FILE *out, const struct tape *t, enum dialect dialect);

#endif
