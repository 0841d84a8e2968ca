/* Where frames begin and end in a byte stream, and what stands where inside one. Pure. */
#ifndef MCBP_FRAME_H
#define MCBP_FRAME_H

#include "base/buf.h"
#include "mcbp/header.h"

/* A frame that lies whole in borrowed bytes. */
struct frame {
  struct header h;
  size_t len; /* header and body, bytes */
  struct span framing, extras, key, value;
};

enum frame_cut {
  FRAME_WHOLE,
  FRAME_SHORT, /* the bytes begin like a frame and end before it does */
  FRAME_NOT    /* no magic that is known, or framing extras, extras and key exceed the body */
};

/* Looks at the front of `bytes`. On FRAME_WHOLE fills `f`. On FRAME_SHORT `f->len` is the length
 * that the frame will have, or 0 while the header is not whole (then only the magic has been
 * judged, if there is one). */
enum frame_cut frame_cut(struct span bytes, struct frame *f);

/* Offsets in a whole frame at which one part ends and the next begins, ascending and without
 * duplicates, the frame's two ends left out: after the header, framing extras, extras and key.
 * Fills at most 4 and returns their number. */
size_t frame_borders(const struct frame *f, size_t offsets[4]);

/* Takes one framing extra off the front of `rest`; false when it is malformed or `rest` is empty.
 * One byte holds identifier (high four bits) and length (low four); 15 in either goes on in one
 * further byte each, 15 + that byte, the identifier's first. */
bool framing_next(struct span *rest, unsigned *id, struct span *data);

/* Appends one in its shortest form; false when `id` or the length exceed 270. */
bool framing_put(struct buf *b, unsigned id, struct span data);

#endif
