#include "base/buf.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "unit.h"

static struct buf b;

static void setup(void) {
  buf_init(&b, 100);
}

static void teardown(void) {
  buf_fini(&b);
}

START_TEST(additions_stand_in_order) {
  ck_assert(buf_add(&b, "ab", 2));
  ck_assert(buf_add_byte(&b, 'c'));
  ck_assert(buf_add_str(&b, "de"));
  ck_assert(buf_add_span(&b, span_of("fgh", 2)));
  ck_assert(buf_addf(&b, "%d-%s", 42, "x"));
  ck_assert(buf_fill(&b, 'z', 3));
  ck_assert(buf_add(&b, NULL, 0));
  ck_assert_str_eq(buf_cstr(&b), "abcdefg42-xzzz");
  ck_assert_uint_eq(buf_span(&b).n, 14);
}
END_TEST

START_TEST(numbers_are_in_digits) {
  static const uint64_t numbers[] = {0, 9, 10, 15, 16, 255, 4096, 1234567890123, UINT64_MAX};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    char want[64];
    snprintf(want, sizeof want, "%" PRIu64 " 0x%" PRIx64, numbers[i], numbers[i]);
    buf_reset(&b);
    ck_assert(buf_add_decimal(&b, numbers[i]) && buf_add_byte(&b, ' ') &&
              buf_add_hex(&b, numbers[i]));
    ck_assert_str_eq(buf_cstr(&b), want);
  }
}
END_TEST

START_TEST(the_cap_is_reached_exactly) {
  ck_assert(buf_fill(&b, 'a', 60));
  ck_assert(buf_add_str(&b, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"));
  ck_assert_uint_eq(b.n, 100);
  ck_assert_uint_eq(strlen(buf_cstr(&b)), 100);
  ck_assert(!buf_add_byte(&b, 'c'));
  ck_assert_uint_eq(b.n, 100);
}
END_TEST

START_TEST(failure_stays_until_reset) {
  ck_assert(buf_fill(&b, 'a', 99));
  ck_assert(!buf_add_str(&b, "bb"));
  ck_assert(b.failed);
  ck_assert_uint_eq(b.n, 99);
  ck_assert(!buf_add_byte(&b, 'b'));
  ck_assert(!buf_addf(&b, "%c", 'b'));
  ck_assert(!buf_fill(&b, 'b', 1));
  ck_assert_ptr_null(buf_reserve(&b, 1));
  ck_assert_uint_eq(b.n, 99);
  buf_reset(&b);
  ck_assert(!b.failed);
  ck_assert(buf_add_byte(&b, 'b'));
  ck_assert_str_eq(buf_cstr(&b), "b");
}
END_TEST

START_TEST(a_huge_addition_does_not_wrap) {
  ck_assert(buf_add_byte(&b, 'a'));
  ck_assert(!buf_fill(&b, 'b', SIZE_MAX));
  ck_assert(b.failed);
}
END_TEST

START_TEST(a_size_beyond_all_memory_aborts) {
  struct buf endless;
  buf_init(&endless, SIZE_MAX);
  buf_reserve(&endless, SIZE_MAX);
}
END_TEST

START_TEST(reserved_room_is_writable) {
  for (size_t n = 0; n <= 100; n++) {
    buf_reset(&b);
    uint8_t *to = buf_reserve(&b, n);
    ck_assert_ptr_nonnull(to);
    memset(to, 'r', n);
    b.n += n;
    ck_assert_uint_eq(strlen(buf_cstr(&b)), n);
  }
}
END_TEST

START_TEST(dropping_keeps_the_rest) {
  buf_drop(&b, 0);
  buf_add_str(&b, "abcdef");
  buf_drop(&b, 2);
  ck_assert_str_eq(buf_cstr(&b), "cdef");
  buf_drop(&b, 4);
  ck_assert_str_eq(buf_cstr(&b), "");
}
END_TEST

START_TEST(dropping_too_much_aborts) {
  buf_add_str(&b, "abc");
  buf_drop(&b, 4);
}
END_TEST

START_TEST(taking_leaves_an_empty_buffer) {
  buf_add_str(&b, "abc");
  char *s = buf_take(&b);
  ck_assert_str_eq(s, "abc");
  free(s);
  ck_assert_uint_eq(b.n, 0);
  ck_assert_uint_eq(b.cap, 100);
  ck_assert(buf_add_str(&b, "d"));
  ck_assert_str_eq(buf_cstr(&b), "d");
  free(buf_take(&b));
  s = buf_take(&b);
  ck_assert_str_eq(s, "");
  free(s);
}
END_TEST

START_TEST(an_empty_buffer_is_an_empty_string) {
  ck_assert_str_eq(buf_cstr(&b), "");
  buf_fini(&b);
  buf_init(&b, 0);
  ck_assert(buf_add_str(&b, ""));
  ck_assert_str_eq(buf_cstr(&b), "");
  ck_assert(!buf_add_byte(&b, 'a'));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("buf");
  TCase *c = tcase_create("buf");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, additions_stand_in_order);
  tcase_add_test(c, numbers_are_in_digits);
  tcase_add_test(c, the_cap_is_reached_exactly);
  tcase_add_test(c, failure_stays_until_reset);
  tcase_add_test(c, a_huge_addition_does_not_wrap);
  tcase_add_test_raise_signal(c, a_size_beyond_all_memory_aborts, SIGABRT);
  tcase_add_test(c, reserved_room_is_writable);
  tcase_add_test(c, dropping_keeps_the_rest);
  tcase_add_test_raise_signal(c, dropping_too_much_aborts, SIGABRT);
  tcase_add_test(c, taking_leaves_an_empty_buffer);
  tcase_add_test(c, an_empty_buffer_is_an_empty_string);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
