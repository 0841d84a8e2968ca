/* The scribe: from what passed on connections, in the order in which it was seen, to the text of a
 * session that says the same. It sends what the client sent, byte for byte, and its expectations
 * match what the server answered; what the protocol leaves open is a hole: a CAS, an error's text,
 * a version, what SASL says, and the figures of `stat`, an `each` of them. A CAS that a client has
 * sent back is captured where it was answered. Owns all that it is told, up to a cap; pure. */
#ifndef SESSION_SCRIBE_H
#define SESSION_SCRIBE_H

#include "base/buf.h"
#include "mcbp/names.h"

struct scribe;

/* `cap` bounds what is kept, in bytes. */
struct scribe *scribe_new(enum dialect dialect, size_t cap);
void scribe_free(struct scribe *s);

/* A connection is opened. Returns what it is called from now on: 0, 1, ..; one that is opened again
 * is another one. */
size_t scribe_open(struct scribe *s);

/* Bytes of one side, in pieces of any size. What comes behind that side's end, what a client sends
 * when the server has closed, and what a server sends when the client has gone is not told. False
 * when the cap is reached: this and all that follows is left out. */
bool scribe_bytes(struct scribe *s, size_t conn, bool from_server, struct span bytes);

enum scribe_end {
  SCRIBE_CLIENT_ENDED,  /* it sends no more; whether it still reads can't be seen */
  SCRIBE_CLIENT_GONE,   /* it reads no more: a reset, or a close that is known as such */
  SCRIBE_SERVER_CLOSED, /* end of stream or reset */
  SCRIBE_LOST           /* what follows was not seen; what is no whole frame is left out */
};
bool scribe_end(struct scribe *s, size_t conn, enum scribe_end how);

/* The session's head. */
struct scribe_head {
  const char *title;
  const char *remark; /* lines of comment below, or NULL */
};

/* Appends the session, and makes sure that it compiles and says what was seen. False with a
 * sentence in `why`: no request has been seen, more than 63 connections are open at once, or more
 * than a session may hold. What is told to the scribe later is no part of it; it can be written
 * again then. */
bool scribe_write(const struct scribe *s, const struct scribe_head *head, struct buf *out,
                  struct buf *why);

#endif
