/* The TCP connections of a capture: which are MCBP's, which end is the server, and what passed on
 * them. Internal to capture.h. Pure. */
#ifndef NET_CAPTURE_FLOW_H
#define NET_CAPTURE_FLOW_H

#include "net/capture.h"
#include "net/packet.h"

struct flows;

struct flows_sink {
  void (*event)(void *arg, const struct capture_event *e);
  void (*note)(void *arg, const char *text);
  void *arg;
};

struct flows *flows_new(uint16_t port, struct flows_sink sink);
void flows_free(struct flows *f);

/* Takes in a packet and tells what it makes known. */
void flows_add(struct flows *f, uint64_t usec, const struct packet *p);

/* Nothing more comes: tells what is missing. */
void flows_end(struct flows *f);

#endif
