/* Where a server listens: `unix:PATH`, `tcp:HOST:PORT` or `tls:HOST:PORT`. */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"

enum transport { TRANSPORT_UNIX, TRANSPORT_TCP, TRANSPORT_TLS };
enum { TRANSPORTS = 3 };

struct tls_trust;

struct addr {
  enum transport transport;
  struct sockaddr_storage sa;
  socklen_t len;
  const struct tls_trust *trust; /* on TLS: to be set by who connects */
  char text[160];                /* as it is written */
};

const char *transport_name(enum transport t);
bool transport_find(struct span name, enum transport *t);

/* Parses the notation above; a TCP host is a numeric address or `localhost`. On failure `why` gets
 * what is wrong and what to do. */
bool addr_parse(struct addr *a, const char *text, struct buf *why);

/* The same for an address to listen on, where port 0 is one that the system picks. */
bool addr_parse_listen(struct addr *a, const char *text, struct buf *why);
/* Takes the port that a socket listening there was given. */
void addr_bound(struct addr *a, int fd);

/* False when the path is too long for a Unix socket (107 bytes). */
bool addr_unix(struct addr *a, const char *path);
/* tcp:127.0.0.1:port. */
void addr_loopback(struct addr *a, uint16_t port);

/* The same place with TLS spoken there, or, of such a one, without. */
void addr_secure(struct addr *a, const struct tls_trust *trust);
void addr_lay_bare(struct addr *a);

/* The host of an address that is no path, without brackets: what a certificate must be for. */
void addr_host(const struct addr *a, char host[INET6_ADDRSTRLEN]);

#endif
