#include "run/precedence.h"

#include "unit.h"

enum {
  GET = 0x00,
  SET = 0x01,
  ADD = 0x02,
  INCREMENT = 0x05,
  FLUSH = 0x08,
  NOOP = 0x0a,
  SASL = 0x21
};
enum { CONNS = 4 };

static struct precedence *p;
static uint32_t made[CONNS + 1], done[CONNS + 1]; /* requests, by connection */
static bool recorded[CONNS + 1];                  /* what can be waited for on it */

static void set_up(void) {
  p = precedence_new();
  memset(made, 0, sizeof made);
  memset(done, 0, sizeof done);
  memset(recorded, 0, sizeof recorded);
}

static void tear_down(void) {
  precedence_free(p);
}

static bool is_done(void *arg, struct asker who) {
  const uint32_t *own = arg;
  if (who.conn != ASKER_MANY)
    return done[who.conn] >= who.seq;
  for (uint32_t i = 1; i <= CONNS; i++)
    if (i != *own && done[i] < made[i])
      return false;
  return true;
}

static bool is_awaited(void *arg, struct asker who) {
  const uint32_t *own = arg;
  if (who.conn != ASKER_MANY)
    return recorded[who.conn] && !is_done(arg, who);
  for (uint32_t i = 1; i <= CONNS; i++)
    if (i != *own && recorded[i] && done[i] < made[i])
      return true;
  return false;
}

static struct touch touch(uint8_t opcode, const char *key) {
  struct frame f = {.h = {.magic = MAGIC_REQUEST, .opcode = opcode}, .key = span_str(key)};
  return precedence_touch(&f);
}

/* Which connection is before the request; then it is made. */
static uint32_t ask(uint32_t conn, uint8_t opcode, const char *key) {
  const struct precedence_judge judge = {is_done, is_awaited, &conn};
  const struct touch t = touch(opcode, key);
  uint32_t before = precedence_before(p, conn, &t, &judge).conn;
  precedence_note(p, (struct asker){conn, ++made[conn]}, &t, &judge);
  return before;
}

static const struct row {
  uint8_t first, second;
  bool other_key, is_before;
} rows[] = {
    {GET, GET, false, false},   {GET, SET, false, true},   {SET, GET, false, true},
    {SET, SET, false, true},    {ADD, SET, false, true},   {SET, INCREMENT, false, true},
    {SET, GET, true, false},    {SET, SET, true, false},   {SET, NOOP, false, false},
    {NOOP, SET, false, false},  {FLUSH, GET, true, true},  {FLUSH, NOOP, false, false},
    {FLUSH, FLUSH, true, true}, {SASL, GET, false, false}, {SET, SASL, false, false},
    {0xf0, GET, true, true},    {SET, 0xf0, true, true},   {GET, FLUSH, true, true},
};

START_TEST(what_concerns_a_request_is_before_it) {
  const struct row *row = &rows[_i];
  recorded[1] = true;
  ck_assert_uint_eq(ask(1, row->first, "key"), ASKER_NOBODY);
  uint32_t before = ask(2, row->second, row->other_key ? "another" : "key");
  ck_assert_int_eq(before != ASKER_NOBODY, row->is_before);
}
END_TEST

START_TEST(nobody_is_before_a_request_of_the_same_connection) {
  recorded[1] = true;
  ask(1, SET, "k");
  ask(1, FLUSH, "");
  ck_assert_uint_eq(ask(1, GET, "k"), ASKER_NOBODY);
}
END_TEST

START_TEST(what_is_done_or_can_not_be_waited_for_is_not_before) {
  ask(1, SET, "k");
  ck_assert_uint_eq(ask(2, GET, "k"), ASKER_NOBODY);
  recorded[1] = true;
  ck_assert_uint_eq(ask(2, GET, "k"), 1);
  done[1] = 1;
  ck_assert_uint_eq(ask(2, GET, "k"), ASKER_NOBODY);
}
END_TEST

/* Of several that are not done no one is forgotten. */
START_TEST(several_may_be_before) {
  recorded[2] = true;
  ask(1, GET, "k");
  ask(2, GET, "k");
  ask(3, GET, "k");
  ck_assert_uint_eq(ask(4, SET, "k"), ASKER_MANY);
  done[1] = done[2] = done[3] = 1;
  ck_assert_uint_eq(ask(3, SET, "k"), ASKER_NOBODY);
}
END_TEST

START_TEST(several_that_concern_all_are_known_by_name) {
  recorded[1] = recorded[2] = true;
  done[3] = made[3] = 1;
  ask(1, FLUSH, "");
  ask(2, FLUSH, "");
  done[1] = 1;
  ck_assert_uint_eq(ask(3, GET, "k"), 2);
  done[2] = 1;
  ck_assert_uint_eq(ask(3, GET, "k"), ASKER_NOBODY);
}
END_TEST

/* A request that is made again and again does not hide one of another connection. */
START_TEST(a_connection_does_not_take_the_place_of_another) {
  recorded[1] = true;
  ask(1, SET, "k");
  recorded[1] = false;
  for (int i = 0; i < 3; i++)
    ask(2, SET, "k");
  recorded[1] = true;
  ck_assert_uint_ne(ask(3, GET, "k"), ASKER_NOBODY);
}
END_TEST

START_TEST(bytes_that_are_no_request_concern_all) {
  struct frame f = {.h = {.magic = MAGIC_SERVER_REQUEST, .opcode = GET}};
  ck_assert_int_eq(precedence_touch(NULL).effect, EFFECT_ALL);
  ck_assert_int_eq(precedence_touch(&f).effect, EFFECT_ALL);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("precedence");
  TCase *t = tcase_create("precedence");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_loop_test(t, what_concerns_a_request_is_before_it, 0, sizeof rows / sizeof *rows);
  tcase_add_test(t, nobody_is_before_a_request_of_the_same_connection);
  tcase_add_test(t, what_is_done_or_can_not_be_waited_for_is_not_before);
  tcase_add_test(t, several_may_be_before);
  tcase_add_test(t, several_that_concern_all_are_known_by_name);
  tcase_add_test(t, a_connection_does_not_take_the_place_of_another);
  tcase_add_test(t, bytes_that_are_no_request_concern_all);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
