#include "mcbp/frame.h"

#include "unit.h"

/* Builds the header and a body of counting bytes, from 1, of the length that the header tells. */
static struct buf frame_of(struct header h) {
  struct buf b;
  uint8_t head[HEADER_BYTES];
  buf_init(&b, 4096);
  header_pack(&h, head);
  buf_add(&b, head, sizeof head);
  for (uint32_t i = 1; i <= h.bodylen; i++)
    buf_add_byte(&b, (uint8_t)i);
  ck_assert(!b.failed);
  return b;
}

static void assert_span(struct span s, unsigned first, size_t n) {
  ck_assert_uint_eq(s.n, n);
  if (n > 0)
    ck_assert_uint_eq(s.p[0], first);
}

START_TEST(a_frame_is_cut_into_its_parts) {
  struct buf b = frame_of((struct header){
      .magic = MAGIC_ALT_REQUEST, .framinglen = 3, .extlen = 8, .keylen = 5, .bodylen = 26});
  struct frame f;
  ck_assert_int_eq(frame_cut(buf_span(&b), &f), FRAME_WHOLE);
  ck_assert_uint_eq(f.len, 50);
  ck_assert_uint_eq(f.h.bodylen, 26);
  assert_span(f.framing, 1, 3);
  assert_span(f.extras, 4, 8);
  assert_span(f.key, 12, 5);
  assert_span(f.value, 17, 10);
  buf_fini(&b);
}
END_TEST

START_TEST(what_follows_a_frame_is_left_alone) {
  struct buf b = frame_of((struct header){.magic = MAGIC_RESPONSE, .keylen = 2, .bodylen = 2});
  buf_add_str(&b, "not a frame");
  struct frame f;
  ck_assert_int_eq(frame_cut(buf_span(&b), &f), FRAME_WHOLE);
  ck_assert_uint_eq(f.len, 26);
  assert_span(f.key, 1, 2);
  assert_span(f.value, 0, 0);
  buf_fini(&b);
}
END_TEST

/* Copies each prefix to memory of its own size, so that a sanitizer sees a read past it. */
START_TEST(every_prefix_is_short) {
  struct buf b = frame_of((struct header){
      .magic = MAGIC_ALT_RESPONSE, .framinglen = 2, .extlen = 4, .keylen = 3, .bodylen = 12});
  for (size_t n = 0; n < b.n; n++) {
    uint8_t *prefix = malloc(n ? n : 1);
    memcpy(prefix, b.p, n);
    struct frame f;
    ck_assert_int_eq(frame_cut(span_of(prefix, n), &f), FRAME_SHORT);
    ck_assert_uint_eq(f.len, n < HEADER_BYTES ? 0 : b.n);
    free(prefix);
  }
  buf_fini(&b);
}
END_TEST

START_TEST(an_unknown_magic_is_no_frame_at_once) {
  struct frame f;
  ck_assert_int_eq(frame_cut(span_of("V", 1), &f), FRAME_NOT);
  ck_assert_int_eq(frame_cut(span_of("VALUE key 0 5\r\nhello\r\nEND\r\n", 27), &f), FRAME_NOT);
  ck_assert_int_eq(frame_cut(span_of(NULL, 0), &f), FRAME_SHORT);
  ck_assert_uint_eq(f.len, 0);
}
END_TEST

START_TEST(parts_must_fit_the_body) {
  struct header fits = {
      .magic = MAGIC_ALT_REQUEST, .framinglen = 255, .extlen = 255, .keylen = 255, .bodylen = 765};
  struct buf b = frame_of(fits);
  struct frame f;
  ck_assert_int_eq(frame_cut(buf_span(&b), &f), FRAME_WHOLE);
  assert_span(f.value, 0, 0);
  b.p[11]--;
  ck_assert_int_eq(frame_cut(buf_span(&b), &f), FRAME_NOT);
  ck_assert_int_eq(frame_cut(span_of(b.p, HEADER_BYTES), &f), FRAME_NOT);
  buf_fini(&b);

  b = frame_of((struct header){.magic = MAGIC_REQUEST});
  b.p[2] = b.p[3] = 0xff;
  ck_assert_int_eq(frame_cut(buf_span(&b), &f), FRAME_NOT);
  buf_fini(&b);
}
END_TEST

START_TEST(the_largest_body_is_only_short) {
  uint8_t head[HEADER_BYTES + 1] = {0};
  header_pack(&(struct header){.magic = MAGIC_REQUEST, .keylen = 250, .bodylen = UINT32_MAX}, head);
  struct frame f;
  ck_assert_int_eq(frame_cut(span_of(head, sizeof head), &f), FRAME_SHORT);
  ck_assert_uint_eq(f.len, HEADER_BYTES + (uint64_t)UINT32_MAX);
}
END_TEST

static void assert_borders(struct header h, size_t count, const size_t *expected) {
  struct buf b = frame_of(h);
  struct frame f;
  size_t offsets[4];
  ck_assert_int_eq(frame_cut(buf_span(&b), &f), FRAME_WHOLE);
  ck_assert_uint_eq(frame_borders(&f, offsets), count);
  for (size_t i = 0; i < count; i++)
    ck_assert_uint_eq(offsets[i], expected[i]);
  buf_fini(&b);
}

START_TEST(borders_stand_between_parts_that_are_there) {
  struct header h = {
      .magic = MAGIC_ALT_REQUEST, .framinglen = 3, .extlen = 8, .keylen = 5, .bodylen = 26};
  assert_borders(h, 4, (size_t[]){24, 27, 35, 40});
  h.bodylen = 16;
  assert_borders(h, 3, (size_t[]){24, 27, 35});
  h.extlen = 0;
  h.bodylen = 8;
  assert_borders(h, 2, (size_t[]){24, 27});
  assert_borders((struct header){.magic = MAGIC_RESPONSE, .bodylen = 9}, 1, (size_t[]){24});
  assert_borders((struct header){.magic = MAGIC_RESPONSE}, 0, NULL);
}
END_TEST

START_TEST(framing_extras_in_their_short_form) {
  struct buf b;
  buf_init(&b, 64);
  ck_assert(framing_put(&b, 0, span_of(NULL, 0)));
  ck_assert(framing_put(&b, 1, span_of("\x03", 1)));
  ck_assert(framing_put(&b, 14, span_of("12345678901234", 14)));
  ck_assert_mem_eq(b.p,
                   "\x00\x11\x03\xee"
                   "12345678901234",
                   18);
  ck_assert_uint_eq(b.n, 18);
  buf_fini(&b);
}
END_TEST

START_TEST(framing_extras_escape_identifier_then_length) {
  struct buf b;
  uint8_t data[271];
  memset(data, 'x', sizeof data);
  buf_init(&b, 1024);
  ck_assert(framing_put(&b, 15, span_of(data, 1)));
  ck_assert(framing_put(&b, 2, span_of(data, 15)));
  ck_assert_mem_eq(b.p, "\xf1\x00x\x2f\x00", 5);
  buf_reset(&b);
  ck_assert(framing_put(&b, 270, span_of(data, 269)));
  ck_assert_mem_eq(b.p, "\xff\xff\xfex", 4);
  ck_assert_uint_eq(b.n, 272);
  ck_assert(!framing_put(&b, 271, span_of(data, 1)));
  ck_assert(!framing_put(&b, 1, span_of(data, 271)));
  ck_assert_uint_eq(b.n, 272);
  buf_fini(&b);
}
END_TEST

START_TEST(a_framing_extra_is_added_whole_or_not_at_all) {
  struct buf b;
  buf_init(&b, 3);
  ck_assert(!framing_put(&b, 1, span_of("abc", 3)));
  ck_assert_uint_eq(b.n, 0);
  ck_assert(b.failed);
  buf_reset(&b);
  ck_assert(framing_put(&b, 1, span_of("ab", 2)));
  buf_fini(&b);
}
END_TEST

START_TEST(every_framing_extra_comes_back) {
  uint8_t data[270];
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)i;
  struct buf b;
  buf_init(&b, 1024);
  for (unsigned id = 0; id <= 270; id++) {
    size_t n = (id * 7) % 271;
    buf_reset(&b);
    ck_assert(framing_put(&b, id, span_of(data, n)));
    ck_assert(framing_put(&b, 0, span_of(data, 270 - n)));
    struct span rest = buf_span(&b), got;
    unsigned back;
    ck_assert(framing_next(&rest, &back, &got));
    ck_assert_uint_eq(back, id);
    ck_assert(span_eq(got, span_of(data, n)));
    ck_assert(framing_next(&rest, &back, &got));
    ck_assert_uint_eq(back, 0);
    ck_assert(span_eq(got, span_of(data, 270 - n)));
    ck_assert(!framing_next(&rest, &back, &got));
  }
  buf_fini(&b);
}
END_TEST

START_TEST(malformed_framing_extras_are_refused) {
  static const struct {
    const char *bytes;
    size_t n;
  } bad[] = {{"", 0},
             {"\x01", 1},
             {"\x12x", 2},
             {"\xf0", 1},
             {"\x0f", 1},
             {"\x0f\x00", 2},
             {"\xff\x01", 2},
             {"\xf1\x00", 2},
             {"\x0f\x01"
              "123456789012345",
              17}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct span rest = span_of(bad[i].bytes, bad[i].n), data;
    unsigned id;
    ck_assert_msg(!framing_next(&rest, &id, &data), "row %zu", i);
    ck_assert_uint_eq(rest.n, bad[i].n);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("frame");
  TCase *c = tcase_create("frame");
  tcase_add_test(c, a_frame_is_cut_into_its_parts);
  tcase_add_test(c, what_follows_a_frame_is_left_alone);
  tcase_add_test(c, every_prefix_is_short);
  tcase_add_test(c, an_unknown_magic_is_no_frame_at_once);
  tcase_add_test(c, parts_must_fit_the_body);
  tcase_add_test(c, the_largest_body_is_only_short);
  tcase_add_test(c, borders_stand_between_parts_that_are_there);
  tcase_add_test(c, framing_extras_in_their_short_form);
  tcase_add_test(c, framing_extras_escape_identifier_then_length);
  tcase_add_test(c, a_framing_extra_is_added_whole_or_not_at_all);
  tcase_add_test(c, every_framing_extra_comes_back);
  tcase_add_test(c, malformed_framing_extras_are_refused);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
