/* Tokens: found where they stand, and nowhere in text; replaced with all that is the same. */
#include "session/token.h"

#include "base/check.h"
#include "unit.h"

static const char text[] = "case \"x\"\n"
                           "repeat 20 as i {\n"
                           "c1 > set key=\"{ns}k\" value=repeat(40, \"repeat(7\") opaque=0x1\n"
                           "c1 < set opaque=1 cas=?a:nonzero\n"
                           "c2 > set key=\"{ns}k\" \"b=5\" value=random(9, 40) hex(00 11)\n"
                           "}\n";

/* Kind, line, whether sent, and the token. */
static const struct {
  enum token_kind kind;
  size_t line;
  bool sent;
  const char *text;
  uint64_t number;
} wanted[] = {
    {TOKEN_LOOP, 1, false, "20", 20},         {TOKEN_TEXT, 2, true, "\"{ns}k\"", 0},
    {TOKEN_REPEAT, 2, true, "40", 40},        {TOKEN_TEXT, 2, true, "\"repeat(7\"", 0},
    {TOKEN_FIELD, 2, true, " opaque=0x1", 1}, {TOKEN_FIELD, 3, false, " opaque=1", 1},
    {TOKEN_TEXT, 4, true, "\"{ns}k\"", 0},    {TOKEN_TEXT, 4, true, "\"b=5\"", 0},
    {TOKEN_RANDOM, 4, true, "40", 40},
};
enum { WANTED = sizeof wanted / sizeof *wanted };

static struct vec tokens;

static void setup(void) {
  vec_init(&tokens, sizeof(struct token));
  tokens_scan(span_str(text), 1, &tokens);
}

static void teardown(void) {
  vec_fini(&tokens);
}

START_TEST(are_found) {
  ck_assert_uint_eq(tokens.n, WANTED);
  for (size_t i = 0; i < WANTED; i++) {
    const struct token *t = vec_at(&tokens, i);
    ck_assert_int_eq(t->kind, wanted[i].kind);
    ck_assert_uint_eq(t->line, wanted[i].line);
    ck_assert_uint_eq(t->number, wanted[i].number);
    ck_assert(t->sent == wanted[i].sent);
    ck_assert(span_is(span_sub(span_str(text), t->at, t->n), wanted[i].text));
  }
}
END_TEST

START_TEST(are_the_same_by_what_they_stand_for) {
  static const size_t same[][2] = {{1, 6}, {4, 5}, {0, 0}};
  for (size_t i = 0; i < WANTED; i++)
    for (size_t k = 0; k < WANTED; k++) {
      bool expected = i == k;
      for (size_t p = 0; p < sizeof same / sizeof *same; p++)
        expected |= (same[p][0] == i && same[p][1] == k) || (same[p][0] == k && same[p][1] == i);
      ck_assert(tokens_same(span_str(text), vec_at(&tokens, i), vec_at(&tokens, k)) == expected);
    }
}
END_TEST

/* Fields are dropped, numbers become 3. */
static bool replace(void *arg, size_t i, struct buf *out) {
  const struct token *t = vec_at(arg, i);
  if (t->kind != TOKEN_FIELD && t->kind != TOKEN_TEXT)
    buf_add_str(out, "3");
  return t->kind != TOKEN_TEXT;
}

START_TEST(are_replaced) {
  struct buf out;
  buf_init(&out, 4096);
  tokens_replace(span_str(text), &tokens, replace, &tokens, &out);
  ck_assert_str_eq(buf_cstr(&out), "case \"x\"\n"
                                   "repeat 3 as i {\n"
                                   "c1 > set key=\"{ns}k\" value=repeat(3, \"repeat(7\")\n"
                                   "c1 < set cas=?a:nonzero\n"
                                   "c2 > set key=\"{ns}k\" \"b=5\" value=random(9, 3) hex(00 11)\n"
                                   "}\n");
  buf_fini(&out);
}
END_TEST

START_TEST(text_is_cut_between_characters) {
  static const char quoted[] = "\"{ns}a\\x0f\\\"\\n{n\"";
  static const char *const cut[] = {"\"\"",
                                    "\"{ns}\"",
                                    "\"{ns}a\"",
                                    "\"{ns}a\\x0f\"",
                                    "\"{ns}a\\x0f\\\"\"",
                                    "\"{ns}a\\x0f\\\"\\n\"",
                                    "\"{ns}a\\x0f\\\"\\n{\"",
                                    quoted};
  size_t n = token_length(span_str(quoted));
  ck_assert_uint_eq(n, 7);
  for (size_t i = 0; i <= n; i++) {
    struct buf out;
    buf_init(&out, 64);
    token_cut(span_str(quoted), i, &out);
    ck_assert_str_eq(buf_cstr(&out), cut[i]);
    buf_fini(&out);
  }
  ck_assert_uint_eq(token_length(span_str("\"\"")), 0);
}
END_TEST

static Suite *make(void) {
  Suite *s = suite_create("token");
  TCase *c = tcase_create("token");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, are_found);
  tcase_add_test(c, are_the_same_by_what_they_stand_for);
  tcase_add_test(c, are_replaced);
  tcase_add_test(c, text_is_cut_between_characters);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(make)
