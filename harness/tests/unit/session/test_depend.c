/* Which requests must stay so that the answers to others stay right. */
#include "session/depend.h"

#include "compiled.h"

static struct draft *drafted(const char *steps) {
  char *text = xasprintf("case t\nspec noop\n%s", steps);
  struct diag diag;
  diag_init(&diag);
  struct draft *d = draft_new(span_str(text), "t", no_loader, &diag);
  ck_assert_msg(d != NULL, "%s\n%s", text, diag_text(&diag));
  diag_fini(&diag);
  free(text);
  return d;
}

#define SET(k) "c1 > set key=\"{ns}" k "\"\n"
#define GET(k) "c1 > get key=\"{ns}" k "\"\n"

/* `keep` and what becomes of it: a digit for each unit. */
static const struct {
  const char *steps, *keep, *closed;
} cases[] = {
    {SET("a") GET("a"), "01", "11"},
    {SET("a") GET("b"), "01", "01"},
    {SET("a") GET("a") GET("a"), "001", "101"}, /* a read changes nothing */
    {GET("a") SET("a"), "10", "10"},            /* nor does what comes later */
    {SET("a") SET("a") GET("a"), "001", "111"},
    {SET("a") "c1 > append key=\"{ns}a\"\n" GET("a"), "001", "111"},
    {SET("a") "c1 > noop\n", "01", "01"},
    {SET("a") SET("b") "c1 > flush\n" GET("c"), "0001", "1111"},
    {"c1 > sasl_auth key=\"PLAIN\"\nc1 > noop\n", "01", "11"},
    {"c1 > op0x99\n" GET("a"), "01", "11"},
    {"c1 > raw hex(00)\nc1 half-close\n"
     "c2 > noop\n",
     "001", "101"},
    {SET("a") "c2 > get key=\"{ns}a\"\n", "01", "11"},
    {SET("a") "c1 > stat\nc1 < stat\n", "01", "11"},
    {"clock +5\n" GET("a"), "01", "11"},
    /* a key that is not known may be any */
    {SET("a") "repeat 2 as i {\nc1 > get key=\"{ns}\" $i\n}\n", "01", "11"},
    {SET("a") "c1 > set magic=0x08 key=\"{ns}b\"\n" GET("b"), "001", "111"},
    /* in a loop, what comes later comes before as well */
    {"repeat 2 {\nc1 > add key=\"{ns}a\"\nc1 > delete key=\"{ns}a\"\n}\n", "10", "11"},
    {"repeat 1 {\nc1 > add key=\"{ns}a\"\nc1 > delete key=\"{ns}a\"\n}\n", "10", "10"},
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(what_is_needed_stays) {
  struct draft *d = drafted(cases[_i].steps);
  bool keep[8];
  char got[9] = "";
  ck_assert_uint_eq(d->nunits, strlen(cases[_i].keep));
  for (size_t i = 0; i < d->nunits; i++)
    keep[i] = cases[_i].keep[i] == '1';
  depend_close(d, keep);
  for (size_t i = 0; i < d->nunits; i++)
    got[i] = keep[i] ? '1' : '0';
  ck_assert_msg(strcmp(got, cases[_i].closed) == 0, "%s\n%s", cases[_i].steps, got);
  draft_free(d);
}
END_TEST

static const struct {
  const char *steps;
  bool plain, fewer; /* the loop, if there is one, begins at line 2 */
} loops[] = {
    {"repeat 2 {\n" SET("a") GET("a") "}\n" GET("a"), true, true},
    {"repeat 2 {\nc1 > increment key=\"{ns}a\"\n}\n" GET("a"), false, false},
    {"repeat 2 {\nc1 > increment key=\"{ns}a\"\n}\n" GET("b"), false, true},
    {"repeat 2 as i {\nc1 > set key=\"{ns}a\" value=$i\n}\n" GET("a"), true, false},
    {"repeat 2 {\nc1 > delete key=\"{ns}a\"\nc1 > noop\nc1 > version\nc1 > quit\n}\n", true, true},
    {"repeat 2 {\nc1 > op0x99\n}\nc1 > noop\n", false, false},
    {"c1 > touch key=\"{ns}a\"\n", false, false},
};
enum { LOOPS = sizeof loops / sizeof *loops };

START_TEST(loops_and_values) {
  struct draft *d = drafted(loops[_i].steps);
  ck_assert_msg(depend_is_plain(d) == loops[_i].plain, "%s", loops[_i].steps);
  ck_assert_msg(depend_allows_fewer(d, 2) == loops[_i].fewer, "%s", loops[_i].steps);
  draft_free(d);
}
END_TEST

static Suite *make(void) {
  Suite *s = suite_create("depend");
  TCase *c = tcase_create("depend");
  tcase_add_loop_test(c, what_is_needed_stays, 0, CASES);
  tcase_add_loop_test(c, loops_and_values, 0, LOOPS);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(make)
