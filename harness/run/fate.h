/* What became of a server, told in verdicts. Internal to the run layer. */
#ifndef RUN_FATE_H
#define RUN_FATE_H

#include "run/verdict.h"
#include "server/server.h"

/* The kind of error that a server's bad end is. */
enum verdict_kind fate_kind(enum server_fate fate);

/* After a play: adds to a failure what became of the server and the end of its log. A failure by
 * its crash, and a pass after which it is dead, become that error. */
void fate_add(struct server *s, struct verdict *v);

/* The verdict of a server that could not be had; `why` is a line, and behind it those of its log.
 */
struct verdict fate_setup(struct buf *why);

#endif
