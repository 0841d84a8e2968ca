/* Where a server listens: `unix:PATH` or `tcp:HOST:PORT`. */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"

enum transport { TRANSPORT_UNIX, TRANSPORT_TCP };

struct addr {
  enum transport transport;
  struct sockaddr_storage sa;
  socklen_t len;
  char text[160]; /* as it is written */
};

const char *transport_name(enum transport t);
bool transport_find(struct span name, enum transport *t);

/* Parses the notation above; a TCP host is a numeric address or `localhost`. On failure `why` gets
 * what is wrong and what to do. */
bool addr_parse(struct addr *a, const char *text, struct buf *why);

/* False when the path is too long for a Unix socket (107 bytes). */
bool addr_unix(struct addr *a, const char *path);
/* 127.0.0.1:port. */
void addr_loopback(struct addr *a, uint16_t port);

#endif
