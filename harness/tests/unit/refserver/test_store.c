#include "refserver/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

enum { LIMIT = 1 << 20 };

static struct clock time_of_day;
static struct store store;

static void setup(void) {
  clock_init(&time_of_day);
  store_init(&store, &time_of_day, LIMIT);
}

static void teardown(void) {
  store_fini(&store);
}

static struct item *make(const char *key, const char *value) {
  struct item *it = item_new(span_str(key), strlen(value));
  memcpy(item_room(it), value, strlen(value));
  return it;
}

/* Puts an item in, and gives the CAS that it got, or 0. */
static uint64_t put(const char *key, const char *value, enum store_mode mode, uint64_t cas,
                    enum store_end expected) {
  struct item *it = make(key, value);
  ck_assert_int_eq(store_put(&store, it, mode, cas), expected);
  uint64_t given = expected == STORE_DONE ? it->cas : 0;
  item_release(it);
  return given;
}

static void put_expiring(const char *key, uint32_t expiry) {
  struct item *it = make(key, "v");
  it->expires_ms = clock_expiry(&time_of_day, expiry);
  ck_assert_int_eq(store_put(&store, it, STORE_SET, 0), STORE_DONE);
  item_release(it);
}

/* NULL as the value: there must be none. */
static void must_hold(const char *key, const char *value) {
  struct item *it = store_get(&store, span_str(key));
  if (!value) {
    ck_assert_ptr_null(it);
    return;
  }
  ck_assert_ptr_nonnull(it);
  ck_assert(span_is(item_key(it), key));
  ck_assert(span_is(item_value(it), value));
  item_release(it);
}

static struct store_figures figures(void) {
  struct store_figures f;
  store_figures(&store, &f);
  return f;
}

START_TEST(modes_want_a_key_to_be_there_or_not) {
  put("k", "v", STORE_REPLACE, 0, STORE_ABSENT);
  must_hold("k", NULL);
  put("k", "added", STORE_ADD, 0, STORE_DONE);
  put("k", "again", STORE_ADD, 0, STORE_EXISTS);
  must_hold("k", "added");
  put("k", "replaced", STORE_REPLACE, 0, STORE_DONE);
  put("k", "set", STORE_SET, 0, STORE_DONE);
  must_hold("k", "set");
  ck_assert_uint_eq(figures().items, 1);
}
END_TEST

START_TEST(cas_guards_and_is_renewed) {
  put("k", "v", STORE_SET, 7, STORE_ABSENT);
  uint64_t first = put("k", "v", STORE_SET, 0, STORE_DONE);
  ck_assert_uint_ne(first, 0);
  uint64_t second = put("k", "w", STORE_SET, first, STORE_DONE);
  ck_assert_uint_gt(second, first);
  put("k", "x", STORE_SET, first, STORE_EXISTS);
  put("k", "x", STORE_REPLACE, first, STORE_EXISTS);
  put("k", "x", STORE_ADD, second, STORE_EXISTS);
  must_hold("k", "w");
  ck_assert_int_eq(store_delete(&store, span_str("k"), first), STORE_EXISTS);
  ck_assert_int_eq(store_delete(&store, span_str("k"), second), STORE_DONE);
  ck_assert_int_eq(store_delete(&store, span_str("k"), 0), STORE_ABSENT);
}
END_TEST

START_TEST(swap_needs_the_item_that_was_read) {
  put_expiring("k", 100);
  struct item *old = store_get(&store, span_str("k"));
  struct item *longer = make("k", "vv"), *late = make("k", "vvv");
  ck_assert_int_eq(store_swap(&store, old, longer), STORE_DONE);
  ck_assert_int_eq(store_swap(&store, old, late), STORE_EXISTS);
  must_hold("k", "vv");
  clock_move(&time_of_day, 101); /* the expiry is that of the old one */
  must_hold("k", NULL);
  ck_assert_int_eq(store_swap(&store, longer, late), STORE_EXISTS);
  item_release(old);
  item_release(longer);
  item_release(late);
}
END_TEST

START_TEST(reference_outlives_what_the_store_does) {
  put("k", "old", STORE_SET, 0, STORE_DONE);
  struct item *held = store_get(&store, span_str("k"));
  put("k", "new", STORE_SET, 0, STORE_DONE);
  store_flush(&store, 0);
  ck_assert(span_is(item_value(held), "old"));
  ck_assert_uint_eq(atomic_load(&held->refs), 1);
  item_release(held);
}
END_TEST

START_TEST(items_expire_when_the_clock_says_so) {
  put_expiring("never", 0);
  put_expiring("soon", 10);
  put_expiring("month", 2592000);
  put_expiring("1970", 2592001);
  must_hold("1970", NULL);
  clock_move(&time_of_day, 9);
  must_hold("soon", "v");
  clock_move(&time_of_day, 10);
  must_hold("soon", NULL);
  must_hold("month", "v");
  clock_move(&time_of_day, 2592000);
  must_hold("month", NULL);
  must_hold("never", "v");
  ck_assert_uint_eq(figures().expired, 3);
  ck_assert_uint_eq(figures().items, 1);
}
END_TEST

START_TEST(touch_hands_out_what_it_ends) {
  put_expiring("k", 10);
  struct item *it = store_touch(&store, span_str("k"), clock_expiry(&time_of_day, 0));
  item_release(it);
  clock_move(&time_of_day, 11);
  must_hold("k", "v");
  it = store_touch(&store, span_str("k"), clock_expiry(&time_of_day, 2592001));
  ck_assert_ptr_nonnull(it);
  item_release(it);
  ck_assert_ptr_null(store_touch(&store, span_str("k"), 0));
}
END_TEST

START_TEST(flush_takes_all_when_its_time_has_come) {
  put("a", "1", STORE_SET, 0, STORE_DONE);
  store_flush(&store, clock_expiry(&time_of_day, 60));
  put("b", "2", STORE_SET, 0, STORE_DONE);
  must_hold("a", "1");
  clock_move(&time_of_day, 60);
  put("c", "3", STORE_SET, 0, STORE_DONE); /* behind the flush, though it is the first to look */
  must_hold("a", NULL);
  must_hold("b", NULL);
  must_hold("c", "3");
  store_flush(&store, 0);
  must_hold("c", NULL);
  ck_assert_uint_eq(figures().bytes, 0);
}
END_TEST

static void put_large(unsigned number) {
  char key[16];
  snprintf(key, sizeof key, "k%u", number);
  struct item *it = item_new(span_str(key), LIMIT / 10);
  memset(item_room(it), 'x', LIMIT / 10);
  ck_assert_int_eq(store_put(&store, it, STORE_SET, 0), STORE_DONE);
  item_release(it);
}

START_TEST(least_recently_used_go_first) {
  for (unsigned i = 0; i < 9; i++)
    put_large(i);
  ck_assert_uint_eq(figures().evictions, 0);
  item_release(store_get(&store, span_str("k0")));
  item_release(store_touch(&store, span_str("k2"), 0));
  put_large(9);
  put_large(10);
  ck_assert_uint_eq(figures().evictions, 2);
  ck_assert_uint_le(figures().bytes, LIMIT);
  must_hold("k1", NULL);
  must_hold("k3", NULL);
  static const char *const kept[] = {"k0", "k2", "k4", "k10"};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    struct item *it = store_get(&store, span_str(kept[i]));
    ck_assert_ptr_nonnull(it);
    item_release(it);
  }
}
END_TEST

START_TEST(table_grows_and_loses_nothing) {
  enum { COUNT = 5000 };
  char key[16];
  for (unsigned i = 0; i < COUNT; i++) {
    snprintf(key, sizeof key, "key %u", i);
    put(key, key, STORE_ADD, 0, STORE_DONE);
  }
  ck_assert_uint_eq(figures().items, COUNT);
  for (unsigned i = 0; i < COUNT; i++) {
    snprintf(key, sizeof key, "key %u", i);
    must_hold(key, key);
    ck_assert_int_eq(store_delete(&store, span_str(key), 0), STORE_DONE);
  }
  ck_assert_uint_eq(figures().bytes, 0);
}
END_TEST

enum { THREADS = 4, ROUNDS = 2000 };

/* Appends a byte to one item, again when another thread was quicker. */
static void *append_rounds(void *arg) {
  for (int i = 0; i < ROUNDS; i++)
    for (bool done = false; !done;) {
      struct item *old = store_get(&store, span_str("k"));
      struct item *it = item_new(span_str("k"), old->value_n + 1u);
      memcpy(item_room(it), item_value(old).p, old->value_n);
      item_room(it)[old->value_n] = *(const uint8_t *)arg;
      done = store_swap(&store, old, it) == STORE_DONE;
      item_release(old);
      item_release(it);
    }
  return NULL;
}

START_TEST(threads_lose_no_update) {
  static const char letters[] = "abcd";
  pthread_t threads[THREADS];
  size_t counts[THREADS] = {0};
  put("k", "", STORE_SET, 0, STORE_DONE);
  for (int i = 0; i < THREADS; i++)
    ck_assert_int_eq(
        pthread_create(&threads[i], NULL, append_rounds, (void *)(uintptr_t)&letters[i]), 0);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  struct item *it = store_get(&store, span_str("k"));
  for (size_t i = 0; i < it->value_n; i++)
    counts[item_value(it).p[i] - 'a']++;
  for (int i = 0; i < THREADS; i++)
    ck_assert_uint_eq(counts[i], ROUNDS);
  item_release(it);
}
END_TEST

static Suite *make_suite(void) {
  Suite *s = suite_create("store");
  TCase *t = tcase_create("store");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, modes_want_a_key_to_be_there_or_not);
  tcase_add_test(t, cas_guards_and_is_renewed);
  tcase_add_test(t, swap_needs_the_item_that_was_read);
  tcase_add_test(t, reference_outlives_what_the_store_does);
  tcase_add_test(t, items_expire_when_the_clock_says_so);
  tcase_add_test(t, touch_hands_out_what_it_ends);
  tcase_add_test(t, flush_takes_all_when_its_time_has_come);
  tcase_add_test(t, least_recently_used_go_first);
  tcase_add_test(t, table_grows_and_loses_nothing);
  tcase_add_test(t, threads_lose_no_update);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(make_suite)
