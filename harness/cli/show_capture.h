/* `mcreplay show` of a capture. */
#ifndef CLI_SHOW_CAPTURE_H
#define CLI_SHOW_CAPTURE_H

#include "base/buf.h"
#include "mcbp/names.h"

struct show_capture {
  const char *path;
  enum dialect dialect;
  uint16_t port; /* the server's; 0: found out */
  bool times;
};

/* Prints the conversation as it is read, in memory that does not grow with it, and what the capture
 * lacks on standard error. Returns the exit status. */
int show_capture(const struct show_capture *show);

/* Appends what one side of a connection (1, 2, ..) sent. */
int show_capture_bytes(const struct show_capture *show, unsigned conn, bool from_server,
                       struct buf *out);

#endif
