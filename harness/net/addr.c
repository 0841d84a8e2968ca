#include "net/addr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/check.h"
#include "base/text.h"

static const char *const names[TRANSPORTS] = {
    [TRANSPORT_UNIX] = "unix", [TRANSPORT_TCP] = "tcp", [TRANSPORT_TLS] = "tls"};

const char *transport_name(enum transport t) {
  CHECK((size_t)t < TRANSPORTS);
  return names[t];
}

bool transport_find(struct span name, enum transport *t) {
  for (size_t i = 0; i < TRANSPORTS; i++)
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

/* From TCP to TLS or back, whose names are of one length. */
static void change_transport(struct addr *a, enum transport t) {
  CHECK(strcspn(a->text, ":") == strlen(names[t]));
  memcpy(a->text, names[t], strlen(names[t]));
  a->transport = t;
}

void addr_secure(struct addr *a, const struct tls_trust *trust) {
  CHECK(a->transport != TRANSPORT_UNIX);
  change_transport(a, TRANSPORT_TLS);
  a->trust = trust;
}

void addr_lay_bare(struct addr *a) {
  CHECK(a->transport == TRANSPORT_TLS);
  change_transport(a, TRANSPORT_TCP);
}

void addr_host(const struct addr *a, char host[INET6_ADDRSTRLEN]) {
  CHECK(a->transport != TRANSPORT_UNIX);
  const char *from = strchr(a->text, ':') + 1, *to = strrchr(a->text, ':');
  if (*from == '[') {
    from++;
    to--;
  }
  snprintf(host, INET6_ADDRSTRLEN, "%.*s", (int)(to - from), from);
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

static bool inet_parse(struct addr *a, const char *text, const char *rest, unsigned least,
                       struct buf *why) {
  const char *colon = strrchr(rest, ':');
  uint64_t port;
  if (!colon || strlen(colon) > strlen(":65535") || !text_number(span_str(colon + 1), &port) ||
      port < least || port > UINT16_MAX) {
    buf_addf(why, "\"%s\" has no port from %u to 65535 at its end: write %.4sHOST:PORT", text,
             least, text);
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

static bool parse(struct addr *a, const char *text, unsigned least_port, struct buf *why) {
  size_t word = strcspn(text, ":");
  enum transport t;
  if (!text[word] || !transport_find(span_of(text, word), &t)) {
    buf_addf(why, "\"%s\" is no address: write unix:PATH, tcp:HOST:PORT or tls:HOST:PORT", text);
    return false;
  }
  const char *rest = text + word + 1;
  if (t != TRANSPORT_UNIX) {
    bool ok = inet_parse(a, text, rest, least_port, why);
    a->transport = t;
    return ok;
  }
  if (!addr_unix(a, rest)) {
    buf_addf(why, "\"%s\" needs a path of 1 to %zu bytes: a Unix socket's cannot be longer", text,
             sizeof((struct sockaddr_un *)NULL)->sun_path - 1);
    return false;
  }
  return true;
}

bool addr_parse(struct addr *a, const char *text, struct buf *why) {
  return parse(a, text, 1, why);
}

bool addr_parse_listen(struct addr *a, const char *text, struct buf *why) {
  return parse(a, text, 0, why);
}

void addr_bound(struct addr *a, int fd) {
  CHECK(a->transport != TRANSPORT_UNIX);
  a->len = sizeof a->sa;
  CHECK(getsockname(fd, (struct sockaddr *)&a->sa, &a->len) == 0);
  in_port_t port = a->sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a->sa)->sin6_port
                                               : ((struct sockaddr_in *)&a->sa)->sin_port;
  size_t at = (size_t)(strrchr(a->text, ':') + 1 - a->text);
  snprintf(a->text + at, sizeof a->text - at, "%u", ntohs(port));
}
