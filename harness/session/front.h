/* The front of a stream of frames: its first frame, as far as it came. For what people read. Pure.
 */
#ifndef SESSION_FRONT_H
#define SESSION_FRONT_H

#include "mcbp/frame.h"

/* As frame_cut, but on FRAME_SHORT with a whole header (`f->len` is not 0 then) also fills `f->h`
 * and the parts, each with the bytes that are there. The header gives the lengths they would have.
 */
enum frame_cut front_cut(struct span bytes, struct frame *f);

/* The length that the header gives for framing extras, extras, key and value, in this order. */
void front_lengths(const struct header *h, size_t lengths[4]);

#endif
