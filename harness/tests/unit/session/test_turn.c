#include "session/turn.h"

#include "unit.h"

/* In the turn with the count 7. */
static const struct {
  const char *line, *name, *want;
} turns[] = {
    {"c1 > get key=$i opaque=$i", "i", "c1 > get key=\"00000007\" opaque=7"},
    {"c1 > get key=\"k\" $i $i opaque=1", "i",
     "c1 > get key=\"k\" \"00000007\" \"00000007\" opaque=1"},
    {"c1 > set flags=$i cas=$i value=$i", "i", "c1 > set flags=7 cas=7 value=\"00000007\""},
    {"c1 > get extras=$i framing=$i frame.dcp_id=$i", "i",
     "c1 > get extras=\"00000007\" framing=\"00000007\" frame.dcp_id=\"00000007\""},
    {"c1 > get xkey=$i\tkey=$i", "i", "c1 > get xkey=7\tkey=\"00000007\""},
    {"$i", "i", "\"00000007\""},
    /* other names */
    {"opaque=$ii cas=$i-a $i.b $_i $ i $", "i", "opaque=$ii cas=$i-a $i.b $_i $ i $"},
    {"opaque=$a-b.c", "a-b.c", "opaque=7"},
    {"opaque=$$i", "i", "opaque=$\"00000007\""},
    /* text */
    {"key=\"$i\" $i", "i", "key=\"$i\" \"00000007\""},
    {"key=\"\\\"$i\\\\\" $i", "i", "key=\"\\\"$i\\\\\" \"00000007\""},
    {"\"\\", "i", "\"\\"},
    /* no name, no line */
    {"opaque=$i $", "", "opaque=$i $"},
    {"", "i", ""},
};
enum { TURNS = sizeof turns / sizeof *turns };

static char *turn(const char *line, const char *name, uint64_t count) {
  struct buf out;
  buf_init(&out, 4096);
  turn_line(&out, span_str(line), span_str(name), count);
  return buf_take(&out);
}

START_TEST(the_count_stands_for_its_name) {
  char *got = turn(turns[_i].line, turns[_i].name, 7);
  ck_assert_str_eq(got, turns[_i].want);
  free(got);
}
END_TEST

START_TEST(digits_are_the_last_eight) {
  char *got = turn("key=$i opaque=$i", "i", UINT64_C(123456789));
  ck_assert_str_eq(got, "key=\"23456789\" opaque=123456789");
  free(got);
}
END_TEST

static Suite *make(void) {
  Suite *s = suite_create("turn");
  TCase *c = tcase_create("turn");
  tcase_add_loop_test(c, the_count_stands_for_its_name, 0, TURNS);
  tcase_add_test(c, digits_are_the_last_eight);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(make)
