/* The printer: a compiled session as the canonical text of the notation, which compiles to the same
 * session again. Pure. */
#ifndef SESSION_PRINT_H
#define SESSION_PRINT_H

#include "session/session.h"

/* Appends the whole file: head lines, then steps, blocks indented by two. Lines of exact bytes are
 * rendered from their bytes; lines with holes, names or {ns} stand as they were written. */
void print_session(struct buf *out, const struct session *s);

#endif
