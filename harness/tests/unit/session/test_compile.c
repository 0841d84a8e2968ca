/* Whole files: head lines, what must be there, and that no text, however broken, does harm. */
#include <stdio.h>

#include "base/rng.h"
#include "compiled.h"

static void assert_list(const char *const *list, const char *const *want) {
  for (; *want; list++, want++)
    ck_assert_str_eq(*list, *want);
  ck_assert_ptr_null(*list);
}

START_TEST(head_lines) {
  struct session *s = compiled_file("# first\n"
                                    "case   a title: with \"#\" in it   # and a comment\n"
                                    "dialect couchbase\n"
                                    "spec get, server.clustermap_change_notification,op0x3f , get\n"
                                    "spec ioctl_get\n"
                                    "tag a, b-c\ntag d, a\n"
                                    "needs flush\n"
                                    "isolated\n"
                                    "c1 > ioctl_get key=\"k\"");
  ck_assert_str_eq(s->file, "t");
  ck_assert_str_eq(s->title, "a title: with \"#\" in it");
  ck_assert_int_eq(s->dialect, DIALECT_COUCHBASE);
  ck_assert(s->isolated && !s->uses_ns);
  assert_list(s->spec, (const char *const[]){"get", "server.clustermap_change_notification",
                                             "op0x3f", "ioctl_get", NULL});
  assert_list(s->tags, (const char *const[]){"a", "b-c", "d", NULL});
  assert_list(s->needs, (const char *const[]){"flush", NULL});
  ck_assert_uint_eq(s->nsteps, 1);
  ck_assert_uint_eq(s->steps[0].line, 10);
  session_free(s);
}
END_TEST

START_TEST(what_is_not_said_is_empty) {
  struct session *s = compiled_file("case t\r\nspec noop\r\nc1 > noop\r\n");
  ck_assert_str_eq(s->title, "t");
  ck_assert_int_eq(s->dialect, DIALECT_STOCK);
  ck_assert(!s->isolated && !s->uses_ns);
  ck_assert_ptr_null(s->tags[0]);
  ck_assert_ptr_null(s->needs[0]);
  ck_assert_uint_eq(s->nvars + s->vars_bytes, 0);
  session_free(s);
}
END_TEST

#define STEP "c1 > noop\n"

static const struct {
  const char *text;
  unsigned line;
} bad[] = {
    {"spec noop\n" STEP, 1},
    {"case t\n" STEP, 1},
    {"case t\nspec noop\n", 2},
    {"case t\nspec noop\n# nothing\n\n", 4},
    {"case\nspec noop\n" STEP, 1},
    {"case # t\nspec noop\n" STEP, 1},
    {"case t\ncase u\nspec noop\n" STEP, 2},
    {"case t\nspec\n" STEP, 2},
    {"case t\nspec nop\n" STEP, 2},
    {"case t\nspec noop,\n" STEP, 2},
    {"case t\nspec noop get\n" STEP, 2},
    {"case t\nspec op0xzz\n" STEP, 2},
    {"case t\nspec ioctl_get\n" STEP, 2},
    {"case t\nspec noop\ntag\n" STEP, 3},
    {"case t\nspec noop\ntag a b\n" STEP, 3},
    {"case t\nspec noop\nneeds ,\n" STEP, 3},
    {"case t\nspec noop\nisolated yes\n" STEP, 3},
    {"case t\ndialect other\nspec noop\n" STEP, 2},
    {"case t\ndialect\nspec noop\n" STEP, 2},
    {"case t\ndialect stock stock\nspec noop\n" STEP, 2},
    {"case t\nspec noop\ndialect stock\n" STEP, 3},
    {"case t\nspec noop\n" STEP "tag a\n", 4},
    {"case t\nspec noop\n" STEP "isolated\n", 4},
};

START_TEST(faults_of_the_head) {
  char *why = refused_file(bad[_i].text), want[16];
  snprintf(want, sizeof want, "t:%u:", bad[_i].line);
  ck_assert_msg(strncmp(why, want, strlen(want)) == 0, "%s\nsays %snot %s", bad[_i].text, why,
                want);
  ck_assert_msg(strchr(why, '\n')[1] == '\0', "%s\nsays more than once\n%s", bad[_i].text, why);
  free(why);
}
END_TEST

START_TEST(an_empty_file_lacks_three_things) {
  char *why = refused_file("");
  ck_assert_ptr_nonnull(strstr(why, "case"));
  ck_assert_ptr_nonnull(strstr(why, "spec"));
  ck_assert_ptr_nonnull(strstr(why, "step"));
  free(why);
}
END_TEST

/* Diagnostics that were there before belong to another file. */
START_TEST(earlier_diagnostics_do_not_count) {
  struct diag diag;
  diag_init(&diag);
  diag_at(&diag, "other", 1, 1, "bad");
  struct session *s = session_compile(span_str("case t\nspec noop\nc1 > noop\n"), "t",
                                      (struct session_loader){0}, &diag);
  ck_assert_ptr_nonnull(s);
  ck_assert_uint_eq(diag.count, 1);
  session_free(s);
  diag_fini(&diag);
}
END_TEST

/* Variables lie side by side, each of its own size. */
START_TEST(variables_are_laid_out) {
  struct session *s = compiled("c1 < get cas=?a flags=?b value=?c{3} status=?d\nc1 < get cas=?a");
  static const char *const names[] = {"d", "b", "c", "a"};
  static const uint16_t sizes[] = {2, 4, 3, 8};
  ck_assert_uint_eq(s->nvars, 4);
  ck_assert_uint_eq(s->vars_bytes, 17);
  uint32_t covered = 0;
  for (size_t i = 0; i < 4; i++)
    for (size_t k = 0; k < 4; k++)
      if (strcmp(s->vars[i], names[k]) == 0) {
        ck_assert_uint_eq(s->var_size[i], sizes[k]);
        covered |= ((1u << sizes[k]) - 1) << s->var_off[i];
      }
  ck_assert_uint_eq(covered, (1u << 17) - 1);
  session_free(s);
}
END_TEST

START_TEST(ns_is_noticed) {
  struct session *s = compiled("c1 > get key=\"{ns}k\"");
  ck_assert(s->uses_ns);
  session_free(s);
  s = compiled("c1 > get key=\"\\x7bns}k\"");
  ck_assert(!s->uses_ns);
  session_free(s);
}
END_TEST

/* Words of the notation and stray bytes in any order: refused with a place, or compiled. */
START_TEST(no_text_does_harm) {
  static const char *const words[] = {
      "case t\n", "spec noop\n", "c1 > ",   "c1 < ",   "c2 ",     "noop",    " get",    " key=",
      "value=",   "\"a\"",       "\"",      "hex(0",   "hex(00)", "*",       "*{",      "1..",
      "}",        "?a",          "$a",      "$i",      "{ns}",    "\n",      "\n",      "\n",
      " ",        "repeat ",     "2 ",      "as i ",   "{\n",     "}\n",     "either ", "} or {\n",
      "each ",    "closed",      "others ", "raw ",    "close",   "connect", "clock +", "#",
      ",",        "(",           ")",       "\\",      "=",       "opaque=", "1",       "0x",
      "framing=", "frame.",      "\xff",    "server.", "op0x",    "status="};
  struct rng r = rng_of(5);
  unsigned compiled_ones = 0;
  for (unsigned round = 0; round < 30000; round++) {
    struct buf text;
    struct diag diag;
    buf_init(&text, 1 << 16);
    diag_init(&diag);
    buf_add_str(&text, "case t\nspec noop\n");
    for (uint64_t n = rng_below(&r, 30); n > 0; n--)
      buf_add_str(&text, words[rng_below(&r, sizeof words / sizeof *words)]);
    struct session *s = session_compile(buf_span(&text), "t", no_loader, &diag);
    ck_assert_msg(!s == (diag.count > 0), "%s", buf_cstr(&text));
    compiled_ones += s != NULL;
    session_free(s);
    buf_fini(&text);
    diag_fini(&diag);
  }
  ck_assert_uint_gt(compiled_ones, 0);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static Suite *suite(void) {
  Suite *s = suite_create("compile");
  TCase *t = tcase_create("compile");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, head_lines);
  tcase_add_test(t, what_is_not_said_is_empty);
  tcase_add_loop_test(t, faults_of_the_head, 0, COUNT(bad));
  tcase_add_test(t, an_empty_file_lacks_three_things);
  tcase_add_test(t, earlier_diagnostics_do_not_count);
  tcase_add_test(t, variables_are_laid_out);
  tcase_add_test(t, ns_is_noticed);
  tcase_add_test(t, no_text_does_harm);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
