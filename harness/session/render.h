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

/* What of a frame is not told as the bytes that came. */
struct render_holes {
  bool cas, extras, value; /* a hole stands in the field's place */
  const char *cas_text;    /* stands for the CAS (`$name`, `?name`); NULL: as `cas` says */
  const size_t *ns; /* offsets, ascending: {ns} stands in the place of the four bytes there */
  size_t nns;
};

/* As render_line, with holes; of what is no frame only {ns} is told otherwise. */
void render_line_with(struct buf *out, enum dialect dialect, bool to_server, struct span bytes,
                      const struct render_holes *holes);

/* Appends one line per frame, each starting with `prefix` ("c1 < ") and ended by a newline; what
 * does not parse becomes one `raw` line to the end. */
void render_stream(struct buf *out, const char *prefix, enum dialect dialect, bool to_server,
                   struct span bytes);

/* Appends bytes as literals: quoted text where that is readable, hex(..) otherwise, repeat(..) for
 * long runs of one byte. Empty bytes are "". */
void render_bytes(struct buf *out, struct span bytes);

/* For people, not lossless: the first frame of `bytes`, as render_line but for keys and values of
 * more than about 200 characters, which are cut in the middle: `"abc" .. (4000 bytes) .. "xyz"`. A
 * frame that has not come wholly is told as far as it came, with `(30 of 4124 bytes)` behind it. */
void render_brief(struct buf *out, enum dialect dialect, bool to_server, struct span bytes);

/* Bytes as render_brief writes a value. */
void render_excerpt(struct buf *out, struct span bytes);

#endif
