/* A place to listen at for tests that fork their own peer. */
#ifndef LISTENING_H
#define LISTENING_H

#include <arpa/inet.h>

#include "net/addr.h"
#include "unit.h"

/* A listening socket on a loopback port that the kernel chooses. */
static inline int listen_somewhere(struct addr *a) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  addr_loopback(a, 0);
  ck_assert_int_eq(bind(fd, (struct sockaddr *)&a->sa, a->len), 0);
  ck_assert_int_eq(listen(fd, 16), 0);
  struct sockaddr_in bound;
  socklen_t len = sizeof bound;
  ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&bound, &len), 0);
  addr_loopback(a, ntohs(bound.sin_port));
  return fd;
}

#endif
