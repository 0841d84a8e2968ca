#include "run/debt.h"

#include "streams.h"

#define MISS "c1 < get status=key_enoent value=\"Not found\""

struct row {
  const char *name, *steps;
  uint64_t needed;
  const char *answers[4]; /* that have come */
  uint64_t bytes;
  bool exact;
};

static const struct row rows[] = {
    {"nothing asked for", "c1 < noop", 0, {NULL}, 0, true},
    {"a header", "c1 < noop", 1, {NULL}, 24, true},
    {"only what the script has come past", "c1 < noop\nc1 < noop\nc1 < noop", 2, {NULL}, 48, true},
    {"not what has been met", "c1 < noop\n" MISS, 2, {"noop"}, 33, true},
    {"not what is kept of an answer", MISS, 1, {"raw hex(81 00 00)"}, 30, true},
    {"other connections owe nothing", "c2 < noop\nc1 < noop\nc2 < noop", 1, {NULL}, 24, true},
    {"a loop", "repeat 1000 {\nc1 < noop\n}", 1000, {"noop", "noop"}, 998 * 24, true},
    {"holes of fixed width", "c1 < get value=*{4} cas=*", 1, {NULL}, 32, true},
    {"a hole of free length", "c1 < get value=*{4..}\nc1 < noop", 2, {NULL}, 56, false},
    {"the end of the stream", "c1 < noop\nc1 < closed", 2, {NULL}, 24, true},
    {"the shorter of two", "either {\n" MISS "\n} or {\nc1 < noop\n}", 1, {NULL}, 24, false},
    {"lines in any order and the one that ends them",
     "each {\nc1 < stat key=\"a\" value=\"1\"\nc1 < others stat key=* value=*\n}\nc1 < stat",
     1,
     {NULL},
     50,
     false},
};

START_TEST(what_is_owed) {
  const struct row *row = &rows[_i];
  struct buf came = answers(row->answers);
  struct fed f;
  fed_init(&f, row->steps);
  feed(&f, buf_span(&came), SIZE_MAX, SIZE_MAX);
  ck_assert_msg(!f.failed, "%s", row->name);
  f.stream.needed = row->needed;
  struct debt d = debt_of(&f.stream);
  ck_assert_msg(d.bytes == row->bytes && d.exact == row->exact, "%s: %llu bytes, exact %d",
                row->name, (unsigned long long)d.bytes, d.exact);
  fed_fini(&f);
  buf_fini(&came);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("debt");
  TCase *t = tcase_create("debt");
  suite_add_tcase(s, t);
  tcase_add_loop_test(t, what_is_owed, 0, sizeof rows / sizeof rows[0]);
  return s;
}

UNIT_MAIN(suite)
