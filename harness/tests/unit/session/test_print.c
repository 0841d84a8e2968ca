/* The canonical text: word for word, stable, and the same session again. */
#include "session/print.h"

#include "compiled.h"

#define HEAD "case  t\nspec  noop\n"

static const struct {
  const char *text, *printed;
} files[] = {
    {HEAD "c1 > noop\n", HEAD "c1 > noop\n"},
    {"tag b, a\nneeds  flush\nisolated\ncase   a \"#\" title  # lost\nspec get ,set\nc1>noop",
     "case  a \"#\" title\nspec  get, set\ntag   b, a\nneeds flush\nisolated\nc1 > noop\n"},
    {"case t\ndialect couchbase\nspec ioctl_get\nc1 > op0x23   key=hex(6b)  # lost\n",
     "case  t\ndialect couchbase\nspec  ioctl_get\nc1 > ioctl_get key=\"k\"\n"},
    /* Exact lines are rendered, others stand as they were written. */
    {HEAD "c01   >  set  opaque=0x1 value=hex(61) key=\"a\" \"b\" expiry=0x0 flags=1",
     HEAD "c1 > set flags=1 expiry=0 key=\"ab\" value=\"a\" opaque=0x1\n"},
    {HEAD "  c1   <  get   value=*  # lost", HEAD "c1   <  get   value=*\n"},
    {HEAD "c1 > get  key=\"{ns}k\"", HEAD "c1 > get  key=\"{ns}k\"\n"},
    {HEAD "c1 > get  key=\"\\x7bns}k\"", HEAD "c1 > get key=\"\\x7bns}k\"\n"},
    {HEAD "c1 > raw hex(80 0a) repeat(22, hex(00))", HEAD "c1 > noop\n"},
    {HEAD "c1 < raw  \"ab\"", HEAD "c1 < raw \"ab\"\n"},
    {HEAD "c1 > server.op0x01   status=0", HEAD "c1 > server.clustermap_change_notification\n"},
    /* Blocks are indented. */
    {HEAD "repeat 2  as i {\nrepeat 3 {\nc1 connect\nc1 > noop  cas=$i\nc1 < noop  cas=0\n"
          "c1  half-close\nc1 < closed\n  }\n}",
     HEAD "repeat 2  as i {\n  repeat 3 {\n    c1 connect\n    c1 > noop  cas=$i\n"
          "    c1 < noop\n    c1  half-close\n    c1 < closed\n  }\n}\n"},
    {HEAD "either {\nc1 < noop  cas=0\nc1 < closed\n}  or  {\nc1 < get  value=*\n}",
     HEAD "either {\n  c1 < noop\n  c1 < closed\n} or {\n  c1 < get  value=*\n}\n"},
    {HEAD "repeat 2 {\neach {\nc1 < stat  cas=0\nc1 < others  stat\n}\nc1 < noop  cas=0\n}",
     HEAD "repeat 2 {\n  each {\n    c1 < stat\n    c1 < others  stat\n  }\n  c1 < noop\n}\n"},
    {HEAD "clock  +5\nclock +6\nc1 > noop", HEAD "needs clock\nclock  +5\nclock +6\nc1 > noop\n"},
};

static char *printed(const char *text) {
  struct buf out;
  buf_init(&out, COMPILED_MAX);
  struct session *s = compiled_file(text);
  print_session(&out, s);
  session_free(s);
  return buf_take(&out);
}

START_TEST(files_print_as_this) {
  char *once = printed(files[_i].text), *twice = printed(once);
  ck_assert_str_eq(once, files[_i].printed);
  ck_assert_str_eq(twice, once);
  free(once);
  free(twice);
}
END_TEST

static void assert_same_pattern(const struct pattern *a, const struct pattern *b) {
  ck_assert_int_eq(!a, !b);
  if (!a)
    return;
  ck_assert(span_eq(span_of(a->bytes, a->n), span_of(b->bytes, b->n)));
  ck_assert_int_eq(!a->mask, !b->mask);
  ck_assert(!a->mask || memcmp(a->mask, b->mask, a->n) == 0);
  ck_assert_uint_eq(a->npatches, b->npatches);
  ck_assert_uint_eq(a->ncaptures, b->ncaptures);
  ck_assert_uint_eq(a->ngaps, b->ngaps);
}

/* What is printed does the same. */
START_TEST(printed_files_are_the_same_program) {
  struct session *a = compiled_file(files[_i].text), *b = compiled_file(files[_i].printed);
  ck_assert_uint_eq(a->nsteps, b->nsteps);
  for (size_t i = 0; i < a->nsteps; i++) {
    const struct step *x = &a->steps[i], *y = &b->steps[i];
    ck_assert_int_eq(x->kind, y->kind);
    ck_assert_uint_eq(x->conn, y->conn);
    ck_assert_uint_eq(x->count, y->count);
    ck_assert_uint_eq(x->partner, y->partner);
    ck_assert_uint_eq(x->sends, y->sends);
    ck_assert_uint_eq(x->awaits, y->awaits);
    assert_same_pattern(x->pattern, y->pattern);
    if (x->each)
      assert_same_pattern(x->each->terminator.pattern, y->each->terminator.pattern);
    if (x->choice)
      ck_assert_uint_eq(x->choice->n, y->choice->n);
  }
  session_free(a);
  session_free(b);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("print");
  TCase *t = tcase_create("print");
  tcase_add_loop_test(t, files_print_as_this, 0, sizeof files / sizeof *files);
  tcase_add_loop_test(t, printed_files_are_the_same_program, 0, sizeof files / sizeof *files);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
