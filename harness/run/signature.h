/* A signature: what two failures have in common when they are the same one. The kind of verdict,
 * the command whose answer was awaited, the field that differs; for a wrong status also what came,
 * and for a server's end how it ended; of a sanitizer's report its tool, kind and function. Not the
 * place, the opaque or the bytes, which change as a session gets shorter. */
#ifndef RUN_SIGNATURE_H
#define RUN_SIGNATURE_H

#include "run/verdict.h"
#include "session/session.h"

enum { SIGNATURE_NO_COMMAND = -1 };

struct signature {
  enum verdict_kind kind;
  int command;       /* opcode, 0x100 more for the server's own; SIGNATURE_NO_COMMAND */
  const char *field; /* static, or NULL */
  char *how;         /* owned, or NULL */
  enum dialect dialect;
};

/* Of a verdict that is no pass. */
struct signature signature_of(const struct verdict *v, const struct session *s);
void signature_fini(struct signature *g);

bool signature_same(const struct signature *a, const struct signature *b);

/* "nonconformance: the answer to get, status: want 0x0001 key_enoent, got 0x0000 success". */
void signature_describe(const struct signature *g, struct buf *out);

#endif
