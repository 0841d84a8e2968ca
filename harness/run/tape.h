/* A tape: what passed on the connections of a play, in order and with times, up to a cap. The
 * failure's folder, goldens and comparisons are made from it. Owns its memory, which it keeps when
 * it is reset; pure but for the times that it is given. */
#ifndef RUN_TAPE_H
#define RUN_TAPE_H

#include "base/buf.h"
#include "base/vec.h"
#include "session/session.h"

enum tape_kind {
  TAPE_OPENED,
  TAPE_SENT,        /* bytes that the kernel took */
  TAPE_CAME,        /* bytes from the server */
  TAPE_HALF_CLOSED, /* by the client */
  TAPE_CLOSED,      /* by the client */
  TAPE_ENDED,       /* by the server: end of stream */
  TAPE_RESET        /* by the server, or a connection that could not be made */
};

struct tape_entry {
  enum tape_kind kind;
  unsigned conn;
  bool own;      /* the driver's own noop at the end, no part of the case */
  uint64_t usec; /* since the play began */
  size_t off, n; /* in the tape's bytes */
};

struct tape {
  struct vec entries; /* of struct tape_entry */
  struct buf bytes;
  size_t cap; /* of entries and bytes together, in bytes */
  char ns[4];
  bool full; /* the cap was reached: what came after is missing, but for the two below */
  enum tape_kind ends[SESSION_CONNS];
  uint64_t reads, read_bytes; /* in how many pieces how much came from the server */
};

/* `cap` bounds what is taken down, entries and bytes together; many small ones count, too. */
void tape_init(struct tape *t, size_t cap);
void tape_fini(struct tape *t);
void tape_reset(struct tape *t);

void tape_add(struct tape *t, enum tape_kind kind, unsigned conn, bool own, uint64_t usec,
              struct span bytes);

const struct tape_entry *tape_entry(const struct tape *t, size_t i);
struct span tape_bytes(const struct tape *t, const struct tape_entry *e);

/* Appends all that one side sent on a connection, over all its reopenings; without the driver's own
 * noop and the answer to it. */
void tape_stream(const struct tape *t, unsigned conn, bool from_server, struct buf *out);

/* How the server's side of a connection ended last: TAPE_ENDED, TAPE_RESET, or TAPE_CLOSED when the
 * client closed first. */
enum tape_kind tape_end(const struct tape *t, unsigned conn);

#endif
