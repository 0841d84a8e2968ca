/* One connection's answers met one after another: however they are cut the outcome is the same. */
#include "streams.h"

#define ONE "noop opaque=1"
#define TWO "noop opaque=2"
#define FENCE "noop opaque=0xfe9ce001"

static const struct feeding feedings[] = {
    {"two answers", "c1 < noop opaque=1\nc1 < noop opaque=2", {ONE, TWO}, STAYS, "met 2"},
    {"one of two", "c1 < noop opaque=1\nc1 < noop opaque=2", {ONE}, STAYS, "met 1"},
    {"one and a part", "c1 < " ONE "\nc1 < noop", {ONE, "raw hex(81 0a)"}, STAYS, "met 1 kept 2"},
    {"the wrong second",
     "c1 < " ONE "\nc1 < " TWO,
     {ONE, ONE},
     STAYS,
     "nonconformance line 4 at 24 met 1"},
    {"swapped", "c1 < " ONE "\nc1 < " TWO, {TWO, ONE}, STAYS, "nonconformance line 3 at 0 met 0"},
    {"a value too long",
     "c1 < get value=\"v\"",
     {"get value=\"vv\""},
     STAYS,
     "nonconformance line 3 at 0 met 0"},
    {"a free value", "c1 < get value=*\nc1 < " ONE, {"get value=\"text\"", ONE}, STAYS, "met 2"},
    {"only c1's",
     "c2 < noop opaque=7\nc1 < " ONE "\nc2 < noop\nc1 < " TWO,
     {ONE, TWO},
     STAYS,
     "met 2"},
    {"sends between", "c1 > noop\nc1 < " ONE "\nc1 > noop\nc1 < " TWO, {ONE, TWO}, STAYS, "met 2"},
    {"a loop with its count",
     "repeat 3 as i {\nc1 < noop opaque=$i\n}\nc1 < noop opaque=9",
     {"noop", ONE, TWO, "noop opaque=9"},
     STAYS,
     "met 4"},
    {"a loop's wrong count",
     "repeat 3 as i {\nc1 < noop opaque=$i\n}",
     {"noop", ONE, ONE},
     STAYS,
     "nonconformance line 4 at 48 met 2"},
    {"a capture is expected later",
     "c1 < get cas=?a\nc1 < noop cas=$a",
     {"get cas=0x1122", "noop cas=0x1122"},
     STAYS,
     "met 2"},
    {"another than was captured",
     "c1 < get cas=?a\nc1 < noop cas=$a",
     {"get cas=0x1122", "noop cas=0x1123"},
     STAYS,
     "nonconformance line 4 at 28 met 1"},
    {"zero that must not be",
     "c1 < get cas=?a:nonzero",
     {"get"},
     STAYS,
     "nonconformance line 3 at 0 met 0"},
    {"raw bytes side by side",
     "c1 < raw \"ab\"\nc1 < raw \"a\" *{1} \"c\"",
     {"raw \"abaXc\""},
     STAYS,
     "met 2"},

    /* What nothing asked for. */
    {"nothing", "c1 < " ONE, {ONE}, STAYS, "met 1"},
    {"an answer twice", "c1 < " ONE, {ONE, ONE}, STAYS, "leftover line 0 at 24 met 1"},
    {"one byte more", "c1 < " ONE, {ONE, "raw \"\\x81\""}, STAYS, "leftover line 0 at 24 met 1"},
    {"answers of a silent connection",
     "c2 < noop\nc1 > noop",
     {ONE},
     STAYS,
     "leftover line 0 at 0 met 0"},
    {"an answer instead of closed", "c1 < closed", {ONE}, STAYS, "leftover line 3 at 0 met 0"},

    /* The fence. */
    {"its answer", "c1 < " ONE, {ONE, FENCE}, STAYS | FENCE_SENT, "met 1"},
    {"a part of it", "c1 > noop", {"raw hex(81 0a 00)"}, STAYS | FENCE_SENT, "met 0 kept 3"},
    {"before it is sent", "c1 < " ONE, {ONE, FENCE}, STAYS, "leftover line 0 at 24 met 1"},
    {"twice", "c1 < " ONE, {ONE, FENCE, FENCE}, STAYS | FENCE_SENT, "leftover line 0 at 48 met 1"},
    {"of another connection",
     "c1 > noop",
     {"noop opaque=0xfe9ce002"},
     STAYS | FENCE_SENT,
     "leftover line 0 at 0 met 0"},
    {"with an error",
     "c1 > noop",
     {"noop opaque=0xfe9ce001 status=0x81"},
     STAYS | FENCE_SENT,
     "leftover line 0 at 0 met 0"},
    {"with a body",
     "c1 > noop",
     {FENCE " value=\"x\""},
     STAYS | FENCE_SENT,
     "leftover line 0 at 0 met 0"},
    {"after a quiet answer",
     "c1 < " ONE,
     {ONE, TWO, FENCE},
     STAYS | FENCE_SENT,
     "leftover line 0 at 24 met 1"},

    /* Closing. */
    {"before an answer", "c1 < " ONE, {NULL}, EOFS, "unexpected_close line 3 at 0 met 0"},
    {"reset before an answer", "c1 < " ONE, {NULL}, RESETS, "unexpected_close line 3 at 0 met 0"},
    {"before the second",
     "c1 < " ONE "\nc1 < " TWO,
     {ONE},
     EOFS,
     "unexpected_close line 4 at 24 met 1"},
    {"inside one", "c1 < " ONE, {"raw hex(81 0a)"}, EOFS, "unexpected_close line 3 at 0 met 0"},
    {"while all is quiet", "c1 < " ONE, {ONE}, EOFS, "unexpected_close line 0 at 24 met 1"},
    {"after our own end", "c1 < " ONE, {ONE}, EOFS | HALF_CLOSED, "met 1"},
    {"our own end, an answer missing",
     "c1 < " ONE,
     {NULL},
     EOFS | HALF_CLOSED,
     "unexpected_close line 3 at 0 met 0"},
    {"proven quiet", "c1 < " ONE, {ONE, FENCE}, EOFS | FENCE_SENT | HALF_CLOSED, "met 1"},
    {"proven quiet, then a failure",
     "c1 < " ONE,
     {ONE, FENCE},
     FAILS | FENCE_SENT | HALF_CLOSED,
     "unexpected_close line 0 at 48 met 1"},
    {"instead of the fence's answer",
     "c1 < " ONE,
     {ONE},
     EOFS | FENCE_SENT | HALF_CLOSED,
     "unexpected_close line 0 at 24 met 1"},
    {"inside the fence's answer",
     "c1 < " ONE,
     {ONE, "raw hex(81 0a)"},
     EOFS | FENCE_SENT | HALF_CLOSED,
     "unexpected_close line 0 at 24 met 1"},
    {"as expected", "c1 < " ONE "\nc1 < closed", {ONE}, EOFS, "met 2"},
    {"by reset as expected", "c1 < closed", {NULL}, RESETS, "met 1"},
    {"never connected is not closed",
     "c1 < closed",
     {NULL},
     FAILS,
     "unexpected_close line 3 at 0 met 0"},
    {"too early", "c1 < " ONE "\nc1 < closed", {NULL}, EOFS, "unexpected_close line 3 at 0 met 0"},
    {"late", "c1 < " ONE "\nc1 < closed", {ONE, TWO}, EOFS, "leftover line 4 at 24 met 1"},
};

START_TEST(however_cut_the_outcome_is_the_same) {
  feeding_check_all(&feedings[_i]);
}
END_TEST

/* The end at every byte of three answers: always unexpected, told of the answer it falls in. */
START_TEST(an_end_at_every_byte) {
  struct buf bytes = answers((const char *const[]){ONE, "get value=\"abc\"", TWO, NULL});
  for (size_t n = 0; n <= bytes.n; n++) {
    struct fed f;
    char outcome[80], want[80];
    fed_init(&f, "c1 < " ONE "\nc1 < get value=*\nc1 < " TWO);
    feed(&f, span_sub(buf_span(&bytes), 0, n), SIZE_MAX, SIZE_MAX);
    ck_assert(!f.failed);
    feed_end(&f, n & 1 ? EOFS : RESETS);
    fed_outcome(&f, outcome);
    unsigned met = (n >= 24) + (n >= 24 + 31) + (n >= 24 + 31 + 24);
    static const size_t starts[] = {0, 24, 55, 79};
    snprintf(want, sizeof want, "unexpected_close line %u at %zu met %u", met < 3 ? 3 + met : 0,
             starts[met], met);
    ck_assert_str_eq(outcome, want);
    ck_assert_int_eq(f.stream.end, n & 1 ? CONN_EOF : CONN_RESET);
    ck_assert_int_eq(f.stream.state, STREAM_ENDED);
    fed_fini(&f);
  }
  buf_fini(&bytes);
}
END_TEST

START_TEST(the_fence_moves_the_proof_on) {
  struct fed f;
  struct buf bytes = answers((const char *const[]){FENCE, NULL});
  fed_init(&f, "c1 > noop");
  f.stream.proof = PROOF_FENCE_SENT;
  feed(&f, span_sub(buf_span(&bytes), 0, 23), 1, 1);
  ck_assert_int_eq(f.stream.proof, PROOF_FENCE_SENT);
  feed(&f, span_from(buf_span(&bytes), 23), 1, 1);
  ck_assert(!f.failed);
  ck_assert_int_eq(f.stream.proof, PROOF_FENCED);
  buf_fini(&bytes);
  fed_fini(&f);
}
END_TEST

/* A header may claim up to 4 GiB; more than the limit is refused at once, not waited for. */
START_TEST(claims_beyond_the_limit_are_refused) {
  enum { LITERAL = 64 << 20 };
  static const struct {
    const char *steps;
    uint32_t bodylen;
    const char *outcome;
  } rows[] = {
      {"c1 < get extras=\"\" value=*", LITERAL, "met 0 kept 24"},
      {"c1 < get flags=* key=\"k\" value=*", LITERAL + 5, "met 0 kept 24"},
      {"c1 < get extras=\"\" value=*", LITERAL + 1, "nonconformance line 3 at 0 met 0"},
      {"c1 < get extras=\"\" value=*", UINT32_MAX, "nonconformance line 3 at 0 met 0"},
      {"c1 < get extras=\"\" value=repeat(200000, \"x\") *", LITERAL + 200000,
       "nonconformance line 3 at 0 met 0"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fed f;
    char outcome[80];
    uint8_t header[24] = {0x81};
    if (strstr(rows[i].steps, "key"))
      header[3] = 1, header[4] = 4;
    for (int k = 0; k < 4; k++)
      header[11 - k] = (uint8_t)(rows[i].bodylen >> (8 * k));
    fed_init(&f, rows[i].steps);
    feed(&f, span_of(header, sizeof header), 1, 1);
    fed_outcome(&f, outcome);
    ck_assert_str_eq(outcome, rows[i].outcome);
    fed_fini(&f);
  }
}
END_TEST

/* A failure keeps the bytes from the frame on, so that they can be shown. */
START_TEST(what_differs_is_kept) {
  struct fed f;
  struct buf bytes = answers((const char *const[]){ONE, "get value=\"w\"", TWO, NULL});
  fed_init(&f, "c1 < " ONE "\nc1 < get value=\"v\"");
  feed(&f, buf_span(&bytes), SIZE_MAX, SIZE_MAX);
  ck_assert(f.failed);
  ck_assert(span_eq(buf_span(&f.stream.in), span_from(buf_span(&bytes), 24)));
  ck_assert_uint_eq(f.stream.off, 24);
  ck_assert_ptr_nonnull(f.failure.pattern);
  ck_assert(span_is(f.failure.text, "c1 < get value=\"v\""));
  buf_fini(&bytes);
  fed_fini(&f);
}
END_TEST

START_TEST(a_new_connection_begins_anew) {
  struct fed f;
  struct buf one = answers((const char *const[]){ONE, NULL});
  struct buf two = answers((const char *const[]){TWO, NULL});
  fed_init(&f, "c1 < " ONE "\nc1 < closed\nc1 connect\nc1 < " TWO);
  feed(&f, buf_span(&one), 5, 5);
  feed_end(&f, EOFS);
  ck_assert(!f.failed);
  f.stream.half_closed = true;
  stream_restart(&f.stream);
  ck_assert_int_eq(f.stream.state, STREAM_NEW);
  ck_assert(!f.stream.half_closed);
  ck_assert_uint_eq(f.stream.off, 0);
  f.stream.state = STREAM_OPEN;
  feed(&f, buf_span(&two), 5, 5);
  ck_assert(!f.failed);
  ck_assert_uint_eq(f.stream.matched, 3);
  buf_fini(&one);
  buf_fini(&two);
  fed_fini(&f);
}
END_TEST

/* What a deadline says it waits for. */
START_TEST(overdue_names_the_next_answer) {
  static const struct {
    const char *steps, *answer;
    unsigned line;
    const char *text;
  } rows[] = {
      {"c1 < " ONE "\nc1 < " TWO, NULL, 3, "c1 < " ONE},
      {"c1 < " ONE "\nc1 < " TWO, ONE, 4, "c1 < " TWO},
      {"c1 < " ONE, ONE, 0, ""},
      {"c1 < closed", NULL, 3, "c1 < closed"},
      {"either {\nc1 < " ONE "\n} or {\nc1 < " TWO "\n}", NULL, 4, "c1 < " ONE},
      {"each {\nc1 < " ONE "\nc1 < " TWO "\n}\nc1 < noop", ONE, 5, "c1 < " TWO},
      {"each {\nc1 < " ONE "\nc1 < others " TWO "\n}\nc1 < noop", ONE, 7, "c1 < noop"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fed f;
    struct buf bytes = answers((const char *const[]){rows[i].answer, NULL});
    fed_init(&f, rows[i].steps);
    feed(&f, buf_span(&bytes), SIZE_MAX, SIZE_MAX);
    ck_assert(!f.failed);
    stream_overdue(&f.stream, &f.failure);
    ck_assert_int_eq(f.failure.kind, KIND_TIMEOUT);
    ck_assert_uint_eq(f.failure.line, rows[i].line);
    ck_assert_msg(span_is(f.failure.text, rows[i].text), "%zu: %.*s", i, (int)f.failure.text.n,
                  (const char *)f.failure.text.p);
    buf_fini(&bytes);
    fed_fini(&f);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("stream");
  TCase *t = tcase_create("stream");
  tcase_add_loop_test(t, however_cut_the_outcome_is_the_same, 0,
                      sizeof feedings / sizeof *feedings);
  tcase_add_test(t, an_end_at_every_byte);
  tcase_add_test(t, the_fence_moves_the_proof_on);
  tcase_add_test(t, claims_beyond_the_limit_are_refused);
  tcase_add_test(t, what_differs_is_kept);
  tcase_add_test(t, a_new_connection_begins_anew);
  tcase_add_test(t, overdue_names_the_next_answer);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
