#include "base/arena.h"

#include <signal.h>
#include <stdalign.h>

#include "unit.h"

static struct arena a;

static void setup(void) {
  arena_init(&a);
}

static void teardown(void) {
  arena_fini(&a);
}

static size_t bytes_that_are(const uint8_t *p, size_t n, int value) {
  size_t found = 0;
  for (size_t i = 0; i < n; i++)
    found += p[i] == value;
  return found;
}

START_TEST(memory_is_zeroed_aligned_and_apart) {
  enum { COUNT = 600 };
  uint8_t *parts[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    parts[i] = arena_alloc(&a, i);
    ck_assert_uint_eq((uintptr_t)parts[i] % alignof(max_align_t), 0);
    ck_assert_uint_eq(bytes_that_are(parts[i], i, 0), i);
    memset(parts[i], (int)(i % 255 + 1), i);
  }
  for (size_t i = 0; i < COUNT; i++)
    ck_assert_uint_eq(bytes_that_are(parts[i], i, (int)(i % 255 + 1)), i);
}
END_TEST

START_TEST(a_large_piece_gets_its_room) {
  enum { LARGE = 1 << 20 };
  uint8_t *small = arena_alloc(&a, 8);
  uint8_t *large = arena_alloc(&a, LARGE);
  uint8_t *after = arena_alloc(&a, 8);
  memset(large, 0xff, LARGE);
  ck_assert_uint_eq(small[7], 0);
  ck_assert_uint_eq(after[0], 0);
}
END_TEST

START_TEST(copies_are_copies) {
  char text[] = "abc";
  char *copy = arena_copy(&a, text, 3);
  char *string = arena_str(&a, span_of(text, 2));
  text[0] = 'x';
  ck_assert_mem_eq(copy, "abc", 3);
  ck_assert_str_eq(string, "ab");
  ck_assert_str_eq(arena_str(&a, span_of(NULL, 0)), "");
  ck_assert_ptr_nonnull(arena_copy(&a, NULL, 0));
}
END_TEST

START_TEST(a_size_beyond_all_memory_aborts) {
  arena_alloc(&a, SIZE_MAX);
}
END_TEST

START_TEST(an_arena_can_be_used_again) {
  arena_alloc(&a, 5000);
  arena_fini(&a);
  ck_assert_ptr_null(a.blocks);
  arena_fini(&a);
  ck_assert_str_eq(arena_str(&a, span_str("again")), "again");
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("arena");
  TCase *c = tcase_create("arena");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, memory_is_zeroed_aligned_and_apart);
  tcase_add_test(c, a_large_piece_gets_its_room);
  tcase_add_test(c, copies_are_copies);
  tcase_add_test_raise_signal(c, a_size_beyond_all_memory_aborts, SIGABRT);
  tcase_add_test(c, an_arena_can_be_used_again);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
