#include "net/packet.h"

#include "packets.h"

static struct buf bytes;

static void setup(void) {
  buf_init(&bytes, PACKET_MAX);
}

static void teardown(void) {
  buf_fini(&bytes);
}

static const struct made usual = {.link = DLT_RAW,
                                  .family = 4,
                                  .seq = 0xfffffff0,
                                  .ack = 7,
                                  .flags = TH_ACK | TH_PUSH,
                                  .data = {(const uint8_t *)"hello", 5}};

static void expect_usual(int link, const struct packet *p) {
  ck_assert_msg(p->seq == usual.seq && p->ack == usual.ack && p->flags == usual.flags &&
                    span_is(p->data, "hello") && p->missing == 0,
                "link type %d", link);
  ck_assert_uint_eq(p->from.port, PACKETS_CLIENT_PORT);
  ck_assert_uint_eq(p->to.port, PACKETS_SERVER_PORT);
}

START_TEST(each_link_layer_is_taken_off) {
  static const int links[] = {DLT_EN10MB,     DLT_NULL, DLT_LOOP, DLT_LINUX_SLL,
                              DLT_LINUX_SLL2, DLT_RAW,  DLT_IPV4, DLT_IPV6};
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    for (unsigned family = 4; family <= 6; family += 2) {
      struct made m = usual;
      struct packet p;
      m.link = links[i];
      m.family = family;
      buf_reset(&bytes);
      put_packet(&bytes, &m);
      ck_assert(packet_link_known(links[i]));
      ck_assert_msg(packet_parse(links[i], buf_span(&bytes), &p) == PACKET_TCP,
                    "link type %d, IPv%u", links[i], family);
      expect_usual(links[i], &p);
      ck_assert_uint_eq(p.from.family, family);
      ck_assert_uint_eq(p.from.address[family == 4 ? 3 : 15], 1);
      ck_assert_uint_eq(p.to.address[family == 4 ? 3 : 15], 2);
    }
  ck_assert(!packet_link_known(DLT_IEEE802_11));
}
END_TEST

/* Short frames are filled up on Ethernet; that is no data. */
START_TEST(padding_is_no_data) {
  struct made m = usual;
  struct packet p;
  m.link = DLT_EN10MB;
  put_packet(&bytes, &m);
  buf_fill(&bytes, 0, 20);
  ck_assert_int_eq(packet_parse(DLT_EN10MB, buf_span(&bytes), &p), PACKET_TCP);
  expect_usual(DLT_EN10MB, &p);
}
END_TEST

START_TEST(what_was_cut_off_is_counted) {
  struct packet p;
  for (unsigned family = 4; family <= 6; family += 2) {
    struct made m = usual;
    m.family = family;
    buf_reset(&bytes);
    put_packet(&bytes, &m);
    ck_assert_int_eq(packet_parse(DLT_RAW, span_sub(buf_span(&bytes), 0, bytes.n - 3), &p),
                     PACKET_TCP);
    ck_assert(span_is(p.data, "he"));
    ck_assert_uint_eq(p.missing, 3);
  }
}
END_TEST

/* At any length the packet is cut to, nothing is read behind its end. */
START_TEST(headers_that_are_not_whole_are_told) {
  for (unsigned family = 4; family <= 6; family += 2) {
    struct made m = usual;
    struct packet p;
    m.family = family;
    m.data.n = 0;
    buf_reset(&bytes);
    put_packet(&bytes, &m);
    for (size_t n = 0; n < bytes.n; n++) {
      uint8_t *exact = xmalloc(n + 1);
      memcpy(exact, bytes.p, n);
      enum packet_kind kind = packet_parse(DLT_RAW, span_of(exact, n), &p);
      free(exact);
      ck_assert_msg(kind == PACKET_SHORT, "IPv%u, %zu bytes", family, n);
    }
  }
}
END_TEST

START_TEST(fragments_are_told) {
  struct packet p;
  put_packet(&bytes, &usual);
  bytes.p[6] = 0x20; /* more follow */
  ck_assert_int_eq(packet_parse(DLT_RAW, buf_span(&bytes), &p), PACKET_FRAGMENT);
  bytes.p[6] = 0;
  bytes.p[7] = 9; /* an offset */
  ck_assert_int_eq(packet_parse(DLT_RAW, buf_span(&bytes), &p), PACKET_FRAGMENT);
}
END_TEST

/* A fragment header of a packet that is whole stands for nothing. */
START_TEST(fragments_of_ipv6_are_told) {
  struct made m = usual;
  struct packet p;
  m.family = 6;
  put_packet(&bytes, &m);
  bytes.p[6] = IPPROTO_FRAGMENT;
  memcpy(bytes.p + 40, "\x06\0\0\0\0\0\0\1", 8);
  ck_assert_int_eq(packet_parse(DLT_RAW, buf_span(&bytes), &p), PACKET_TCP);
  expect_usual(DLT_RAW, &p);
  bytes.p[43] = 1; /* more follow */
  ck_assert_int_eq(packet_parse(DLT_RAW, buf_span(&bytes), &p), PACKET_FRAGMENT);
}
END_TEST

START_TEST(what_is_no_tcp_is_passed_over) {
  struct packet p;
  put_packet(&bytes, &usual);
  bytes.p[9] = IPPROTO_UDP;
  ck_assert_int_eq(packet_parse(DLT_RAW, buf_span(&bytes), &p), PACKET_OTHER);
  bytes.p[0] = 0x50;
  ck_assert_int_eq(packet_parse(DLT_RAW, buf_span(&bytes), &p), PACKET_OTHER);
  buf_fill(&bytes, 0, 40);
  ck_assert_int_eq(packet_parse(DLT_EN10MB, span_from(buf_span(&bytes), bytes.n - 40), &p),
                   PACKET_OTHER);
}
END_TEST

/* Network cards that join segments leave the length open: it may be more than 16 bits hold. */
START_TEST(a_length_of_zero_is_all_there_is) {
  struct packet p;
  put_packet(&bytes, &usual);
  bytes.p[2] = bytes.p[3] = 0;
  ck_assert_int_eq(packet_parse(DLT_RAW, buf_span(&bytes), &p), PACKET_TCP);
  expect_usual(DLT_RAW, &p);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("packet");
  TCase *t = tcase_create("packet");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, each_link_layer_is_taken_off);
  tcase_add_test(t, padding_is_no_data);
  tcase_add_test(t, what_was_cut_off_is_counted);
  tcase_add_test(t, headers_that_are_not_whole_are_told);
  tcase_add_test(t, fragments_are_told);
  tcase_add_test(t, fragments_of_ipv6_are_told);
  tcase_add_test(t, what_is_no_tcp_is_passed_over);
  tcase_add_test(t, a_length_of_zero_is_all_there_is);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
