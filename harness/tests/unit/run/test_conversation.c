/* A tape as text: frames whole however they were cut, what is none, and the driver's own. */
#include "run/conversation.h"

#include "compiled.h"
#include "run/stream.h"

static struct tape tape;

static void setup(void) {
  tape_init(&tape, 1 << 20);
}

static void teardown(void) {
  tape_fini(&tape);
}

/* The bytes of a frame of the notation, in chunks of `piece` bytes, one a microsecond. */
static void pass(uint64_t usec, unsigned conn, enum tape_kind kind, const char *line,
                 size_t piece) {
  struct buf b;
  buf_init(&b, 1 << 16);
  add_line_bytes(&b, line, kind == TAPE_SENT);
  for (struct span rest = buf_span(&b); rest.n > 0; rest = span_from(rest, piece))
    tape_add(&tape, kind, conn, false, usec++, span_sub(rest, 0, piece));
  buf_fini(&b);
}

static void happened(uint64_t usec, unsigned conn, enum tape_kind kind) {
  tape_add(&tape, kind, conn, false, usec, (struct span){0});
}

static void check(const char *want) {
  char *text;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  conversation_write(out, &tape, DIALECT_STOCK);
  fclose(out);
  ck_assert_str_eq(text, want);
  free(text);
}

START_TEST(frames_stand_where_they_are_whole) {
  happened(5, 1, TAPE_OPENED);
  pass(10, 1, TAPE_SENT, "get key=\"k\" opaque=1", 5);
  pass(20, 2, TAPE_SENT, "noop opaque=7", 24);
  pass(30, 1, TAPE_CAME, "get status=key_enoent value=\"Not found\" opaque=1", 20);
  happened(40, 1, TAPE_HALF_CLOSED);
  happened(50, 1, TAPE_ENDED);
  check("         5 us  c1 connect\n"
        "        14 us  c1 > get key=\"k\" opaque=0x1  # in 5 chunks since 10 us\n"
        "        20 us  c2 > noop opaque=0x7\n"
        "        31 us  c1 < get status=key_enoent value=\"Not found\" opaque=0x1"
        "  # in 2 chunks since 30 us\n"
        "        40 us  c1 half-close\n"
        "        50 us  c1 < closed\n");
}
END_TEST

START_TEST(frames_that_came_together_stand_apart) {
  struct buf b;
  buf_init(&b, 1 << 16);
  add_line_bytes(&b, "noop opaque=1", false);
  add_line_bytes(&b, "noop opaque=2", false);
  add_line_bytes(&b, "noop opaque=3", false);
  tape_add(&tape, TAPE_CAME, 1, false, 1, span_sub(buf_span(&b), 0, 60));
  tape_add(&tape, TAPE_CAME, 1, false, 2, span_from(buf_span(&b), 60));
  check("         1 us  c1 < noop opaque=0x1\n"
        "         1 us  c1 < noop opaque=0x2\n"
        "         2 us  c1 < noop opaque=0x3  # in 2 chunks since 1 us\n");
  buf_fini(&b);
}
END_TEST

START_TEST(what_is_not_whole_is_told_at_the_end) {
  pass(1, 1, TAPE_CAME, "get status=key_enoent value=\"Not found\"", 30);
  tape.entries.n--; /* three bytes are missing */
  pass(8, 2, TAPE_CAME, "noop opaque=2", 24);
  happened(9, 1, TAPE_RESET);
  check("         8 us  c2 < noop opaque=0x2\n"
        "         9 us  c1 < get status=key_enoent value=\"Not fo\" (30 of 33 bytes)\n"
        "         9 us  c1 < closed  # by a reset, or never connected\n");
}
END_TEST

START_TEST(what_is_no_frame_is_raw_from_there_on) {
  pass(1, 1, TAPE_CAME, "noop", 24);
  tape_add(&tape, TAPE_CAME, 1, false, 2, span_str("what"));
  pass(3, 1, TAPE_CAME, "raw \"ever\"", 4);
  tape.full = true;
  check("         1 us  c1 < noop\n"
        "         2 us  c1 < raw \"what\"\n"
        "         3 us  c1 < raw \"ever\"\n"
        "# there was more, which is not kept\n");
}
END_TEST

START_TEST(the_driver_s_own_is_marked) {
  uint8_t fence[HEADER_BYTES], answer[HEADER_BYTES];
  stream_fence(1, fence);
  stream_fence_answer(1, answer);
  tape_add(&tape, TAPE_CAME, 1, false, 1, span_of(answer, sizeof answer)); /* unasked */
  tape_add(&tape, TAPE_SENT, 1, true, 2, span_of(fence, sizeof fence));
  tape_add(&tape, TAPE_CAME, 1, false, 3, span_of(answer, sizeof answer));
  check("         1 us  c1 < noop opaque=0xfe9ce001\n"
        "         2 us  c1 > noop opaque=0xfe9ce001  # the driver's own noop\n"
        "         3 us  c1 < noop opaque=0xfe9ce001  # answers the driver's own noop\n");
}
END_TEST

START_TEST(nothing_is_nothing) {
  check("");
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("conversation");
  TCase *t = tcase_create("conversation");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, frames_stand_where_they_are_whole);
  tcase_add_test(t, frames_that_came_together_stand_apart);
  tcase_add_test(t, what_is_not_whole_is_told_at_the_end);
  tcase_add_test(t, what_is_no_frame_is_raw_from_there_on);
  tcase_add_test(t, the_driver_s_own_is_marked);
  tcase_add_test(t, nothing_is_nothing);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
