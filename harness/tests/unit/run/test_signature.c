/* Signatures: the same failure whatever the place, others told apart. */
#include "run/signature.h"

#include "compiled.h"

static struct session *session;

static void setup(void) {
  session = compiled("c1 > get key=\"a\"\n"   /* 3 */
                     "c1 < get value=\"v\"\n" /* 4 */
                     "c1 > get key=\"a\"\n"
                     "c1 < get value=\"v\"\n" /* 6 */
                     "c1 > stat\n"
                     "each {\n" /* 8 */
                     "  c1 < stat key=\"a\"\n"
                     "}\n"
                     "c1 < stat\n" /* 11 */
                     "either {\n"  /* 12 */
                     "  c1 < version\n"
                     "} or {\n"
                     "  c1 < noop\n" /* 15 */
                     "}\n"
                     "c1 < server.op0x01\n" /* 17 */
                     "c1 < raw \"x\"\n"     /* 18 */
                     "c1 < closed\n");
}

static void teardown(void) {
  session_free(session);
}

static struct verdict verdict(enum verdict_kind kind, unsigned line, const char *field,
                              char *brief) {
  return (struct verdict){
      .status = VERDICT_FAIL, .kind = kind, .line = line, .field = field, .brief = brief};
}

static const struct {
  struct {
    enum verdict_kind kind;
    unsigned line;
    const char *field, *brief;
  } a, b;
  bool same;
} pairs[] = {
    {{KIND_NONCONFORMANCE, 4, "value", "x"}, {KIND_NONCONFORMANCE, 6, "value", "y"}, true},
    {{KIND_NONCONFORMANCE, 4, "value", "x"}, {KIND_NONCONFORMANCE, 4, "opaque", "x"}, false},
    {{KIND_NONCONFORMANCE, 4, "value", "x"}, {KIND_NONCONFORMANCE, 9, "value", "x"}, false},
    {{KIND_NONCONFORMANCE, 4, "value", "x"}, {KIND_NONCONFORMANCE, 4, NULL, "x"}, false},
    {{KIND_NONCONFORMANCE, 4, "status", "x"}, {KIND_NONCONFORMANCE, 6, "status", "x"}, true},
    {{KIND_NONCONFORMANCE, 4, "status", "x"}, {KIND_NONCONFORMANCE, 6, "status", "y"}, false},
    {{KIND_TIMEOUT, 4, NULL, "x"}, {KIND_TIMEOUT, 6, NULL, "y"}, true},
    {{KIND_TIMEOUT, 4, NULL, "x"}, {KIND_UNEXPECTED_CLOSE, 4, NULL, "x"}, false},
    {{KIND_SERVER_CRASH, 4, NULL, "x"}, {KIND_SERVER_CRASH, 0, "value", "x"}, true},
    {{KIND_SERVER_CRASH, 4, NULL, "x"}, {KIND_SERVER_CRASH, 4, NULL, "y"}, false},
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

START_TEST(are_compared) {
  struct verdict a =
      verdict(pairs[_i].a.kind, pairs[_i].a.line, pairs[_i].a.field, xstrdup(pairs[_i].a.brief));
  struct verdict b =
      verdict(pairs[_i].b.kind, pairs[_i].b.line, pairs[_i].b.field, xstrdup(pairs[_i].b.brief));
  struct signature g = signature_of(&a, session), h = signature_of(&b, session);
  verdict_fini(&a); /* nothing is borrowed from it */
  verdict_fini(&b);
  ck_assert(signature_same(&g, &h) == pairs[_i].same);
  ck_assert(signature_same(&h, &g) == pairs[_i].same);
  signature_fini(&g);
  signature_fini(&h);
}
END_TEST

static const struct {
  enum verdict_kind kind;
  unsigned line;
  const char *field, *brief, *text;
} texts[] = {
    {KIND_NONCONFORMANCE, 4, "value", "b", "nonconformance: the answer to get, value"},
    {KIND_NONCONFORMANCE, 4, "status", "status: no",
     "nonconformance: the answer to get, status: no"},
    {KIND_TIMEOUT, 8, NULL, "b", "timeout: the answer to stat"},
    {KIND_TIMEOUT, 9, NULL, "b", "timeout: the answer to stat"},
    {KIND_TIMEOUT, 11, NULL, "b", "timeout: the answer to stat"},
    {KIND_TIMEOUT, 12, NULL, "b", "timeout: the answer to version"},
    {KIND_TIMEOUT, 15, NULL, "b", "timeout: the answer to noop"},
    {KIND_TIMEOUT, 17, NULL, "b", "timeout: the answer to server.clustermap_change_notification"},
    {KIND_TIMEOUT, 18, NULL, "b", "timeout"},
    {KIND_TIMEOUT, 19, NULL, "b", "timeout"},
    {KIND_LEFTOVER, 0, NULL, "b", "leftover"},
    {KIND_SERVER_CRASH, 4, NULL, "the server went", "server_crash: the server went"},
};
enum { TEXTS = sizeof texts / sizeof *texts };

START_TEST(are_described) {
  struct verdict v =
      verdict(texts[_i].kind, texts[_i].line, texts[_i].field, xstrdup(texts[_i].brief));
  struct signature g = signature_of(&v, session);
  struct buf out;
  buf_init(&out, 1024);
  signature_describe(&g, &out);
  ck_assert_str_eq(buf_cstr(&out), texts[_i].text);
  buf_fini(&out);
  signature_fini(&g);
  verdict_fini(&v);
}
END_TEST

static Suite *make(void) {
  Suite *s = suite_create("signature");
  TCase *c = tcase_create("signature");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_loop_test(c, are_compared, 0, PAIRS);
  tcase_add_loop_test(c, are_described, 0, TEXTS);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(make)
