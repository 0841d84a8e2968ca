/* Sessions of a capture of packets. Reads the capture; owns what it makes. */
#ifndef RUN_CAPTURED_H
#define RUN_CAPTURED_H

#include "base/vec.h"
#include "net/capture.h"
#include "session/scribe.h"

/* What is to be made of it. */
struct captured_want {
  enum dialect dialect;
  uint16_t port; /* the server's; 0: found out */
  bool apart;    /* a session for each connection, not one for all */
};

struct captured {
  const char *path;
  struct vec scribes; /* of struct scribe *, one for each session */
  char *notes;        /* lines on what the capture lacks; empty as a rule */
};

/* Reads all of a capture. False with a diagnostic when it is none, malformed, holds more than a
 * session can, or no MCBP. `path` must outlive it. */
bool captured_read(struct captured *c, const char *path, const struct captured_want *want,
                   struct diag *diag);
void captured_fini(struct captured *c);

/* Appends the text of a session, counted from 0; what the capture lacks is told in it. `title`
 * NULL: one that says where it is from. False with a diagnostic. */
bool captured_session(const struct captured *c, size_t i, const char *title, struct buf *out,
                      struct diag *diag);

#endif
