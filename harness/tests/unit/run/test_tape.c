/* What a tape holds, up to its cap, and what is read off it. */
#include "run/tape.h"

#include "base/check.h"
#include "mcbp/header.h"
#include "run/stream.h"
#include "unit.h"

static struct tape tape;

static void setup(void) {
  tape_init(&tape, 4096);
}

static void teardown(void) {
  tape_fini(&tape);
}

static void sent(unsigned conn, bool own, const char *text) {
  tape_add(&tape, TAPE_SENT, conn, own, 1, span_str(text));
}

static void came(unsigned conn, const char *text) {
  tape_add(&tape, TAPE_CAME, conn, false, 2, span_str(text));
}

static void happened(unsigned conn, enum tape_kind kind) {
  tape_add(&tape, kind, conn, false, 3, (struct span){0});
}

static void check_stream(unsigned conn, bool from_server, const char *want) {
  struct buf b;
  buf_init(&b, 4096);
  buf_add_str(&b, "before ");
  tape_stream(&tape, conn, from_server, &b);
  char *whole = xasprintf("before %s", want);
  ck_assert_str_eq(buf_cstr(&b), whole);
  free(whole);
  buf_fini(&b);
}

START_TEST(streams_are_told_apart) {
  sent(1, false, "ab");
  sent(2, false, "x");
  came(1, "12");
  sent(1, false, "c");
  came(2, "9");
  came(1, "3");
  check_stream(1, false, "abc");
  check_stream(1, true, "123");
  check_stream(2, false, "x");
  check_stream(2, true, "9");
  check_stream(3, true, "");
}
END_TEST

START_TEST(the_driver_s_own_noop_is_left_out) {
  uint8_t answer[HEADER_BYTES];
  stream_fence_answer(1, answer);
  sent(1, false, "ab");
  came(1, "12");
  sent(1, true, "fence");
  tape_add(&tape, TAPE_CAME, 1, false, 9, span_of(answer, 10));
  tape_add(&tape, TAPE_CAME, 1, false, 9, span_of(answer + 10, HEADER_BYTES - 10));
  check_stream(1, false, "ab");
  check_stream(1, true, "12");
}
END_TEST

/* The same bytes are an answer like any other when nothing has been asked for. */
START_TEST(what_only_looks_like_its_answer_stays) {
  uint8_t answer[HEADER_BYTES];
  struct buf b;
  stream_fence_answer(1, answer);
  tape_add(&tape, TAPE_CAME, 1, false, 9, span_of(answer, sizeof answer));
  buf_init(&b, 4096);
  tape_stream(&tape, 1, true, &b);
  ck_assert(span_eq(buf_span(&b), span_of(answer, sizeof answer)));
  buf_fini(&b);
}
END_TEST

START_TEST(the_last_end_counts) {
  ck_assert_int_eq(tape_end(&tape, 1), TAPE_CLOSED);
  happened(1, TAPE_OPENED);
  happened(1, TAPE_RESET);
  ck_assert_int_eq(tape_end(&tape, 1), TAPE_RESET);
  happened(1, TAPE_OPENED);
  ck_assert_int_eq(tape_end(&tape, 1), TAPE_CLOSED);
  happened(1, TAPE_HALF_CLOSED);
  happened(1, TAPE_ENDED);
  ck_assert_int_eq(tape_end(&tape, 1), TAPE_ENDED);
  ck_assert_int_eq(tape_end(&tape, 2), TAPE_CLOSED);
}
END_TEST

static size_t held(void) {
  return tape.bytes.n + tape.entries.n * sizeof(struct tape_entry);
}

/* A few long chunks, or very many short ones. */
START_TEST(the_cap_bounds_entries_and_bytes) {
  static const char *const chunks[] = {"0123456789012345678901234567890123456789", "x", ""};
  for (size_t i = 0; i < 10000; i++)
    came(1, chunks[_i]);
  ck_assert(tape.full);
  ck_assert_uint_le(held(), 4096);
  ck_assert_uint_gt(held() + sizeof(struct tape_entry) + 40, 4096);
}
END_TEST

START_TEST(what_does_not_fit_is_not_cut) {
  char *big = xmalloc(5001);
  memset(big, 'x', 5000);
  big[5000] = '\0';
  came(1, "a");
  came(1, big);
  came(1, "b"); /* would fit, but what lies before is missing */
  ck_assert(tape.full);
  check_stream(1, true, "a");
  tape_reset(&tape);
  ck_assert(!tape.full);
  check_stream(1, true, "");
  came(1, "c");
  check_stream(1, true, "c");
  free(big);
}
END_TEST

START_TEST(ends_and_reads_are_known_beyond_the_cap) {
  static const char large[4096];
  tape_add(&tape, TAPE_CAME, 1, false, 1, span_of(large, sizeof large));
  ck_assert(tape.full);
  came(1, "123");
  happened(1, TAPE_RESET);
  ck_assert_uint_eq(tape.entries.n, 0);
  ck_assert_int_eq(tape_end(&tape, 1), TAPE_RESET);
  ck_assert_uint_eq(tape.reads, 2);
  ck_assert_uint_eq(tape.read_bytes, sizeof large + 3);
  tape_reset(&tape);
  ck_assert_int_eq(tape_end(&tape, 1), TAPE_CLOSED);
  ck_assert_uint_eq(tape.reads + tape.read_bytes, 0);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("tape");
  TCase *t = tcase_create("tape");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, streams_are_told_apart);
  tcase_add_test(t, the_driver_s_own_noop_is_left_out);
  tcase_add_test(t, what_only_looks_like_its_answer_stays);
  tcase_add_test(t, the_last_end_counts);
  tcase_add_loop_test(t, the_cap_bounds_entries_and_bytes, 0, 3);
  tcase_add_test(t, what_does_not_fit_is_not_cut);
  tcase_add_test(t, ends_and_reads_are_known_beyond_the_cap);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
