/* What of an answer the protocol leaves to the server. Pure. */
#ifndef SESSION_FREEDOM_H
#define SESSION_FREEDOM_H

#include "mcbp/frame.h"

/* Whether the frame is the server's answer to a client. */
bool frame_is_answer(const struct frame *f);

/* Whether the frame is one of the figures that answer `stat`, whose number, order and values are
 * the server's own affair; and whether it is the empty one that ends them. */
bool frame_is_figure(const struct frame *f);
bool frame_ends_figures(const struct frame *f);

/* Whether its value is words for people, or else of the server's making: an error's text, a
 * version, what SASL says, a figure. */
bool frame_value_is_free(const struct frame *f);

#endif
