/* Literals as `raw` lines: the bytes that each way of writing stands for, and what is refused. */
#include "base/rng.h"
#include "compiled.h"
#include "mcbp/header.h"

struct row {
  const char *text;
  const char *bytes; /* NULL: refused */
  size_t n;
};

#define BYTES(s) s, sizeof(s) - 1
#define BAD NULL, 0

static const struct row rows[] = {
    {"\"\"", BYTES("")},
    {"\"abc\"", BYTES("abc")},
    {"\"a\" \"b\"\"c\"", BYTES("abc")},
    {"\"\\n\\t\\r\\\"\\\\\\x00\\xfF\"", BYTES("\n\t\r\"\\\0\xff")},
    {"\"# no comment\" # one", BYTES("# no comment")},
    {"\"a{b}{n{nss}\"", BYTES("a{b}{n{nss}")},
    {"\"\xc3\xa9\"", BYTES("\xc3\xa9")},
    {"\"\\x7bns}\"", BYTES("{ns}")},
    {"hex()", BYTES("")},
    {"hex(00)", BYTES("\0")},
    {"hex(0a FF aB)", BYTES("\x0a\xff\xab")},
    {"hex( 00ff\t10 )", BYTES("\0\xff\x10")},
    {"u8(255) u8(0x0a)", BYTES("\xff\x0a")},
    {"u16(1) u16(65535)", BYTES("\0\1\xff\xff")},
    {"u32(0x01020304)", BYTES("\1\2\3\4")},
    {"u64( 18446744073709551615 )", BYTES("\xff\xff\xff\xff\xff\xff\xff\xff")},
    {"u64(258)", BYTES("\0\0\0\0\0\0\1\2")},
    {"repeat(0, \"a\")", BYTES("")},
    {"repeat(3, \"a\")", BYTES("aaa")},
    {"repeat(3, \"\")", BYTES("")},
    {"repeat(2,\"ab\" hex(00)) \"c\"", BYTES("ab\0ab\0c")},
    {"repeat(2, repeat(2, \"a\") \"b\")", BYTES("aabaab")},
    {"feature(json)", BYTES("\0\x0b")},

    {"\"abc", BAD},
    {"\"abc\\", BAD},
    {"\"\\q\"", BAD},
    {"\"\\x1\"", BAD},
    {"\"\\x1g\"", BAD},
    {"abc", BAD},
    {"abc(1)", BAD},
    {"hex", BAD},
    {"hex(0)", BAD},
    {"hex(000)", BAD},
    {"hex(0 0)", BAD},
    {"hex(gg)", BAD},
    {"hex(00", BAD},
    {"u8(256)", BAD},
    {"u8()", BAD},
    {"u8(1", BAD},
    {"u16(65536)", BAD},
    {"u32(4294967296)", BAD},
    {"u64(18446744073709551616)", BAD},
    {"repeat(3)", BAD},
    {"repeat(3, )", BAD},
    {"repeat(x, \"a\")", BAD},
    {"repeat(3, \"a\"", BAD},
    {"repeat(3, *{2})", BAD},
    {"repeat(2000000, repeat(2000000, \"a\"))", BAD},
    {"repeat(67108865, \"a\")", BAD},
    {"repeat(67108864, \"ab\")", BAD},
    {"\"a\" repeat(67108864, \"a\")", BAD},
    {"random(1)", BAD},
    {"random(1, 67108865)", BAD},
    {"file(values/x)", BAD}, /* single lines have no files */
    {"file()", BAD},
    {"feature(nonsense)", BAD},
    {"\"{ns}\"", BAD}, /* no bytes of its own here */
    {"", BAD},
    {"# nothing", BAD},
};

START_TEST(literals) {
  const struct row *r = &rows[_i];
  struct diag diag;
  struct buf out;
  char *line = xasprintf("raw %s", r->text);
  diag_init(&diag);
  buf_init(&out, COMPILED_MAX);
  bool ok = session_compile_line(span_str(line), DIALECT_STOCK, true, "t", &out, &diag);
  if (ok != (r->bytes != NULL))
    ck_abort_msg("%s: %s", line, ok ? "compiles" : diag_text(&diag));
  ck_assert_msg(diag.count == (ok ? 0 : 1), "%s:\n%s", line, diag_text(&diag));
  if (ok)
    ck_assert_msg(span_eq(buf_span(&out), span_of(r->bytes, r->n)), "%s", line);
  else
    ck_assert_uint_eq(out.n, 0);
  buf_fini(&out);
  diag_fini(&diag);
  free(line);
}
END_TEST

START_TEST(the_greatest_literal_fits) {
  struct buf out;
  buf_init(&out, COMPILED_MAX);
  add_line_bytes(&out, "raw repeat(67108864, \"a\")", true);
  ck_assert_uint_eq(out.n, 64u << 20);
  buf_fini(&out);
}
END_TEST

/* More bytes than parse at once go through. */
START_TEST(long_hex_is_whole) {
  struct buf line, out;
  buf_init(&line, 1 << 20);
  buf_init(&out, 1 << 20);
  buf_add_str(&line, "raw hex(");
  for (unsigned i = 0; i < 1000; i++)
    buf_addf(&line, "%02x%s", i & 0xff, i % 3 ? "" : " ");
  buf_add_str(&line, ")");
  add_line_bytes(&out, buf_cstr(&line), true);
  ck_assert_uint_eq(out.n, 1000);
  for (unsigned i = 0; i < 1000; i++)
    ck_assert_uint_eq(out.p[i], i & 0xff);
  buf_fini(&line);
  buf_fini(&out);
}
END_TEST

/* The generator's numbers, big-endian, the last one cut; no change may come to them unnoticed. */
START_TEST(random_bytes_are_the_seed_s) {
  struct buf out;
  buf_init(&out, 64);
  add_line_bytes(&out, "raw random(7, 19) random(7, 0)", true);
  ck_assert_uint_eq(out.n, 19);
  struct rng rng = rng_of(7);
  for (size_t i = 0; i < 19; i += 8) {
    uint8_t bytes[8];
    be_put(bytes, 8, rng_next(&rng));
    ck_assert_mem_eq(out.p + i, bytes, i == 16 ? 3 : 8);
  }
  ck_assert_mem_eq(out.p, "\x63\xcb\xe1\xe4\x59\x32\x0d\xd7", 8);
  buf_fini(&out);
}
END_TEST

START_TEST(repeat_nests_so_deep) {
  char *eight = xasprintf("c1 > raw repeat(1, repeat(1, repeat(1, repeat(1, repeat(1, repeat(1, "
                          "repeat(1, repeat(1, \"a\"))))))))\nc1 close");
  char *nine = xasprintf("c1 > raw repeat(1, repeat(1, repeat(1, repeat(1, repeat(1, repeat(1, "
                         "repeat(1, repeat(1, repeat(1, \"a\")))))))))\nc1 close");
  struct session *s = compiled(eight);
  ck_assert_uint_eq(s->steps[0].pattern->n, 1);
  session_free(s);
  free(refused(nine));
  free(eight);
  free(nine);
}
END_TEST

/* {ns} costs a patch each time; there is a bound to that. */
START_TEST(repeated_ns_is_bounded) {
  struct session *s = compiled("c1 > set value=repeat(65536, \"{ns}\")");
  ck_assert_uint_eq(s->steps[0].pattern->npatches, 65536);
  ck_assert(s->uses_ns);
  session_free(s);
  free(refused("c1 > set value=repeat(65537, \"{ns}\")"));
  free(refused("c1 > set value=repeat(32769, \"{ns}{ns}\")"));
}
END_TEST

static bool load(void *arg, const char *path, struct buf *out) {
  buf_add_str(arg, path);
  if (strcmp(path, "values/big") == 0)
    return buf_fill(out, 'x', (64u << 20) + 1);
  return strcmp(path, "values/x") == 0 && buf_add_str(out, "content");
}

START_TEST(files_come_from_the_loader) {
  static const struct {
    const char *literal, *path;
    bool ok;
  } files[] = {{"file(values/x)", "values/x", true},
               {"file( values/x )", "values/x", true},
               {"file(values/y)", "values/y", false},
               {"file(values/big)", "values/big", false}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    struct diag diag;
    struct buf asked;
    diag_init(&diag);
    buf_init(&asked, 64);
    char *text = xasprintf("case t\nspec set\nc1 > set value=\"<\" %s \">\"\n", files[i].literal);
    struct session *s =
        session_compile(span_str(text), "t", (struct session_loader){load, &asked}, &diag);
    ck_assert_str_eq(buf_cstr(&asked), files[i].path);
    ck_assert_msg(!!s == files[i].ok, "%s", diag_text(&diag));
    ck_assert_uint_eq(diag.count, !files[i].ok);
    if (s) {
      const struct pattern *p = s->steps[0].pattern;
      ck_assert_uint_eq(p->section_len[3], 9);
      ck_assert_mem_eq(p->bytes + p->n - 9, "<content>", 9);
    }
    session_free(s);
    buf_fini(&asked);
    diag_fini(&diag);
    free(text);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("literal");
  TCase *t = tcase_create("literal");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, literals, 0, sizeof rows / sizeof *rows);
  tcase_add_test(t, the_greatest_literal_fits);
  tcase_add_test(t, long_hex_is_whole);
  tcase_add_test(t, random_bytes_are_the_seed_s);
  tcase_add_test(t, repeat_nests_so_deep);
  tcase_add_test(t, repeated_ns_is_bounded);
  tcase_add_test(t, files_come_from_the_loader);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
