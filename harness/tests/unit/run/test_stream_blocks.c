/* `either` and `each` on one connection: which alternative is taken, what comes in any order. */
#include "streams.h"

#define N(n) "noop opaque=" #n
#define EITHER(a, b) "either {\n" a "\n} or {\n" b "\n}\n"
#define EACH(lines) "each {\n" lines "\n}\nc1 < noop\nc1 < " N(9)
#define KEY(k) "stat key=\"" k "\" value=\"v\""
#define OTHERS "c1 < others stat key=*{1..} value=*"

static const struct feeding feedings[] = {
    /* Lines: 3 either, 4 the first, 5 or, 6 the second. */
    {"the first", EITHER("c1 < " N(1), "c1 < " N(2)) "c1 < " N(3), {N(1), N(3)}, STAYS, "met 2"},
    {"the second", EITHER("c1 < " N(1), "c1 < " N(2)) "c1 < " N(3), {N(2), N(3)}, STAYS, "met 2"},
    {"neither",
     EITHER("c1 < " N(1), "c1 < " N(2)),
     {N(3)},
     STAYS,
     "nonconformance line 4 at 0 met 0"},
    {"a part of the first",
     EITHER("c1 < " N(1), "c1 < " N(2)),
     {"raw hex(81 0a)"},
     STAYS,
     "met 0 kept 2"},
    {"both fit, so the first",
     EITHER("c1 < get value=*{1..}", "c1 < get value=\"x\"") "c1 < " N(3),
     {"get value=\"x\"", N(3)},
     STAYS,
     "met 2"},
    {"the shorter one first",
     EITHER("c1 < " N(1), "c1 < " N(1) "\nc1 < " N(2)) "c1 < " N(3),
     {N(1), N(3)},
     STAYS,
     "met 2"},
    {"the longer one after it is never wanted",
     EITHER("c1 < " N(1), "c1 < " N(1) "\nc1 < " N(2)) "c1 < " N(3),
     {N(1), N(2)},
     STAYS,
     "nonconformance line 9 at 24 met 1"},
    {"the longer one first, all of it",
     EITHER("c1 < " N(1) "\nc1 < " N(2), "c1 < " N(1)) "c1 < " N(3),
     {N(1), N(2), N(3)},
     STAYS,
     "met 2"},
    {"the longer one first, not all of it",
     EITHER("c1 < " N(1) "\nc1 < " N(2), "c1 < " N(1)) "c1 < " N(3),
     {N(1), N(3)},
     STAYS,
     "met 2"},
    {"the longer one first, still open",
     EITHER("c1 < " N(1) "\nc1 < " N(2), "c1 < " N(1)) "c1 < " N(3),
     {N(1)},
     STAYS,
     "met 0 kept 24"},
    {"told of the one that came furthest",
     EITHER("c1 < " N(1), "c1 < " N(2) "\nc1 < " N(3)),
     {N(2), N(4)},
     STAYS,
     "nonconformance line 7 at 24 met 0"},
    {"told of the first that came so far",
     EITHER("c1 < " N(1) "\nc1 < " N(2), "c1 < " N(1) "\nc1 < " N(3)),
     {N(1), N(4)},
     STAYS,
     "nonconformance line 5 at 24 met 0"},
    {"raw, one the other's beginning",
     EITHER("c1 < raw \"abc\"", "c1 < raw \"ab\"") "c1 < raw \"d\"",
     {"raw \"abd\""},
     STAYS,
     "met 2"},
    {"raw, decided late",
     EITHER("c1 < raw \"abc\"", "c1 < raw \"ab\"") "c1 < raw \"cd\"",
     {"raw \"abcd\""},
     STAYS,
     "nonconformance line 8 at 3 met 1"},
    {"twice in a loop",
     "repeat 2 as i {\n" EITHER("c1 < noop opaque=$i", "c1 < " N(5)) "}",
     {N(0), N(5)},
     STAYS,
     "met 2"},
    {"a loop's count",
     "repeat 2 as i {\n" EITHER("c1 < noop opaque=$i", "c1 < " N(5)) "}",
     {N(0), N(1)},
     STAYS,
     "met 2"},

    /* `closed` as an alternative. */
    {"closed", EITHER("c1 < " N(1), "c1 < closed"), {NULL}, EOFS, "met 1"},
    {"closed by reset", EITHER("c1 < " N(1), "c1 < closed"), {NULL}, RESETS, "met 1"},
    {"a failure is no closed",
     EITHER("c1 < " N(1), "c1 < closed"),
     {NULL},
     FAILS,
     "unexpected_close line 4 at 0 met 0"},
    {"closed comes first",
     EITHER("c1 < closed", "c1 < " N(1)) "c1 < " N(2),
     {N(1), N(2)},
     STAYS,
     "met 2"},
    {"nothing came yet", EITHER("c1 < closed", "c1 < " N(1)), {NULL}, STAYS, "met 0"},
    {"the answer, then closed all the same",
     EITHER("c1 < " N(1), "c1 < closed"),
     {N(1)},
     EOFS,
     "unexpected_close line 0 at 24 met 1"},
    {"a part, then closed",
     EITHER("c1 < " N(1), "c1 < closed"),
     {"raw hex(81 0a)"},
     EOFS,
     "unexpected_close line 4 at 0 met 0"},
    {"neither answer nor closed",
     EITHER("c1 < " N(1), "c1 < closed"),
     {N(2)},
     STAYS,
     "nonconformance line 4 at 0 met 0"},
    {"an answer and closed",
     EITHER("c1 < " N(1) "\nc1 < closed", "c1 < " N(1) "\nc1 < " N(2)),
     {N(1)},
     EOFS,
     "met 1"},
    {"or two answers",
     EITHER("c1 < " N(1) "\nc1 < closed", "c1 < " N(1) "\nc1 < " N(2)),
     {N(1), N(2)},
     STAYS,
     "met 1"},
    {"closed, and an answer that can't come any more",
     EITHER("c1 < closed", "c1 < " N(1)) "c1 < " N(2),
     {NULL},
     EOFS,
     "unexpected_close line 8 at 0 met 1"},
    {"closed, said twice",
     EITHER("c1 < closed", "c1 < " N(1)) "c1 < closed",
     {NULL},
     EOFS,
     "met 2"},
    {"closed, and the client's own close",
     EITHER("c1 < closed", "c1 < " N(1)) "c1 close",
     {NULL},
     RESETS,
     "met 1"},
    {"an answer, then closed in vain",
     EITHER("c1 < " N(1) "\nc1 < " N(2), "c1 < " N(3)),
     {N(1)},
     EOFS,
     "unexpected_close line 5 at 24 met 0"},

    /* The end decides what was still open; it is judged itself as well. */
    {"the end decides",
     EITHER("c1 < " N(1) "\nc1 < " N(2), "c1 < " N(1)),
     {N(1)},
     EOFS | HALF_CLOSED,
     "met 1"},
    {"the end decides and is wrong",
     EITHER("c1 < " N(1) "\nc1 < " N(2), "c1 < " N(1)),
     {N(1)},
     EOFS,
     "unexpected_close line 0 at 24 met 1"},
    {"the end decides and was expected",
     EITHER("c1 < " N(1) "\nc1 < " N(2), "c1 < " N(1)) "c1 < closed",
     {N(1)},
     EOFS,
     "met 2"},
    {"the end decides, an answer is missing",
     EITHER("c1 < " N(1) "\nc1 < " N(2), "c1 < " N(1)) "c1 < " N(3),
     {N(1)},
     EOFS,
     "unexpected_close line 9 at 24 met 1"},
    {"the end decides, and the rest fits",
     EITHER("c1 < raw \"ab\"", "c1 < raw \"a\"") "c1 < closed",
     {"raw \"a\""},
     EOFS,
     "met 2"},
    {"the end decides, and the rest is met",
     EITHER("c1 < raw \"a\" *{4}", "c1 < raw \"a\"") "c1 < raw \"bc\"\nc1 < closed",
     {"raw \"abc\""},
     EOFS,
     "met 3"},
    {"the end decides, and the rest is wrong",
     EITHER("c1 < raw \"a\" *{4}", "c1 < raw \"a\"") "c1 < raw \"bc\"\nc1 < closed",
     {"raw \"abd\""},
     EOFS,
     "nonconformance line 8 at 1 met 1"},
    {"the end decides, and too much came",
     EITHER("c1 < raw \"a\" *{4}", "c1 < raw \"a\"") "c1 < closed",
     {"raw \"abc\""},
     EOFS,
     "leftover line 8 at 1 met 1"},
    {"the end decides one after another",
     EITHER("c1 < raw \"a\" *{4}", "c1 < raw \"a\"") EITHER("c1 < raw \"bcd\"", "c1 < raw \"bc\""),
     {"raw \"abc\""},
     EOFS | HALF_CLOSED,
     "met 2"},

    /* Lines: 3 each, 4 and 5 its lines, 6 }, 7 the terminator, 8 what follows. */
    {"in order",
     EACH("c1 < " KEY("a") "\nc1 < " KEY("b")),
     {KEY("a"), KEY("b"), "noop", N(9)},
     STAYS,
     "met 2"},
    {"the other way round",
     EACH("c1 < " KEY("a") "\nc1 < " KEY("b")),
     {KEY("b"), KEY("a"), "noop", N(9)},
     STAYS,
     "met 2"},
    {"one is missing",
     EACH("c1 < " KEY("a") "\nc1 < " KEY("b")),
     {KEY("a"), "noop"},
     STAYS,
     "nonconformance line 5 at 26 met 0"},
    {"the first is missing",
     EACH("c1 < " KEY("a") "\nc1 < " KEY("b")),
     {KEY("b"), "noop"},
     STAYS,
     "nonconformance line 4 at 26 met 0"},
    {"all are missing",
     EACH("c1 < " KEY("a") "\nc1 < " KEY("b")),
     {"noop"},
     STAYS,
     "nonconformance line 4 at 0 met 0"},
    {"one comes twice",
     EACH("c1 < " KEY("a") "\nc1 < " KEY("b")),
     {KEY("a"), KEY("a")},
     STAYS,
     "nonconformance line 7 at 26 met 0"},
    {"a strange one",
     EACH("c1 < " KEY("a") "\nc1 < " KEY("b")),
     {KEY("a"), KEY("c")},
     STAYS,
     "nonconformance line 7 at 26 met 0"},
    {"others as well",
     EACH("c1 < " KEY("a") "\n" OTHERS),
     {KEY("x"), KEY("a"), KEY("yy"), "noop", N(9)},
     STAYS,
     "met 2"},
    {"no others", EACH("c1 < " KEY("a") "\n" OTHERS), {KEY("a"), "noop", N(9)}, STAYS, "met 2"},
    {"others alone", EACH(OTHERS), {KEY("a"), KEY("a"), "noop", N(9)}, STAYS, "met 2"},
    {"one comes twice although others may",
     EACH("c1 < " KEY("a") "\n" OTHERS),
     {KEY("a"), KEY("a")},
     STAYS,
     "nonconformance line 7 at 26 met 0"},
    {"one is missing among others",
     EACH("c1 < " KEY("a") "\n" OTHERS),
     {KEY("x"), "noop"},
     STAYS,
     "nonconformance line 4 at 26 met 0"},
    {"no line takes another's place",
     EACH("c1 < stat key=* value=*\nc1 < " KEY("b")),
     {KEY("a"), KEY("b"), "noop", N(9)},
     STAYS,
     "met 2"},
    {"the end is no line's second coming",
     EACH("c1 < noop opaque=*\nc1 < " N(2)),
     {N(5), N(2), "noop", N(9)},
     STAYS,
     "met 2"},
    {"an end that others would take",
     EACH("c1 < others noop opaque=*"),
     {N(5), "noop", N(9)},
     STAYS,
     "met 2"},
    {"captures are expected after it",
     "each {\nc1 < stat key=\"a\" value=?v{1}\n}\nc1 < stat\n"
     "c1 < noop opaque=7 value=$v",
     {"stat key=\"a\" value=\"x\"", "stat", "noop opaque=7 value=\"x\""},
     STAYS,
     "met 2"},
    {"closed inside",
     EACH("c1 < " KEY("a") "\nc1 < " KEY("b")),
     {KEY("a")},
     EOFS,
     "unexpected_close line 5 at 26 met 0"},
    {"raw, one the other's beginning",
     EACH("c1 < raw \"ab\"\nc1 < raw \"a\""),
     {"raw \"aab\"", "noop", N(9)},
     STAYS,
     "met 2"},
    {"raw, the longer one comes first",
     EACH("c1 < raw \"ab\"\nc1 < raw \"a\""),
     {"raw \"aba\"", "noop", N(9)},
     STAYS,
     "met 2"},
    {"in a loop each starts anew",
     "repeat 2 {\neach {\nc1 < " KEY("a") "\n}\nc1 < noop\n}",
     {KEY("a"), "noop", KEY("a"), "noop"},
     STAYS,
     "met 2"},
    {"in a loop the second lacks one",
     "repeat 2 {\neach {\nc1 < " KEY("a") "\n}\nc1 < noop\n}",
     {KEY("a"), "noop", "noop"},
     STAYS,
     "nonconformance line 5 at 50 met 1"},
};

START_TEST(however_cut_the_outcome_is_the_same) {
  feeding_check_all(&feedings[_i]);
}
END_TEST

START_TEST(only_the_alternative_taken_captures) {
  static const struct {
    const char *answer;
    uint8_t a, b;
  } rows[] = {{"get cas=5 status=1 extras=\"\"", 5, 0}, {"get cas=5 status=2 extras=\"\"", 0, 5}};
  for (size_t i = 0; i < 2; i++) {
    struct fed f;
    struct buf bytes = answers((const char *const[]){rows[i].answer, NULL});
    fed_init(&f, EITHER("c1 < get cas=?a status=1", "c1 < get cas=?b status=2"));
    feed(&f, buf_span(&bytes), 1, 1);
    ck_assert(!f.failed);
    ck_assert_uint_eq(f.env.vars[7], rows[i].a);
    ck_assert_uint_eq(f.env.vars[15], rows[i].b);
    buf_fini(&bytes);
    fed_fini(&f);
  }
}
END_TEST

/* Feeds the header of an answer with so many bytes of value, then the value. */
static void feed_long(struct fed *f, const char *header_of, uint32_t value) {
  struct buf bytes = answers((const char *const[]){header_of, NULL});
  for (int k = 0; k < 4; k++)
    bytes.p[11 - k] = (uint8_t)((bytes.n - 24 + value) >> (8 * k));
  feed(f, buf_span(&bytes), SIZE_MAX, SIZE_MAX);
  buf_fini(&bytes);
  struct buf some;
  buf_init(&some, 1 << 20);
  buf_fill(&some, 'x', 1 << 20);
  for (uint32_t done = 0; done < value && !f->failed; done += 1u << 20)
    feed(f, span_sub(buf_span(&some), 0, value - done), SIZE_MAX, SIZE_MAX);
  buf_fini(&some);
}

/* What is kept stays below the limit also where several lines would wait for more. */
START_TEST(no_block_keeps_more_than_the_limit) {
  static const char *const steps[] = {
      EACH("c1 < get extras=\"\" value=repeat(60000000, \"x\") *\n"
           "c1 < get extras=\"\" key=\"k\" value=*"),
      EITHER("c1 < get extras=\"\" value=repeat(60000000, \"x\") *", "c1 < noop"),
  };
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    struct fed f;
    fed_init(&f, steps[i]);
    feed_long(&f, "get extras=\"\"", 100u << 20);
    ck_assert(f.failed);
    ck_assert_int_eq(f.failure.kind, KIND_NONCONFORMANCE);
    fed_fini(&f);
  }
  struct fed f;
  fed_init(&f, EITHER("c1 < get extras=\"\" value=*\nc1 < get extras=\"\" value=*\nc1 < noop",
                      "c1 < noop"));
  feed_long(&f, "get extras=\"\"", 40u << 20);
  ck_assert(!f.failed);
  feed_long(&f, "get extras=\"\"", 40u << 20);
  ck_assert(f.failed);
  fed_fini(&f);
}
END_TEST

/* Each `each` counts its own. */
START_TEST(many_others_come_in_every_round) {
  enum { MANY = 60000 };
  struct fed f;
  struct buf other = answers((const char *const[]){KEY("x"), NULL});
  struct buf end = answers((const char *const[]){"noop", NULL});
  fed_init(&f, "repeat 2 {\neach {\n" OTHERS "\n}\nc1 < noop\n}");
  for (unsigned round = 0; round < 2; round++) {
    for (unsigned i = 0; i < MANY && !f.failed; i++)
      feed(&f, buf_span(&other), SIZE_MAX, SIZE_MAX);
    feed(&f, buf_span(&end), SIZE_MAX, SIZE_MAX);
  }
  ck_assert(!f.failed);
  ck_assert_uint_eq(f.stream.matched, 2);
  buf_fini(&other);
  buf_fini(&end);
  fed_fini(&f);
}
END_TEST

START_TEST(others_come_to_an_end) {
  enum { MOST = 100000 };
  struct fed f;
  struct buf bytes = answers((const char *const[]){KEY("x"), NULL});
  fed_init(&f, EACH(OTHERS));
  for (unsigned i = 0; i < MOST && !f.failed; i++)
    feed(&f, buf_span(&bytes), SIZE_MAX, SIZE_MAX);
  ck_assert(!f.failed);
  feed(&f, buf_span(&bytes), SIZE_MAX, SIZE_MAX);
  ck_assert(f.failed);
  ck_assert_ptr_nonnull(strstr(f.failure.note, "100000"));
  buf_fini(&bytes);
  fed_fini(&f);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("stream_blocks");
  TCase *t = tcase_create("stream_blocks");
  tcase_set_timeout(t, 120);
  tcase_add_loop_test(t, however_cut_the_outcome_is_the_same, 0,
                      sizeof feedings / sizeof *feedings);
  tcase_add_test(t, only_the_alternative_taken_captures);
  tcase_add_test(t, many_others_come_in_every_round);
  tcase_add_test(t, others_come_to_an_end);
  tcase_add_test(t, no_block_keeps_more_than_the_limit);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
