#include "net/sockdiag.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "unit.h"

static int listener, ours, peer;

/* A connection to a listener on any address, over IPv4 and over IPv6. */
static void open_connection(int family) {
  const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  const struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  struct sockaddr_storage sa = {0};
  socklen_t len = sizeof sa;
  if (family == AF_INET)
    memcpy(&sa, &in, sizeof in);
  else
    memcpy(&sa, &in6, sizeof in6);
  listener = socket(family, SOCK_STREAM, 0);
  ours = socket(family, SOCK_STREAM, 0);
  CHECK(listener >= 0 && ours >= 0);
  CHECK(bind(listener, (struct sockaddr *)&sa, sizeof sa) == 0 && listen(listener, 1) == 0);
  CHECK(getsockname(listener, (struct sockaddr *)&sa, &len) == 0);
  CHECK(connect(ours, (struct sockaddr *)&sa, len) == 0);
}

static void accept_it(void) {
  peer = accept(listener, NULL, NULL);
  CHECK(peer >= 0);
}

static uint32_t inode_of(int fd) {
  struct stat st;
  CHECK(fstat(fd, &st) == 0);
  return (uint32_t)st.st_ino;
}

/* What is sent is there when send returns, or the kernel is about to put it there. */
static struct sockdiag_peer look_until(const struct sockdiag *d, uint64_t received) {
  struct sockdiag_peer p;
  do
    ck_assert(sockdiag_look(d, false, &p));
  while (p.received < received);
  return p;
}

START_TEST(what_the_peer_has_and_has_not_read) {
  const int families[] = {AF_INET, AF_INET6};
  char bytes[8];
  struct sockdiag d;
  open_connection(families[_i]);
  ck_assert(sockdiag_open(&d, ours));
  ck_assert_int_eq(send(ours, "hello", 5, 0), 5);
  struct sockdiag_peer p = look_until(&d, 5);
  ck_assert_uint_eq(p.received, 5);
  ck_assert_uint_eq(p.unread, 5);
  ck_assert_uint_eq(p.inode, 0);

  accept_it();
  ck_assert(sockdiag_look(&d, false, &p));
  ck_assert_uint_eq(p.inode, inode_of(peer));
  ck_assert_uint_eq(p.unread, 5);
  ck_assert_int_eq(read(peer, bytes, 2), 2);
  ck_assert(sockdiag_look(&d, false, &p));
  ck_assert_uint_eq(p.unread, 3);
  ck_assert(sockdiag_look(&d, true, &p));
  ck_assert_uint_eq(p.unread, 3);
  ck_assert_int_eq(read(peer, bytes, sizeof bytes), 3);
  ck_assert(sockdiag_look(&d, false, &p));
  ck_assert_uint_eq(p.received, 5);
  ck_assert_uint_eq(p.unread, 0);
  ck_assert(sockdiag_look(&d, true, &p));
  ck_assert_uint_eq(p.received, 5);
  ck_assert_uint_eq(p.unread, 0);

  close(peer);
  while (sockdiag_look(&d, false, &p))
    continue;
  close(ours);
  close(listener);
  sockdiag_close(&d);
  ck_assert(!sockdiag_look(&d, false, &p));
}
END_TEST

/* The peer's side is gone while the listener, which the kernel finds instead, still is there. */
START_TEST(the_listener_is_no_peer) {
  const struct linger reset = {.l_onoff = 1};
  struct sockdiag d;
  struct sockdiag_peer p;
  open_connection(AF_INET);
  accept_it();
  ck_assert(sockdiag_open(&d, ours));
  ck_assert(sockdiag_look(&d, false, &p));
  CHECK(setsockopt(peer, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
  close(peer);
  ck_assert(!sockdiag_look(&d, false, &p));
  sockdiag_close(&d);
  close(ours);
  close(listener);
}
END_TEST

START_TEST(without_a_connection_there_is_no_peer) {
  struct sockdiag d;
  struct sockdiag_peer p;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert(!sockdiag_open(&d, fd));
  ck_assert(!sockdiag_look(&d, false, &p));
  sockdiag_close(&d);
  close(fd);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("diag");
  TCase *t = tcase_create("diag");
  suite_add_tcase(s, t);
  tcase_add_loop_test(t, what_the_peer_has_and_has_not_read, 0, 2);
  tcase_add_test(t, the_listener_is_no_peer);
  tcase_add_test(t, without_a_connection_there_is_no_peer);
  return s;
}

UNIT_MAIN(suite)
