#include "net/tcp_order.h"

#include <netinet/tcp.h>
#include <stdio.h>

#include "base/check.h"
#include "base/rng.h"
#include "unit.h"

static struct tcp_order order;
static struct buf told; /* > and < before what the sides sent; F, R and D for what else happened */

static void told_cb(void *arg, enum tcp_what what, unsigned side, uint64_t usec,
                    struct span bytes) {
  static const char words[] = {[TCP_ENDED] = 'F', [TCP_RESET] = 'R', [TCP_DIFFERS] = 'D'};
  (void)arg, (void)usec;
  buf_add_byte(&told, side ? '<' : '>');
  if (what == TCP_DATA)
    buf_add_span(&told, bytes);
  else
    buf_add_byte(&told, (uint8_t)words[what]);
}

static const struct tcp_sink sink = {told_cb, NULL};

static void setup(void) {
  tcp_order_init(&order);
  buf_init(&told, 1 << 26);
}

static void teardown(void) {
  tcp_order_fini(&order);
  buf_fini(&told);
}

static bool add(unsigned side, uint32_t seq, uint32_t ack, uint8_t flags, const char *data) {
  const struct packet p = {.seq = seq, .ack = ack, .flags = flags, .data = span_str(data)};
  return tcp_order_add(&order, side, 0, &p, &sink);
}

/* The client's first byte is 1001, the server's 5001. */
static void shake(void) {
  add(0, 1000, 0, TH_SYN, "");
  add(1, 5000, 1001, TH_SYN | TH_ACK, "");
  add(0, 1001, 5001, TH_ACK, "");
}

static void expect(const char *want) {
  ck_assert_str_eq(buf_cstr(&told), want);
}

START_TEST(segments_are_put_in_order) {
  shake();
  add(0, 1004, 5001, TH_ACK, "def");
  add(0, 1007, 5001, TH_ACK, "gh");
  expect("");
  add(0, 1001, 5001, TH_ACK, "abc");
  expect(">abc>def>gh");
}
END_TEST

/* An answer waits for what it acknowledges: the request was captured after it. */
START_TEST(an_answer_waits_for_its_request) {
  shake();
  add(1, 5001, 1004, TH_ACK, "xyz");
  expect("");
  add(0, 1001, 5001, TH_ACK, "abc");
  add(0, 1004, 5004, TH_ACK, "def");
  expect(">abc<xyz>def");
}
END_TEST

START_TEST(what_comes_again_is_told_once) {
  shake();
  add(0, 1001, 5001, TH_ACK, "abc");
  add(0, 1001, 5001, TH_ACK, "abc");
  add(0, 1000, 5001, TH_ACK, "?"); /* a probe */
  add(0, 1002, 5001, TH_ACK, "bcdef");
  expect(">abc>def");
}
END_TEST

START_TEST(what_comes_again_and_differs_is_told_and_not_taken) {
  shake();
  add(0, 1001, 5001, TH_ACK, "abc");
  add(0, 1002, 5001, TH_ACK, "bXdef");
  expect(">abc>D>def");
}
END_TEST

/* Of two that wait and overlap, the bytes of the one that came first count. */
START_TEST(of_overlapping_segments_the_first_counts) {
  shake();
  add(0, 1005, 5001, TH_ACK, "EFG");
  add(0, 1003, 5001, TH_ACK, "cdefghi");
  add(0, 1001, 5001, TH_ACK, "ab");
  expect(">ab>cd>EFG>D>hi");
}
END_TEST

START_TEST(ends_are_told_in_their_place) {
  shake();
  add(0, 1004, 5001, TH_ACK | TH_FIN, "de");
  add(0, 1001, 5001, TH_ACK, "abc");
  add(0, 1004, 5001, TH_ACK | TH_FIN, "de");
  add(1, 5001, 1007, TH_ACK | TH_FIN, "x");
  expect(">abc>de>F<x<F");
  unsigned side;
  size_t bytes;
  ck_assert(!tcp_order_lacks(&order, &side, &bytes));
}
END_TEST

START_TEST(a_reset_waits_for_what_is_before_it) {
  shake();
  add(0, 1004, 0, TH_RST, "");
  add(0, 1001, 5001, TH_ACK, "abc");
  expect(">abc>R");
}
END_TEST

START_TEST(numbers_start_again_at_2_to_the_32) {
  add(0, 0xfffffffc, 0, TH_SYN, "");
  add(1, 0xffffffff, 0xfffffffd, TH_SYN | TH_ACK, "");
  add(0, 2, 0, TH_ACK, "fg");
  add(0, 0xfffffffd, 0, TH_ACK, "abcde");
  add(1, 0, 4, TH_ACK, "x");
  expect(">abcde>fg<x");
}
END_TEST

START_TEST(a_start_in_the_middle_begins_with_what_comes) {
  add(1, 800, 300, TH_ACK, "x");
  add(0, 300, 801, TH_ACK, "a");
  add(1, 801, 301, TH_ACK, "y");
  expect("<x>a<y");
}
END_TEST

START_TEST(what_is_missing_is_told) {
  unsigned side;
  size_t bytes;
  shake();
  add(0, 1001, 5001, TH_ACK, "abc");
  ck_assert(!tcp_order_lacks(&order, &side, &bytes));
  add(0, 1009, 5001, TH_ACK, "z");
  ck_assert(tcp_order_lacks(&order, &side, &bytes));
  ck_assert_uint_eq(side, 0);
  ck_assert_uint_eq(bytes, 5);
}
END_TEST

/* The server's last answer was not captured: the client says that it came. */
START_TEST(what_is_missing_at_the_end_is_told) {
  unsigned side;
  size_t bytes;
  shake();
  add(0, 1001, 5001, TH_ACK, "abc");
  add(0, 1004, 5031, TH_ACK, "");
  ck_assert(tcp_order_lacks(&order, &side, &bytes));
  ck_assert_uint_eq(side, 1);
  ck_assert_uint_eq(bytes, 30);
}
END_TEST

/* The answer to a lost request is there, and acknowledged; it only waits for that. */
START_TEST(what_waits_is_not_missing) {
  unsigned side;
  size_t bytes;
  shake();
  add(0, 1009, 5001, TH_ACK, "z");
  add(1, 5001, 1010, TH_ACK, "answer");
  add(0, 1010, 5007, TH_ACK, "");
  ck_assert(tcp_order_lacks(&order, &side, &bytes));
  ck_assert_uint_eq(side, 0);
  ck_assert_uint_eq(bytes, 8);
  teardown();
  setup();
  add(1, 1000, 0, TH_SYN, ""); /* the sides the other way round */
  add(0, 5000, 1001, TH_SYN | TH_ACK, "");
  add(1, 1009, 5001, TH_ACK, "z");
  add(0, 5001, 1010, TH_ACK | TH_FIN, "answer");
  add(1, 1010, 5008, TH_ACK, "");
  ck_assert(tcp_order_lacks(&order, &side, &bytes));
  ck_assert_uint_eq(side, 1);
  ck_assert_uint_eq(bytes, 8);
}
END_TEST

/* Cut off by the capture: what follows waits for the rest, which may come again. */
START_TEST(what_was_cut_off_can_come_again) {
  const struct packet cut = {
      .seq = 1001, .ack = 5001, .flags = TH_ACK, .data = span_str("ab"), .missing = 1};
  shake();
  tcp_order_add(&order, 0, 0, &cut, &sink);
  add(0, 1004, 5001, TH_ACK, "d");
  expect(">ab");
  add(0, 1001, 5001, TH_ACK, "abc");
  expect(">ab>c>d");
}
END_TEST

START_TEST(no_more_is_held_than_may_be) {
  shake();
  uint32_t held = 0;
  while (add(0, 1002 + 2 * held, 5001, TH_ACK, "x"))
    held++;
  ck_assert_uint_eq(held, 1024);
  static char large[(1 << 20) + 1];
  memset(large, 'x', sizeof large - 1);
  teardown();
  setup();
  shake();
  ck_assert(add(0, 1002, 5001, TH_ACK, large));
  ck_assert(!add(0, 1002 + (1 << 20), 5001, TH_ACK, "x"));
}
END_TEST

/* A conversation in segments that are shuffled near to their place, overlap and come twice: the
 * streams come out as they were, and no answer before what it acknowledges. */
START_TEST(any_disorder_comes_out_in_order) {
  enum { ROUNDS = 400, TURNS = 40, PIECES = 400, NEAR = 6 };
  struct piece {
    unsigned side;
    uint32_t seq, ack;
    size_t off, n;
  };
  struct rng rng = rng_of(0x6f72646572);
  for (int round = 0; round < ROUNDS; round++) {
    static char streams[2][1 << 16];
    static struct piece pieces[PIECES];
    size_t n = 0, sent[2] = {0};
    struct buf want;
    uint32_t isn[2] = {(uint32_t)rng_next(&rng), (uint32_t)rng_next(&rng)};
    buf_init(&want, 1 << 20);
    for (int turn = 0; turn < TURNS; turn++) {
      unsigned side = turn & 1;
      size_t length = 1 + rng_below(&rng, 60), end = sent[side] + length;
      for (size_t i = sent[side]; i < end; i++)
        streams[side][i] = (char)((side ? 'a' : 'A') + rng_below(&rng, 26));
      buf_add(&want, streams[side] + sent[side], length);
      while (sent[side] < end) {
        size_t back = rng_below(&rng, 3) ? 0 : rng_below(&rng, sent[side] < 9 ? sent[side] + 1 : 9);
        size_t forth = 1 + rng_below(&rng, end - sent[side]);
        pieces[n++] =
            (struct piece){side, isn[side] + 1 + (uint32_t)(sent[side] - back),
                           isn[!side] + 1 + (uint32_t)sent[!side], sent[side] - back, back + forth};
        sent[side] += forth;
        if (n > 1 && rng_below(&rng, 6) == 0)
          pieces[n] = pieces[rng_below(&rng, n)], n++;
        ck_assert_uint_lt(n, PIECES - 1);
      }
    }
    for (size_t i = 0; i + 1 < n; i++) {
      size_t k = i + rng_below(&rng, NEAR);
      struct piece p = pieces[i];
      if (k < n) {
        pieces[i] = pieces[k];
        pieces[k] = p;
      }
    }
    setup();
    add(0, isn[0], 0, TH_SYN, "");
    add(1, isn[1], isn[0] + 1, TH_SYN | TH_ACK, "");
    for (size_t i = 0; i < n; i++) {
      const struct piece *q = &pieces[i];
      const struct packet p = {.seq = q->seq,
                               .ack = q->ack,
                               .flags = TH_ACK,
                               .data = span_of(streams[q->side] + q->off, q->n)};
      ck_assert(tcp_order_add(&order, q->side, 0, &p, &sink));
    }
    size_t kept = 0; /* without the marks of the sides */
    for (size_t i = 0; i < told.n; i++)
      if (told.p[i] != '<' && told.p[i] != '>')
        told.p[kept++] = told.p[i];
    told.n = kept;
    ck_assert_msg(span_eq(buf_span(&told), buf_span(&want)), "round %d:\n%s\n%s", round,
                  buf_cstr(&told), buf_cstr(&want));
    buf_fini(&want);
    teardown();
  }
  setup();
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("tcp_order");
  TCase *t = tcase_create("tcp_order");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, segments_are_put_in_order);
  tcase_add_test(t, an_answer_waits_for_its_request);
  tcase_add_test(t, what_comes_again_is_told_once);
  tcase_add_test(t, what_comes_again_and_differs_is_told_and_not_taken);
  tcase_add_test(t, of_overlapping_segments_the_first_counts);
  tcase_add_test(t, ends_are_told_in_their_place);
  tcase_add_test(t, a_reset_waits_for_what_is_before_it);
  tcase_add_test(t, numbers_start_again_at_2_to_the_32);
  tcase_add_test(t, a_start_in_the_middle_begins_with_what_comes);
  tcase_add_test(t, what_is_missing_is_told);
  tcase_add_test(t, what_is_missing_at_the_end_is_told);
  tcase_add_test(t, what_waits_is_not_missing);
  tcase_add_test(t, what_was_cut_off_can_come_again);
  tcase_add_test(t, no_more_is_held_than_may_be);
  tcase_add_test(t, any_disorder_comes_out_in_order);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
