/* A relay and a listener in one loop: what passes, what is told before it passes, and how little is
 * held for a side that does not read. */
#include "net/relay.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "net/file.h"
#include "net/listener.h"
#include "unit.h"

static char dir[32];
static struct event_base *base;
static struct listener *listener;
static struct addr at;
static struct relay *relay;
static int client, server;
static struct buf told;   /* what passed from the client */
static struct buf events; /* e an end, c a close, r a reset; upper case from the server; o over */

static void on_accepted(void *arg, int fd) {
  (void)arg;
  server = fd;
}

static void on_bytes(void *arg, bool from_server, struct span bytes) {
  (void)arg;
  if (from_server)
    return;
  uint8_t byte;
  /* It is told before it is passed on. */
  if (told.n == 0)
    ck_assert_int_eq(recv(server, &byte, 1, MSG_PEEK), -1);
  buf_add_span(&told, bytes);
}

static void on_end(void *arg, bool from_server, enum relay_end how) {
  (void)arg;
  buf_add_byte(&events, (uint8_t)((from_server ? "ECR" : "ecr")[how]));
}

static void on_over(void *arg) {
  (void)arg;
  buf_add_byte(&events, 'o');
  relay_free(relay);
  relay = NULL;
}

static const struct relay_handler handler = {on_bytes, on_end, on_over};

/* Until nothing happens any more in this process. */
static void settle(void) {
  for (int i = 0; i < 100; i++)
    event_base_loop(base, EVLOOP_NONBLOCK);
}

static void setup(void) {
  char path[64];
  int pair[2];
  struct buf why;
  buf_init(&why, 1024);
  buf_init(&told, 64 << 20);
  buf_init(&events, 64);
  strcpy(dir, "/tmp/unit-net-XXXXXX");
  CHECK(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/s", dir);
  CHECK(addr_unix(&at, path));
  base = event_base_new();
  server = -1;
  listener = listener_new(base, &at, on_accepted, NULL, &why);
  CHECK(listener);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
  client = pair[0];
  relay = relay_new(base, pair[1], NULL, &at, &handler, NULL);
  while (server < 0)
    event_base_loop(base, EVLOOP_ONCE);
  buf_fini(&why);
}

static void teardown(void) {
  relay_free(relay);
  listener_free(listener);
  event_base_free(base);
  close(client);
  close(server);
  buf_fini(&told);
  buf_fini(&events);
  file_remove_tree(dir);
}

static void must_read(int fd, const char *text) {
  char bytes[64];
  ssize_t n = recv(fd, bytes, sizeof bytes, 0);
  ck_assert_int_eq(n, (ssize_t)strlen(text));
  ck_assert_mem_eq(bytes, text, (size_t)n);
}

START_TEST(bytes_and_ends_pass) {
  ck_assert_int_eq(send(client, "ask", 3, 0), 3);
  settle();
  must_read(server, "ask");
  ck_assert(span_is(buf_span(&told), "ask"));
  shutdown(client, SHUT_WR);
  settle();
  must_read(server, "");
  ck_assert_str_eq(buf_cstr(&events), "e");
  ck_assert(relay_ending(relay));
  ck_assert_int_eq(send(server, "answer", 6, 0), 6);
  shutdown(server, SHUT_WR);
  settle();
  must_read(client, "answer");
  must_read(client, "");
  ck_assert_str_eq(buf_cstr(&events), "eEo");
}
END_TEST

START_TEST(a_close_of_both_directions_passes) {
  ck_assert_int_eq(send(client, "ask", 3, 0), 3);
  close(client);
  settle();
  must_read(server, "ask");
  must_read(server, "");
  ck_assert_int_eq(send(server, "x", 1, MSG_NOSIGNAL), -1);
  ck_assert_int_eq(errno, EPIPE);
  ck_assert_str_eq(buf_cstr(&events), "co");
  client = dup(server);
}
END_TEST

/* Sends without end until nothing more is taken; the count of bytes. */
static size_t fill(int fd) {
  static char bytes[32 * 1024];
  size_t all = 0;
  for (bool took = true; took;) {
    took = false;
    for (ssize_t n; (n = send(fd, bytes, sizeof bytes, 0)) > 0; took = true)
      all += (size_t)n;
    settle();
  }
  return all;
}

START_TEST(who_does_not_read_is_not_read_for) {
  enum { KERNEL = 1 << 20 }; /* more than the queues of both sockets hold */
  size_t sent = fill(client), got = 0;
  ck_assert_uint_lt(sent, KERNEL);
  ck_assert_uint_lt(told.n, sent);
  char bytes[4096];
  while (got < sent) {
    ssize_t n = recv(server, bytes, sizeof bytes, 0);
    got += n > 0 ? (size_t)n : 0;
    settle();
  }
  ck_assert_uint_eq(told.n, sent);
  ck_assert_uint_gt(fill(client), 0);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_told) {
  int pair[2];
  struct addr nowhere;
  relay_free(relay);
  CHECK(addr_unix(&nowhere, "/nonexistent/s"));
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
  relay = relay_new(base, pair[1], NULL, &nowhere, &handler, NULL);
  ck_assert_str_eq(relay_error(relay), "");
  settle();
  must_read(pair[0], "");
  ck_assert_str_eq(buf_cstr(&events), "o");
  close(pair[0]);
}
END_TEST

START_TEST(a_place_is_listened_at_once_and_one_left_behind_is_taken) {
  struct buf why;
  buf_init(&why, 1024);
  ck_assert_ptr_null(listener_new(base, &at, on_accepted, NULL, &why));
  ck_assert_ptr_nonnull(strstr(buf_cstr(&why), "Address already in use"));
  listener_free(listener);
  ck_assert_int_ne(access(at.text + strlen("unix:"), F_OK), 0);
  /* As a process leaves it that is killed. */
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(fd, (const struct sockaddr *)&at.sa, at.len) == 0 && listen(fd, 1) == 0);
  close(fd);
  listener = listener_new(base, &at, on_accepted, NULL, &why);
  ck_assert_ptr_nonnull(listener);
  buf_fini(&why);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("relay");
  TCase *t = tcase_create("relay");
  suite_add_tcase(s, t);
  tcase_set_timeout(t, 60);
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, bytes_and_ends_pass);
  tcase_add_test(t, a_close_of_both_directions_passes);
  tcase_add_test(t, who_does_not_read_is_not_read_for);
  tcase_add_test(t, a_server_that_is_not_there_is_told);
  tcase_add_test(t, a_place_is_listened_at_once_and_one_left_behind_is_taken);
  return s;
}

UNIT_MAIN(suite)
