/* The end of a server's log as lines of a report: the last few, each behind "| ", what is no text
 * written \xNN. Internal to the run layer. */
#ifndef RUN_LOG_TAIL_H
#define RUN_LOG_TAIL_H

#include "base/buf.h"
#include "server/server.h"

/* Appends `title` and the lines; nothing for an empty log. */
void log_tail_add(struct buf *out, const char *title, struct span log);

/* The same for what a server has written so far. */
void log_tail_add_of(struct buf *out, const char *title, struct server *s);

#endif
