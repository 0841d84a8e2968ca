/* Frames of the stacks in reports: `#1 0x55d0 in item_get /src/items.c:12:3`, `#1 item_get
 * items.c:12 (server+0x55d0)`, `==7==    by 0x55D0: item_get (items.c:12)`. Internal to the parser.
 */
#ifndef SERVER_SANITIZER_FRAME_H
#define SERVER_SANITIZER_FRAME_H

#include "base/span.h"

struct sanitizer_frame {
  bool top;             /* the first of its stack */
  struct span function; /* empty: not known */
  struct span file;     /* of the source; empty: not known */
  unsigned line;
  struct span module; /* the program or library, when the frame tells it; else empty */
};

/* False when the line is no frame. */
bool sanitizer_frame_parse(struct span line, struct sanitizer_frame *f);

/* Whether it is in a sanitizer's or valgrind's own code or in the C library, and so says nothing of
 * the program. */
bool sanitizer_frame_is_runtime(const struct sanitizer_frame *f);

#endif
