#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include <unistd.h>

#include "unit.h"

static struct addr parsed(const char *text) {
  struct addr a;
  struct buf why;
  buf_init(&why, 4096);
  ck_assert_msg(addr_parse(&a, text, &why), "%s: %s", text, buf_cstr(&why));
  ck_assert_str_eq(a.text, text);
  buf_fini(&why);
  return a;
}

START_TEST(unix_paths_have_a_limit) {
  struct addr a = parsed("unix:/run/a:b");
  struct sockaddr_un *sa = (struct sockaddr_un *)&a.sa;
  ck_assert_int_eq(a.transport, TRANSPORT_UNIX);
  ck_assert_int_eq(sa->sun_family, AF_UNIX);
  ck_assert_str_eq(sa->sun_path, "/run/a:b");
  ck_assert_uint_eq(a.len, sizeof *sa);

  char path[109];
  memset(path, 'p', 107);
  path[107] = '\0';
  ck_assert(addr_unix(&a, path));
  ck_assert_str_eq(sa->sun_path, path);
  ck_assert_uint_eq(strlen(a.text), 112);
  strcat(path, "p");
  ck_assert(!addr_unix(&a, path));
  ck_assert(!addr_unix(&a, ""));
}
END_TEST

START_TEST(tcp_hosts_are_numeric_or_localhost) {
  static const char *const same[] = {"tcp:127.0.0.1:11211", "tcp:localhost:11211"};
  struct addr loopback;
  addr_loopback(&loopback, 11211);
  ck_assert_str_eq(loopback.text, same[0]);
  for (size_t i = 0; i < 2; i++) {
    struct addr a = parsed(same[i]);
    ck_assert_int_eq(a.transport, TRANSPORT_TCP);
    ck_assert_uint_eq(a.len, sizeof(struct sockaddr_in));
    ck_assert_mem_eq(&a.sa, &loopback.sa, a.len);
  }
  struct addr a = parsed("tcp:[::1]:65535");
  struct sockaddr_in6 *sa = (struct sockaddr_in6 *)&a.sa;
  ck_assert_uint_eq(a.len, sizeof *sa);
  ck_assert_int_eq(sa->sin6_family, AF_INET6);
  ck_assert_uint_eq(ntohs(sa->sin6_port), 65535);
  ck_assert_mem_eq(&sa->sin6_addr, &in6addr_loopback, sizeof in6addr_loopback);
  parsed("tcp:[2001:0db8:0000:0000:0000:0000:0000:0001]:1");
}
END_TEST

static void expect_host(const struct addr *a, const char *want) {
  char host[INET6_ADDRSTRLEN];
  addr_host(a, host);
  ck_assert_str_eq(host, want);
}

START_TEST(tls_is_a_tcp_address_and_a_host_to_trust) {
  struct addr a = parsed("tls:localhost:11211"), same = parsed("tcp:localhost:11211");
  ck_assert_int_eq(a.transport, TRANSPORT_TLS);
  ck_assert_mem_eq(&a.sa, &same.sa, same.len);
  expect_host(&a, "localhost");
  a = parsed("tls:[::1]:1");
  expect_host(&a, "::1");
  addr_lay_bare(&a);
  ck_assert_int_eq(a.transport, TRANSPORT_TCP);
  ck_assert_str_eq(a.text, "tcp:[::1]:1");
  addr_loopback(&a, 7);
  addr_secure(&a, NULL);
  ck_assert_int_eq(a.transport, TRANSPORT_TLS);
  ck_assert_str_eq(a.text, "tls:127.0.0.1:7");
  expect_host(&a, "127.0.0.1");
}
END_TEST

START_TEST(errors_say_what_to_write) {
  static const char *const no_address[] = {"", "unix", "udp:1.2.3.4:5", "/run/socket", ":x"};
  static const char *const no_port[] = {
      "tcp:",          "tcp:127.0.0.1",  "tcp:127.0.0.1:",     "tcp:1.2.3.4:0", "tcp:1.2.3.4:65536",
      "tcp:1.2.3.4:x", "tcp:1.2.3.4:-1", "tcp:1.2.3.4:0000080"};
  static const char *const no_host[] = {"tcp::80",      "tcp:example.org:80", "tcp:::1:80",
                                        "tcp:[]:80",    "tcp:[1.2.3.4]:80",   "tcp:[::1:80",
                                        "tcp:1.2.3:80", "tcp:1.2.3.4]:80"};
  static const char *const no_path[] = {"unix:"};
  static const struct {
    const char *const *texts;
    size_t n;
    const char *says;
  } groups[] = {
      {no_address, sizeof no_address / sizeof no_address[0],
       " is no address: write unix:PATH, tcp:HOST:PORT or tls:HOST:PORT"},
      {no_port, sizeof no_port / sizeof no_port[0],
       " has no port from 1 to 65535 at its end: write tcp:HOST:PORT"},
      {no_host, sizeof no_host / sizeof no_host[0],
       " has no host that is known: write localhost, an IPv4 address such as 127.0.0.1 or an IPv6 "
       "address in brackets such as [::1]"},
      {no_path, 1, " needs a path of 1 to 107 bytes: a Unix socket's cannot be longer"}};
  struct buf why;
  buf_init(&why, 4096);
  for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
    for (size_t i = 0; i < groups[g].n; i++) {
      struct addr a;
      char want[256];
      snprintf(want, sizeof want, "\"%s\"%s", groups[g].texts[i], groups[g].says);
      buf_reset(&why);
      ck_assert(!addr_parse(&a, groups[g].texts[i], &why));
      ck_assert_str_eq(buf_cstr(&why), want);
    }
  buf_fini(&why);
}
END_TEST

START_TEST(a_port_to_listen_on_may_be_left_to_the_system) {
  struct addr a;
  struct buf why;
  buf_init(&why, 4096);
  ck_assert(!addr_parse(&a, "tls:127.0.0.1:0", &why));
  ck_assert(addr_parse_listen(&a, _i ? "tls:[::1]:0" : "tls:127.0.0.1:0", &why));
  int fd = socket(a.sa.ss_family, SOCK_STREAM, 0);
  if (fd >= 0 && bind(fd, (const struct sockaddr *)&a.sa, a.len) == 0) {
    struct addr bound = a, again;
    addr_bound(&bound, fd);
    ck_assert_int_eq(strncmp(bound.text, _i ? "tls:[::1]:" : "tls:127.0.0.1:", _i ? 10 : 14), 0);
    ck_assert(addr_parse(&again, bound.text, &why));
    ck_assert_mem_eq(&again.sa, &bound.sa, bound.len);
  } else {
    ck_assert_int_eq(_i, 1); /* a machine without IPv6 */
  }
  if (fd >= 0)
    close(fd);
  buf_fini(&why);
}
END_TEST

START_TEST(transports_have_names) {
  enum transport t;
  ck_assert_str_eq(transport_name(TRANSPORT_UNIX), "unix");
  ck_assert_str_eq(transport_name(TRANSPORT_TCP), "tcp");
  ck_assert(transport_find(span_str("tcp"), &t) && t == TRANSPORT_TCP);
  ck_assert(transport_find(span_str("unix"), &t) && t == TRANSPORT_UNIX);
  ck_assert_str_eq(transport_name(TRANSPORT_TLS), "tls");
  ck_assert(transport_find(span_str("tls"), &t) && t == TRANSPORT_TLS);
  ck_assert(!transport_find(span_str("udp"), &t));
  ck_assert(!transport_find(span_str(""), &t));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("addr");
  TCase *t = tcase_create("addr");
  suite_add_tcase(s, t);
  tcase_add_test(t, unix_paths_have_a_limit);
  tcase_add_test(t, tcp_hosts_are_numeric_or_localhost);
  tcase_add_test(t, tls_is_a_tcp_address_and_a_host_to_trust);
  tcase_add_test(t, errors_say_what_to_write);
  tcase_add_loop_test(t, a_port_to_listen_on_may_be_left_to_the_system, 0, 2);
  tcase_add_test(t, transports_have_names);
  return s;
}

UNIT_MAIN(suite)
