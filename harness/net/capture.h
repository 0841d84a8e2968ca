/* A capture of packets, pcap or pcapng, as what passed on its MCBP connections, in order.
 *
 * Reads packet by packet and keeps what is not in order yet (see tcp_order.h), so memory does not
 * grow with the file. A connection is MCBP's when its server has the port asked for; without one,
 * when that is 11210 or 11211, or what the client sends first is a request. One that was open
 * before the capture began is told from its first request on that can be made out, answers from the
 * one to that. Where packets are missing, the connection is told up to there. Owns the file. */
#ifndef NET_CAPTURE_H
#define NET_CAPTURE_H

#include "base/diag.h"

enum capture_what {
  CAPTURE_OPENED, /* told before the first of the others, not for a connection without any */
  CAPTURE_DATA,
  CAPTURE_ENDED, /* one side sends no more */
  CAPTURE_RESET, /* by one side */
  CAPTURE_LOST   /* something is missing; nothing more is told of the connection */
};

struct capture_event {
  enum capture_what what;
  size_t conn; /* 0, 1, .. in the order of their opening */
  bool from_server;
  uint64_t usec;     /* since 1970 */
  struct span bytes; /* until the next event is asked for */
};

struct capture;

/* Whether the file's first bytes are those of a capture; false also when it can't be read. */
bool capture_is(const char *path);

/* `port` 0: found out. NULL with a diagnostic when the file can't be read as a capture. */
struct capture *capture_open(const char *path, uint16_t port, struct diag *diag);
void capture_close(struct capture *c);

enum capture_read { CAPTURE_READ, CAPTURE_END, CAPTURE_BAD };

/* The next event; CAPTURE_BAD with a diagnostic when the file is malformed from here on. */
enum capture_read capture_next(struct capture *c, struct capture_event *e, struct diag *diag);

/* What a user should know: packets missing, cut short, fragmented, connections left out. A line
 * each, complete at the end of the capture; valid until the next call of any of these. */
const char *capture_notes(struct capture *c);

/* Bytes of the file that have been read, and all, or 0 where that can't be known. */
uint64_t capture_position(const struct capture *c, uint64_t *size);

#endif
