#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"

static const char *const names[] = {[TRANSPORT_UNIX] = "unix", [TRANSPORT_TCP] = "tcp"};
enum { NAMES = sizeof names / sizeof names[0] };

const char *transport_name(enum transport t) {
  CHECK((size_t)t < NAMES);
  return names[t];
}

bool transport_find(struct span name, enum transport *t) {
  for (size_t i = 0; i < NAMES; i++)
    if (span_is(name, names[i])) {
      *t = (enum transport)i;
      return true;
    }
  return false;
}

bool addr_unix(struct addr *a, const char *path) {
  struct sockaddr_un sa = {.sun_family = AF_UNIX};
  size_t n = strlen(path);
  *a = (struct addr){.transport = TRANSPORT_UNIX, .len = sizeof sa};
  if (n == 0 || n >= sizeof sa.sun_path)
    return false;
  memcpy(sa.sun_path, path, n);
  memcpy(&a->sa, &sa, sizeof sa);
  snprintf(a->text, sizeof a->text, "unix:%s", path);
  return true;
}

static void set_ipv4(struct addr *a, struct in_addr ip, uint16_t port) {
  struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = ip, .sin_port = htons(port)};
  *a = (struct addr){.transport = TRANSPORT_TCP, .len = sizeof sa};
  memcpy(&a->sa, &sa, sizeof sa);
}

static void set_ipv6(struct addr *a, struct in6_addr ip, uint16_t port) {
  struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_addr = ip, .sin6_port = htons(port)};
  *a = (struct addr){.transport = TRANSPORT_TCP, .len = sizeof sa};
  memcpy(&a->sa, &sa, sizeof sa);
}

void addr_loopback(struct addr *a, uint16_t port) {
  set_ipv4(a, (struct in_addr){htonl(INADDR_LOOPBACK)}, port);
  snprintf(a->text, sizeof a->text, "tcp:127.0.0.1:%u", port);
}

/* `host` is what stands before the port's colon. */
static bool host_parse(struct addr *a, struct span host, uint16_t port) {
  bool brackets = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
  char text[INET6_ADDRSTRLEN];
  struct in_addr v4 = {htonl(INADDR_LOOPBACK)};
  struct in6_addr v6;
  if (brackets)
    host = span_sub(host, 1, host.n - 2);
  if (host.n >= sizeof text)
    return false;
  memcpy(text, host.p, host.n);
  text[host.n] = '\0';
  if (brackets) {
    if (inet_pton(AF_INET6, text, &v6) != 1)
      return false;
    set_ipv6(a, v6, port);
    return true;
  }
  if (strcmp(text, "localhost") != 0 && inet_pton(AF_INET, text, &v4) != 1)
    return false;
  set_ipv4(a, v4, port);
  return true;
}

static bool tcp_parse(struct addr *a, const char *text, const char *rest, struct buf *why) {
  const char *colon = strrchr(rest, ':');
  uint64_t port;
  if (!colon || strlen(colon) > strlen(":65535") || !text_number(span_str(colon + 1), &port) ||
      port == 0 || port > UINT16_MAX) {
    buf_addf(why, "\"%s\" has no port from 1 to 65535 at its end: write tcp:HOST:PORT", text);
    return false;
  }
  if (!host_parse(a, span_of(rest, (size_t)(colon - rest)), (uint16_t)port)) {
    buf_addf(why,
             "\"%s\" has no host that is known: write localhost, an IPv4 address such as "
             "127.0.0.1 or an IPv6 address in brackets such as [::1]",
             text);
    return false;
  }
  snprintf(a->text, sizeof a->text, "%s", text);
  return true;
}

bool addr_parse(struct addr *a, const char *text, struct buf *why) {
  size_t word = strcspn(text, ":");
  enum transport t;
  if (!text[word] || !transport_find(span_of(text, word), &t)) {
    buf_addf(why, "\"%s\" is no address: write unix:PATH or tcp:HOST:PORT", text);
    return false;
  }
  const char *rest = text + word + 1;
  if (t == TRANSPORT_TCP)
    return tcp_parse(a, text, rest, why);
  if (!addr_unix(a, rest)) {
    buf_addf(why, "\"%s\" needs a path of 1 to %zu bytes: a Unix socket's cannot be longer", text,
             sizeof((struct sockaddr_un *)NULL)->sun_path - 1);
    return false;
  }
  return true;
}
