/* The renderer: bytes as the canonical text of the notation. Lossless: every line compiles back to
 * the bytes it was made of. Pure. */
#ifndef SESSION_RENDER_H
#define SESSION_RENDER_H

#include "base/buf.h"
#include "mcbp/frame.h"
#include "mcbp/names.h"

/* Appends the notation of exactly these bytes, without `c1 >` and without a newline: a frame where
 * they are one frame, `raw` otherwise. */
void render_line(struct buf *out, enum dialect dialect, bool to_server, struct span bytes);

/* Appends one line per frame, each starting with `prefix` ("c1 < ") and ended by a newline; what
 * does not parse becomes one `raw` line to the end. */
void render_stream(struct buf *out, const char *prefix, enum dialect dialect, bool to_server,
                   struct span bytes);

/* Appends bytes as literals: quoted text where that is readable, hex(..) otherwise, repeat(..) for
 * long runs of one byte. Empty bytes are "". */
void render_bytes(struct buf *out, struct span bytes);

#endif
