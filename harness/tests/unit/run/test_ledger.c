#include "run/ledger.h"

#include "base/rng.h"
#include "mcbp/header.h"
#include "unit.h"

enum { GET = 0x00, GETQ = 0x09, NOOP = 0x0a, STAT = 0x10, SERVER_ASKS = 0x01 };

static struct cas_map *cas;
static struct ledger l;

static void set_up(void) {
  cas = cas_map_new();
  ledger_init(&l, cas);
}

static void tear_down(void) {
  ledger_fini(&l);
  cas_map_free(cas);
}

struct answer {
  uint8_t opcode;
  uint16_t status;
  uint64_t cas;
  const char *key, *value;
  uint8_t magic; /* 0: MAGIC_RESPONSE */
};

static struct span bytes_of(const struct answer *a) {
  static uint8_t bytes[2][512];
  static int turn;
  uint8_t *p = bytes[turn ^= 1];
  size_t key = a->key ? strlen(a->key) : 0, value = a->value ? strlen(a->value) : 0;
  const struct header h = {.magic = a->magic ? a->magic : MAGIC_RESPONSE,
                           .opcode = a->opcode,
                           .status = a->status,
                           .keylen = (uint16_t)key,
                           .bodylen = (uint32_t)(key + value),
                           .cas = a->cas};
  header_pack(&h, p);
  if (key)
    memcpy(p + HEADER_BYTES, a->key, key);
  if (value)
    memcpy(p + HEADER_BYTES + key, a->value, value);
  return span_of(p, HEADER_BYTES + key + value);
}

static void tell(struct answer a) {
  ledger_tell(&l, bytes_of(&a), 5);
}

static void come(struct answer a) {
  ledger_come(&l, bytes_of(&a));
}

static const struct pair {
  struct answer told, come;
  enum ledger_state state;
} pairs[] = {
    {{GET, .value = "v"}, {GET, .value = "v"}, LEDGER_EVEN},
    {{GET, .value = "v"}, {GET, .value = "w"}, LEDGER_DIFFERS},
    {{GET, .value = "v"}, {GET, .value = "vv"}, LEDGER_DIFFERS},
    {{GET, .value = "v", .cas = 1}, {GET, .value = "v", .cas = 2}, LEDGER_EVEN},
    {{GET, .value = "v", .cas = 1}, {GET, .value = "v"}, LEDGER_DIFFERS},
    {{GET, .value = "v"}, {GET, .value = "v", .cas = 1}, LEDGER_DIFFERS},
    {{GET, .value = "v", .cas = 1}, {GET, .value = "w", .cas = 2}, LEDGER_DIFFERS},
    {{GET, 1, .value = "Not found"}, {GET, 1, .value = "none"}, LEDGER_EVEN},
    {{GET, 1, .value = "Not found"}, {GET, 2, .value = "Not found"}, LEDGER_DIFFERS},
    {{GET, .key = "k", .value = "v"}, {GET, .key = "q", .value = "v"}, LEDGER_DIFFERS},
    {{.opcode = NOOP}, {.opcode = GET}, LEDGER_DIFFERS},
    {{.opcode = NOOP}, {NOOP, .magic = MAGIC_REQUEST}, LEDGER_DIFFERS},
    {{SERVER_ASKS, .magic = MAGIC_SERVER_REQUEST, .cas = 1},
     {SERVER_ASKS, .magic = MAGIC_SERVER_REQUEST, .cas = 1},
     LEDGER_EVEN},
    {{SERVER_ASKS, .magic = MAGIC_SERVER_REQUEST, .cas = 1},
     {SERVER_ASKS, .magic = MAGIC_SERVER_REQUEST, .cas = 2},
     LEDGER_DIFFERS},
};

/* Whichever of the two is there first. */
START_TEST(answers_are_compared) {
  const struct pair *p = &pairs[_i / 2];
  if (_i % 2)
    come(p->come);
  tell(p->told);
  ck_assert_int_eq(l.state, _i % 2 ? p->state : LEDGER_AWAITS);
  if (_i % 2 == 0)
    come(p->come);
  ck_assert_int_eq(l.state, p->state);
  ck_assert_uint_eq(l.answers, p->state == LEDGER_EVEN);
}
END_TEST

static void add_all(struct buf *to, const struct answer *answers, size_t n) {
  buf_init(to, 4096);
  for (size_t i = 0; i < n; i++)
    buf_add_span(to, bytes_of(&answers[i]));
}

/* Gives some of what is left, and returns it. */
static struct span piece(struct rng *rng, struct span *left, size_t most) {
  struct span given = span_sub(*left, 0, (size_t)rng_below(rng, most) + 1);
  *left = span_from(*left, given.n);
  return given;
}

/* Whatever the pieces are, and whichever side is ahead. */
START_TEST(pieces_make_no_difference) {
  const struct answer then[] = {
      {GET, 1, .value = "no"}, {GET, .value = "abc", .cas = 4}, {.opcode = NOOP}};
  const struct answer now[] = {
      {GET, 1, .value = "nothing"}, {GET, .value = "abc", .cas = 9}, {.opcode = NOOP}};
  struct rng rng = rng_of((uint64_t)_i);
  struct buf bytes[2];
  add_all(&bytes[0], then, 3);
  add_all(&bytes[1], now, 3);
  struct span left[2] = {buf_span(&bytes[0]), buf_span(&bytes[1])};
  size_t most[2] = {(size_t)_i % 40 + 1, (size_t)_i % 7 + 1};
  while (left[0].n || left[1].n) {
    if (left[0].n && (left[1].n == 0 || rng_below(&rng, 2)))
      ledger_tell(&l, piece(&rng, &left[0], most[0]), 1);
    else
      ledger_come(&l, piece(&rng, &left[1], most[1]));
    ck_assert(!ledger_is_wrong(&l));
  }
  ck_assert_int_eq(l.state, LEDGER_EVEN);
  ck_assert_uint_eq(l.answers, 3);
  ck_assert_uint_eq(l.off, bytes[1].n);
  ck_assert_uint_eq(l.met, bytes[0].n);
  ck_assert_uint_eq(cas_map_get(cas, 4), 9);
  buf_fini(&bytes[0]);
  buf_fini(&bytes[1]);
}
END_TEST

START_TEST(figures_are_left_out_on_both_sides) {
  tell((struct answer){STAT, .key = "a", .value = "1"});
  tell((struct answer){STAT, .key = "b", .value = "1"});
  ck_assert_int_eq(l.state, LEDGER_EVEN);
  tell((struct answer){.opcode = STAT});
  come((struct answer){STAT, .key = "c", .value = "7"});
  ck_assert_int_eq(l.state, LEDGER_AWAITS);
  come((struct answer){.opcode = STAT});
  ck_assert_int_eq(l.state, LEDGER_EVEN);
  tell((struct answer){.opcode = NOOP});
  come((struct answer){STAT, .key = "a", .value = "1"});
  ck_assert_int_eq(l.state, LEDGER_DIFFERS);
}
END_TEST

START_TEST(bytes_that_are_no_frames_are_compared_as_they_come) {
  ledger_tell(&l, span_str("ERROR\r\n"), 1);
  ledger_come(&l, span_str("ERR"));
  ck_assert_int_eq(l.state, LEDGER_AWAITS);
  ledger_come(&l, span_str("OR\r\n"));
  ck_assert_int_eq(l.state, LEDGER_EVEN);
  ledger_tell(&l, span_str("more"), 2);
  ledger_come(&l, span_str("mire"));
  ck_assert_int_eq(l.state, LEDGER_DIFFERS);
}
END_TEST

START_TEST(half_an_answer_waits_for_the_rest_or_the_end) {
  struct answer a = {GET, .value = "v"};
  struct span half = span_sub(bytes_of(&a), 0, 10);
  ledger_tell(&l, half, 1);
  ck_assert_int_eq(l.state, LEDGER_EVEN);
  ledger_come(&l, half);
  ck_assert_int_eq(l.state, LEDGER_EVEN);
  ledger_tell_end(&l, 2);
  ck_assert_int_eq(l.state, LEDGER_AWAITS); /* the close */
  ledger_come_end(&l);
  ck_assert_int_eq(l.state, LEDGER_EVEN);
}
END_TEST

START_TEST(a_close_before_its_time_is_wrong) {
  ledger_come_end(&l);
  ck_assert_int_eq(l.state, LEDGER_EVEN); /* it may have been so */
  tell((struct answer){.opcode = NOOP});
  ck_assert_int_eq(l.state, LEDGER_CLOSED);
  ck_assert(ledger_is_wrong(&l));
}
END_TEST

START_TEST(more_than_was_recorded_is_wrong_at_the_end) {
  come((struct answer){.opcode = NOOP});
  come((struct answer){.opcode = NOOP});
  tell((struct answer){.opcode = NOOP});
  ck_assert_int_eq(l.state, LEDGER_EVEN);
  ledger_tell_end(&l, 1);
  ck_assert_int_eq(l.state, LEDGER_AWAITS);
  ledger_come_end(&l);
  ck_assert_int_eq(l.state, LEDGER_MORE);
}
END_TEST

/* What differed stays in front, for those who explain it. */
START_TEST(what_is_wrong_stays) {
  tell((struct answer){GET, .value = "a"});
  come((struct answer){GET, .value = "b"});
  come((struct answer){GET, .value = "a"});
  tell((struct answer){.opcode = NOOP});
  ledger_come_end(&l);
  ck_assert_int_eq(l.state, LEDGER_DIFFERS);
  ck_assert_int_eq(queue_span(&l.told).p[HEADER_BYTES], 'a');
  ck_assert_int_eq(queue_span(&l.come).p[HEADER_BYTES], 'b');
}
END_TEST

START_TEST(it_knows_when_what_is_next_was_recorded) {
  struct answer a = {.opcode = NOOP};
  for (uint64_t usec = 10; usec <= 30; usec += 10)
    ledger_tell(&l, bytes_of(&a), usec);
  for (uint64_t usec = 10; usec <= 30; usec += 10) {
    ck_assert_uint_eq(ledger_usec(&l), usec);
    come(a);
  }
  ck_assert_uint_eq(ledger_usec(&l), 30);
  ledger_tell_end(&l, 40);
  ck_assert_uint_eq(ledger_usec(&l), 40);
}
END_TEST

START_TEST(answers_that_must_come_are_counted) {
  const struct answer answers[] = {{.opcode = GET},
                                   {.opcode = GETQ},
                                   {STAT, .key = "a", .value = "1"},
                                   {.opcode = STAT},
                                   {.opcode = NOOP}};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    tell(answers[i]);
    come(answers[i]);
  }
  ck_assert_uint_eq(l.loud, 3);
  ck_assert_uint_eq(l.answers, 5);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("ledger");
  TCase *t = tcase_create("ledger");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_loop_test(t, answers_are_compared, 0, 2 * sizeof pairs / sizeof *pairs);
  tcase_add_loop_test(t, pieces_make_no_difference, 0, 280);
  tcase_add_test(t, figures_are_left_out_on_both_sides);
  tcase_add_test(t, bytes_that_are_no_frames_are_compared_as_they_come);
  tcase_add_test(t, half_an_answer_waits_for_the_rest_or_the_end);
  tcase_add_test(t, a_close_before_its_time_is_wrong);
  tcase_add_test(t, more_than_was_recorded_is_wrong_at_the_end);
  tcase_add_test(t, what_is_wrong_stays);
  tcase_add_test(t, it_knows_when_what_is_next_was_recorded);
  tcase_add_test(t, answers_that_must_come_are_counted);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
