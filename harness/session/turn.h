/* A line inside a loop as it reads in one of its turns. Pure. */
#ifndef SESSION_TURN_H
#define SESSION_TURN_H

#include "base/buf.h"

/* Appends the line with `$name` outside quotes replaced by the count: by the number where a field
 * takes one, by a text of the eight digits that it stands for elsewhere. An empty name is none. */
void turn_line(struct buf *out, struct span line, struct span name, uint64_t count);

#endif
