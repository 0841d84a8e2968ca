#include "net/border.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "unit.h"

static int pair[2], carried;

static void open_pair(void) {
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  carried = border_open();
  CHECK(carried >= 0);
}

static void close_pair(void) {
  close(pair[0]);
  close(pair[1]);
  close(carried);
}

/* Sends all of it; returns the number of calls it took. */
static int send_all(struct span bytes) {
  int calls = 0;
  for (; bytes.n > 0; calls++) {
    ssize_t n = border_send(pair[0], carried, bytes);
    ck_assert_int_gt(n, 0);
    bytes = span_from(bytes, (size_t)n);
  }
  return calls;
}

START_TEST(a_read_ends_where_a_message_does) {
  static uint8_t bytes[100 * 1024], got[sizeof bytes];
  const size_t sizes[] = {1, 1, 700, 32 * 1024, 1};
  for (size_t i = 0; i < 5; i++)
    ck_assert_int_eq(send_all(span_of(bytes, sizes[i])), 1);
  for (size_t i = 0; i < 5; i++)
    ck_assert_int_eq(read(pair[1], got, sizeof got), (ssize_t)sizes[i]);
}
END_TEST

START_TEST(a_long_one_ends_a_read_too) {
  static uint8_t bytes[100 * 1024], got[2 * sizeof bytes];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(i % 251);
  ck_assert_int_eq(send_all(span_of(bytes, sizeof bytes)), 2);
  ck_assert_int_eq(send_all(span_str("next")), 1);
  ck_assert_int_eq(read(pair[1], got, sizeof got), sizeof bytes);
  ck_assert_mem_eq(got, bytes, sizeof bytes);
  ck_assert_int_eq(read(pair[1], got, sizeof got), 4);
}
END_TEST

START_TEST(the_reader_gets_no_descriptor) {
  uint8_t byte;
  int before = dup(carried);
  close(before);
  send_all(span_str("x"));
  ck_assert_int_eq(read(pair[1], &byte, 1), 1);
  int after = dup(carried);
  close(after);
  ck_assert_int_eq(after, before);
}
END_TEST

START_TEST(it_neither_blocks_nor_signals) {
  static uint8_t bytes[64 * 1024];
  while (border_send(pair[0], carried, span_of(bytes, sizeof bytes)) > 0) {
  }
  ck_assert_int_eq(errno, EAGAIN);
  while (border_send(pair[0], carried, span_of(bytes, 1)) > 0) {
  }
  ck_assert_int_eq(errno, EAGAIN);
  ck_assert_int_eq(shutdown(pair[1], SHUT_RD), 0);
  ck_assert_int_eq(border_send(pair[0], carried, span_of(bytes, 1)), -1);
  ck_assert_int_eq(errno, EPIPE);
  ck_assert_int_eq(border_send(pair[0], carried, span_of(bytes, sizeof bytes)), -1);
  ck_assert_int_eq(errno, EPIPE);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("border");
  TCase *t = tcase_create("border");
  suite_add_tcase(s, t);
  tcase_add_checked_fixture(t, open_pair, close_pair);
  tcase_add_test(t, a_read_ends_where_a_message_does);
  tcase_add_test(t, a_long_one_ends_a_read_too);
  tcase_add_test(t, the_reader_gets_no_descriptor);
  tcase_add_test(t, it_neither_blocks_nor_signals);
  return s;
}

UNIT_MAIN(suite)
