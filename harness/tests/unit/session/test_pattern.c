/* Patterns as lines compile to them: what they match, byte by byte and at once, what they keep. */
#include "session/pattern.h"

#include "compiled.h"
#include "mcbp/header.h"

enum { BYTES_MAX = 1 << 20 };

/* One expected line, compiled, and what its captures hold. */
struct one {
  struct session *session;
  const struct pattern *p;
  struct bindings env;
  uint64_t counters[SESSION_LOOPS];
};

static struct one one_of(const char *line) {
  char *steps = xasprintf("c1 < %s", line);
  struct one o = {.session = compiled(steps)};
  free(steps);
  o.p = o.session->steps[o.session->nsteps - 1].pattern;
  o.env = bindings_of(o.session);
  return o;
}

static void one_fini(struct one *o) {
  free(o->env.vars);
  session_free(o->session);
}

/* Matches all prefixes, each from 0 and from as far as the one before was checked; all must agree
 * with the match of the whole. */
static struct match match_every_prefix(const struct one *o, struct span bytes) {
  struct match whole = pattern_match(o->p, &o->env, o->counters, bytes, 0);
  size_t checked = 0;
  for (size_t n = 0; n <= bytes.n; n++) {
    struct span prefix = span_sub(bytes, 0, n);
    struct match m = pattern_match(o->p, &o->env, o->counters, prefix, 0);
    struct match resumed = pattern_match(o->p, &o->env, o->counters, prefix, checked);
    ck_assert_int_eq(m.result, resumed.result);
    if (m.result == MATCH_YES) {
      ck_assert_int_eq(whole.result, MATCH_YES);
      ck_assert_uint_eq(m.len, whole.len);
      ck_assert_uint_eq(resumed.len, whole.len);
      ck_assert_uint_ge(n, whole.len);
    } else if (m.result == MATCH_NO) {
      ck_assert_int_eq(whole.result, MATCH_NO);
      ck_assert_uint_eq(m.off, whole.off);
      ck_assert_uint_eq(resumed.off, whole.off);
      ck_assert_uint_lt(m.off, n);
      return whole;
    } else {
      ck_assert_uint_ge(m.checked, checked);
      ck_assert_uint_le(m.checked, n);
      ck_assert_uint_eq(m.checked, resumed.checked);
      ck_assert(m.need == 0 || m.need > n);
      if (whole.result == MATCH_YES) {
        ck_assert(m.need == 0 || m.need == whole.len);
        ck_assert_uint_lt(n, whole.len);
      }
      checked = m.checked;
    }
  }
  return whole;
}

struct trial {
  const char *expected, *actual; /* lines of the notation */
  int off;                       /* where it differs; YES or MORE */
};

enum { YES = -1, MORE = -2 };

static const struct trial trials[] = {
    /* Exact. */
    {"noop", "noop", YES},
    {"noop", "raw hex(81 0a)", MORE},
    {"noop", "noop opaque=1", 15},
    {"noop", "get", 1},
    {"get flags=7 key=\"k\" value=\"v\"", "get flags=7 key=\"k\" value=\"v\"", YES},
    {"get flags=7 value=\"v\"", "get flags=7 value=\"w\"", 28},
    {"get flags=7 value=\"v\"", "get flags=7 value=\"vv\"", 11},
    {"raw \"ab\"", "raw \"ab\"", YES},
    {"raw \"ab\"", "raw \"aXb\"", 1},
    {"raw \"a\" *{2} \"b\"", "raw \"a\\x00\\xffb\"", YES},
    {"raw \"a\" *{2} \"b\"", "raw \"a\\x00\\xffc\"", 3},
    /* Holes of a header field's width, and nothing beside them. */
    {"noop opaque=*", "noop opaque=0xffffffff", YES},
    {"noop opaque=*", "noop cas=1", 23},
    {"noop opaque=*", "noop datatype=1", 5},
    {"noop cas=*{8}", "noop cas=0xffffffffffffffff", YES},
    {"noop cas=*", "noop opaque=1", 15},
    {"noop status=*", "noop status=0x1234", YES},
    {"noop status=*", "noop datatype=1", 5},
    {"noop status=*", "noop status=1 opaque=0x100", 14},
    {"noop datatype=*", "noop datatype=255", YES},
    {"noop magic=*", "noop magic=0x42", YES},
    {"noop magic=*", "op0x0b magic=0x42", 1},
    {"get flags=*", "get flags=0xdeadbeef", YES},
    {"get flags=*", "get flags=1 value=\"x\"", 11},
    {"noop keylen=*", "noop keylen=7", YES},
    {"noop bodylen=*", "noop bodylen=7", YES},
    {"noop extlen=*", "noop extlen=7", YES},
    /* Holes in values. */
    {"get value=*{3}", "get value=\"abc\"", YES},
    {"get value=*{3}", "get value=\"ab\"", 11},
    {"get value=*{3}", "get value=\"abcd\"", 11},
    {"get value=\"a\" *{3} \"b\"", "get value=\"aXXXb\"", YES},
    {"get value=\"a\" *{3} \"b\"", "get value=\"aXXXX\"", 32},
    {"get value=\"a\" *{1..2} \"b\"", "get value=\"aXb\"", YES},
    {"get value=\"a\" *{1..2} \"b\"", "get value=\"aXXb\"", YES},
    {"get value=\"a\" *{1..2} \"b\"", "get value=\"ab\"", 8},
    {"get value=\"a\" *{1..2} \"b\"", "get value=\"aXXXb\"", 8},
    {"get value=\"a\" *{1..2} \"b\"", "get value=\"aXXX\"", 31},
    {"get value=\"a\" * \"b\"", "get value=\"ab\"", YES},
    {"get value=\"a\" * \"b\"", "get value=\"a\" repeat(500, \"x\") \"b\"", YES},
    {"get value=\"a\" * \"b\"", "get value=\"a\" repeat(500, \"x\") \"c\"", 529},
    {"get value=\"a\" * \"b\"", "get value=\"a\"", 8},
    {"get value=*{2..}", "get value=\"ab\"", YES},
    {"get value=*{2..}", "get value=\"a\"", 8},
    {"get value=*{0..0}", "get", YES},
    {"get value=*{0..0}", "get value=\"a\"", 11},
    {"get value=*", "get", YES},
    {"get value=*", "get flags=1", 27},
    {"get value=*", "get extras=\"\"", 4},
    {"get value=*", "get extras=\"abcde\"", 4},
    {"get value=*", "get key=\"k\"", 3},
    {"get value=*", "raw hex(81 00 00 00 04 00 00 00 00 00 00 03 00 00 00 00) repeat(8, \"\\x00\")",
     8},
    /* Holes in keys and extras. */
    {"getk key=*{1..3}", "getk key=\"k\"", YES},
    {"getk key=*{1..3}", "getk key=\"kkk\"", YES},
    {"getk key=*{1..3}", "getk", 2},
    {"getk key=*{1..3}", "getk key=\"kkkk\"", 2},
    {"getk key=*{1..3}", "getk key=\"k\" value=\"v\"", 8},
    {"getk key=*{1..3} value=\"v\"", "getk key=\"kk\" value=\"v\"", YES},
    {"getk key=*{1..3} value=\"v\"", "getk key=\"kk\" value=\"w\"", 30},
    {"getk key=\"a\" *{0..} \"z\" value=*", "getk key=\"az\" value=\"v\"", YES},
    {"getk key=\"a\" *{0..} \"z\" value=*", "getk key=\"a..z\"", YES},
    {"getk key=\"a\" *{0..} \"z\" value=*", "getk key=\"a..y\" value=\"v\"", 31},
    {"noop extras=*{0..2}", "noop extras=\"ab\"", YES},
    {"noop extras=*{0..2}", "noop extras=\"abc\"", 4},
    {"noop extras=*{0..2} key=* value=*", "noop extras=\"a\" key=\"k\" value=\"v\"", YES},
    {"noop extras=*{1..2} key=*{1..2} value=*{1..2}", "noop extras=\"a\" key=\"k\"", 8},
    {"noop extras=*{1..2} key=*{1..2} value=*{1..2}", "noop extras=\"a\" value=\"v\"", 2},
    {"noop extras=*{1..2} key=*{1..2} value=*{1..2}", "noop key=\"k\" value=\"v\"", 4},
    {"noop extras=*{1..2} key=*{1..2} value=*{1..2}", "noop extras=\"ee\" key=\"kk\" value=\"vv\"",
     YES},
    {"noop extras=* \"e\" key=* \"k\" value=* \"v\"",
     "noop extras=\"1e\" key=\"22k\" value=\"333v\"", YES},
    {"noop extras=* \"e\" key=* \"k\" value=* \"v\"",
     "noop extras=\"1e\" key=\"22k\" value=\"333w\"", 32},
    {"noop extras=* \"e\" key=* \"k\" value=* \"v\"",
     "noop extras=\"1e\" key=\"222\" value=\"333v\"", 28},
    {"noop extras=* \"e\" key=* \"k\" value=* \"v\"",
     "noop extras=\"11\" key=\"22k\" value=\"333v\"", 25},
    /* Captures. */
    {"noop cas=?a", "noop", YES},
    {"noop cas=?a:nonzero", "noop cas=0x100", YES},
    {"noop cas=?a:nonzero", "noop", 16},
    {"get value=\"x\" ?a:nonzero{2} \"y\"", "get value=\"x\\x00\\x01y\"", YES},
    {"get value=\"x\" ?a:nonzero{2} \"y\"", "get value=\"x\\x00\\x00y\"", 29},
    {"get value=* ?a{1}:nonzero", "get value=\"abc\"", YES},
    {"get value=* ?a{1}:nonzero", "get value=\"abc\\x00\"", 31},
    /* The key space. */
    {"getk key=\"{ns}k\"", "getk key=\"ns01k\"", YES},
    {"getk key=\"{ns}k\"", "getk key=\"ns02k\"", 31},
    {"getk key=\"{ns}k\"", "getk key=\"{ns\\x7dk\"", 28},
    {"getk key=repeat(2, \"{ns}\")", "getk key=\"ns01ns01\"", YES},
    {"getk key=repeat(2, \"{ns}\")", "getk key=\"ns01ns00\"", 35},
    {"getk key=*{0..1} \"{ns}\" value=*", "getk key=\"xns01\" value=\"v\"", YES},
    {"getk key=*{0..1} \"{ns}\" value=*", "getk key=\"xns0x\" value=\"v\"", 32},
    /* Alternative frames. */
    {"get frame.0x01=\"ab\" value=*", "get frame.0x01=\"ab\" value=\"v\"", YES},
    {"get frame.0x01=\"ab\" value=*", "get frame.0x01=\"ac\" value=\"v\"", 26},
    {"get frame.0x01=\"ab\" value=*", "get frame.0x01=\"abc\" value=\"v\"", 2},
    {"get frame.0x01=*{2} value=\"v\"", "get frame.0x01=\"xy\" value=\"v\"", YES},
    {"get frame.0x01=*{2} value=\"v\"", "get frame.0x02=\"xy\" value=\"v\"", 24},
    {"getk framing=\"f\" key=*{1..2}", "getk framing=\"f\" key=\"kk\"", YES},
    {"getk framing=\"f\" key=*{1..2}", "getk framing=\"f\" key=\"kkk\"", 3},
    {"getk framing=\"f\" key=*{1..2}", "getk framing=\"f\" extras=\"abcde\" key=\"kk\"", 4},
    {"get value=*", "get framing=\"f\" value=\"v\"", 0},
    /* The server's own. */
    {"server.op0x07 value=\"v\"", "server.op0x07 value=\"v\"", YES},
    {"server.op0x07 value=*", "op0x07 value=\"v\"", 0},
    /* Overrides. */
    {"noop keylen=5", "noop keylen=5", YES},
    {"noop keylen=5", "noop", 3},
    {"noop extlen=3 bodylen=9 value=\"abc\"", "noop extlen=3 bodylen=9 value=\"abc\"", YES},
    {"noop magic=0x42", "noop magic=0x42", YES},
    {"noop framing=\"\" framinglen=3", "noop framing=\"\" framinglen=3", YES},
};

START_TEST(matches_and_where_not) {
  const struct trial *t = &trials[_i];
  struct one o = one_of(t->expected);
  struct buf bytes = answers((const char *const[]){t->actual, NULL});
  struct match m = match_every_prefix(&o, buf_span(&bytes));
  const char *words[] = {"no", "more", "yes"};
  int got = m.result == MATCH_YES ? YES : m.result == MATCH_MORE ? MORE : (int)m.off;
  if (got != t->off)
    ck_abort_msg("%s | %s: want %d, got %d (%s)", t->expected, t->actual, t->off, got,
                 words[m.result == MATCH_YES ? 2 : m.result == MATCH_MORE]);
  if (m.result == MATCH_YES) {
    ck_assert_uint_eq(m.len, bytes.n);
    ck_assert_uint_le(pattern_min(o.p), bytes.n);
    /* What follows the frame is none of its business. */
    buf_add_str(&bytes, "\x81more");
    ck_assert_uint_eq(match_every_prefix(&o, buf_span(&bytes)).len, m.len);
  }
  buf_fini(&bytes);
  one_fini(&o);
}
END_TEST

START_TEST(min_counts_each_hole_once) {
  static const struct {
    const char *line;
    size_t min;
  } rows[] = {{"noop", 24},
              {"get value=*{3}", 31},
              {"get value=*", 28},
              {"get value=*{5..9}", 33},
              {"raw \"abc\" *{2}", 5},
              {"noop extras=*{1..2} key=\"a\" *{2..} value=*{3..3}", 31}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct one o = one_of(rows[i].line);
    ck_assert_msg(pattern_min(o.p) == rows[i].min, "%s: %zu", rows[i].line, pattern_min(o.p));
    one_fini(&o);
  }
}
END_TEST

static void assert_kept(const struct one *o, const char *name, struct span want) {
  for (size_t i = 0; i < o->session->nvars; i++)
    if (strcmp(o->session->vars[i], name) == 0) {
      ck_assert_uint_eq(o->session->var_size[i], want.n);
      ck_assert_mem_eq(o->env.vars + o->session->var_off[i], want.p, want.n);
      return;
    }
  ck_abort_msg("nothing is called %s", name);
}

static void capture(struct one *o, const char *line) {
  struct buf bytes = answers((const char *const[]){line, NULL});
  ck_assert_int_eq(pattern_match(o->p, &o->env, o->counters, buf_span(&bytes), 0).result,
                   MATCH_YES);
  pattern_capture(o->p, &o->env, buf_span(&bytes));
  buf_fini(&bytes);
}

START_TEST(captures_are_kept_from_behind_gaps) {
  struct one o = one_of("get extras=?x{2} * ?flags:nonzero{1} key=*{0..} ?k{3} "
                        "value=\"(\" ?a{2} * ?b{1} \")\" cas=?cas opaque=?o status=?s");
  ck_assert_uint_eq(o.session->nvars, 8);
  capture(&o, "get extras=\"XY...F\" key=\"..key\" value=\"(AA......B)\" cas=0x0102030405060708 "
              "opaque=0x11223344 status=0x8001");
  assert_kept(&o, "x", span_str("XY"));
  assert_kept(&o, "flags", span_str("F"));
  assert_kept(&o, "k", span_str("key"));
  assert_kept(&o, "a", span_str("AA"));
  assert_kept(&o, "b", span_str("B"));
  assert_kept(&o, "cas", span_of("\1\2\3\4\5\6\7\10", 8));
  assert_kept(&o, "o", span_of("\x11\x22\x33\x44", 4));
  assert_kept(&o, "s", span_of("\x80\x01", 2));
  /* A second frame through the same pattern replaces them. */
  capture(&o, "get extras=\"xyf\" key=\"KEY\" value=\"(aab)\"");
  assert_kept(&o, "flags", span_str("f"));
  assert_kept(&o, "k", span_str("KEY"));
  assert_kept(&o, "b", span_str("b"));
  assert_kept(&o, "cas", span_of("\0\0\0\0\0\0\0\0", 8));
  one_fini(&o);
}
END_TEST

/* The last step of a session, sent or expected, with what stood before it captured. */
START_TEST(captured_bytes_are_sent_and_expected) {
  struct session *s = compiled("c1 < get flags=?f cas=?a value=?v{3}\n"
                               "c1 > set key=\"k\" $v value=\"<\" $v \">\" flags=$f cas=$a\n"
                               "c1 < getk key=* $v flags=$f cas=$a value=$v * $v");
  struct bindings env = bindings_of(s);
  struct buf bytes = answers((const char *const[]){"get flags=77 cas=0xabc value=\"xyz\"", NULL});
  pattern_capture(s->steps[0].pattern, &env, buf_span(&bytes));
  buf_fini(&bytes);

  struct buf sent, want;
  buf_init(&sent, BYTES_MAX);
  buf_init(&want, BYTES_MAX);
  buf_add_str(&sent, "before");
  ck_assert(pattern_bytes(s->steps[1].pattern, &env, NULL, &sent));
  buf_add_str(&want, "before");
  add_line_bytes(&want, "set key=\"kxyz\" value=\"<xyz>\" flags=77 cas=0xabc", true);
  ck_assert(span_eq(buf_span(&sent), buf_span(&want)));
  buf_fini(&sent);
  buf_fini(&want);

  struct one o = {.session = s, .p = s->steps[2].pattern, .env = env};
  static const struct {
    const char *line;
    int off;
  } rows[] = {{"getk key=\"1xyz\" flags=77 cas=0xabc value=\"xyz..xyz\"", YES},
              {"getk key=\"1xyz\" flags=77 cas=0xabd value=\"xyz..xyz\"", 23},
              {"getk key=\"1xyz\" flags=78 cas=0xabc value=\"xyz..xyz\"", 27},
              {"getk key=\"1xyw\" flags=77 cas=0xabc value=\"xyz..xyz\"", 31},
              {"getk key=\"1xyz\" flags=77 cas=0xabc value=\"xyz..xyw\"", 39}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bytes = answers((const char *const[]){rows[i].line, NULL});
    struct match m = match_every_prefix(&o, buf_span(&bytes));
    ck_assert_int_eq(m.result == MATCH_YES ? YES : (int)m.off, rows[i].off);
    buf_fini(&bytes);
  }
  one_fini(&o);
}
END_TEST

START_TEST(counters_fill_fields_and_digits) {
  struct session *s = compiled(
      "repeat 200000000 as i {\nrepeat 300 as j {\n"
      "c1 > set key=\"k\" $i \"-\" $j value=$j flags=$i opaque=$i cas=$j vbucket=$i datatype=$j\n"
      "c1 < set opaque=$i cas=$j status=$j\n}\n}");
  const struct pattern *sends = s->steps[2].pattern, *expects = s->steps[3].pattern;
  struct bindings env = bindings_of(s);
  uint64_t counters[SESSION_LOOPS] = {123456789, 258};
  struct buf got, want;
  buf_init(&got, BYTES_MAX);
  buf_init(&want, BYTES_MAX);
  ck_assert(pattern_bytes(sends, &env, counters, &got));
  add_line_bytes(&want,
                 "set key=\"k23456789-00000258\" value=\"00000258\" flags=123456789 "
                 "opaque=123456789 cas=258 vbucket=0xcd15 datatype=2",
                 true);
  ck_assert(span_eq(buf_span(&got), buf_span(&want)));
  buf_reset(&want);
  add_line_bytes(&want, "set opaque=123456789 cas=258 status=258", false);
  struct one o = {s, expects, env, {123456789, 258}};
  ck_assert_int_eq(match_every_prefix(&o, buf_span(&want)).result, MATCH_YES);
  o.counters[1]++;
  ck_assert_uint_eq(match_every_prefix(&o, buf_span(&want)).off, 7);
  o.counters[1]--;
  o.counters[0]++;
  ck_assert_uint_eq(match_every_prefix(&o, buf_span(&want)).off, 15);
  buf_fini(&got);
  buf_fini(&want);
  one_fini(&o);
}
END_TEST

START_TEST(bytes_do_not_pass_the_cap) {
  struct one o = one_of("get value=\"0123456789\"");
  struct buf out;
  buf_init(&out, o.p->n - 1);
  ck_assert(!pattern_bytes(o.p, &o.env, o.counters, &out));
  ck_assert_uint_eq(out.n, 0);
  buf_fini(&out);
  buf_init(&out, o.p->n);
  ck_assert(pattern_bytes(o.p, &o.env, o.counters, &out));
  buf_fini(&out);
  one_fini(&o);
}
END_TEST

/* Lengths at the ends of what the header's fields hold. */
START_TEST(greatest_lengths_match) {
  struct one o = one_of("getk key=* value=*");
  struct buf bytes = answers(
      (const char *const[]){"getk key=repeat(65535, \"k\") value=repeat(70000, \"v\")", NULL});
  struct match m = pattern_match(o.p, &o.env, o.counters, buf_span(&bytes), 0);
  ck_assert_int_eq(m.result, MATCH_YES);
  ck_assert_uint_eq(m.len, bytes.n);
  memset(bytes.p + 8, 0xff, 4);
  m = pattern_match(o.p, &o.env, o.counters, buf_span(&bytes), 0);
  ck_assert_int_eq(m.result, MATCH_NO);
  ck_assert_uint_eq(m.off, 8);
  buf_fini(&bytes);
  one_fini(&o);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("pattern");
  TCase *t = tcase_create("pattern");
  tcase_add_loop_test(t, matches_and_where_not, 0, sizeof trials / sizeof *trials);
  tcase_add_test(t, min_counts_each_hole_once);
  tcase_add_test(t, captures_are_kept_from_behind_gaps);
  tcase_add_test(t, captured_bytes_are_sent_and_expected);
  tcase_add_test(t, counters_fill_fields_and_digits);
  tcase_add_test(t, bytes_do_not_pass_the_cap);
  tcase_add_test(t, greatest_lengths_match);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
