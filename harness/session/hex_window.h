/* Two byte strings side by side in hex, around the first byte that differs. Internal to the session
 * layer. */
#ifndef SESSION_HEX_WINDOW_H
#define SESSION_HEX_WINDOW_H

#include "base/buf.h"

struct hex_window {
  struct span want;
  const uint8_t *mask; /* want.n bytes, 0 in holes */
  struct span got;
  bool got_whole; /* what is missing at its end would not have come */
};

/* Appends pairs of lines `want ..` and `got ..`, up to 3 of 16 bytes each; nothing when no byte
 * differs. Runs that differ stand between `>` and `<`, holes are `..`, bytes that one side lacks
 * `--`. Pairs that do not begin with the first byte say which ones they are. */
void hex_window_put(struct buf *out, const struct hex_window *w);

#endif
