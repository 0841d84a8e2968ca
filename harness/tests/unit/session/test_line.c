/* Lines of frames: the header that follows from what is named, and each way to override it. */
#include <stdio.h>

#include "compiled.h"
#include "mcbp/header.h"

struct row {
  bool to_server;
  enum dialect dialect;
  const char *line;
  const char *hex; /* of the whole frame; NULL: refused */
};

enum { FROM, TO };

#define STOCK DIALECT_STOCK
#define CB DIALECT_COUCHBASE
#define Z4 "00000000"
#define Z8 Z4 Z4

static const struct row rows[] = {
    /* What is derived. */
    {TO, STOCK, "noop", "800a0000000000000000000000000000" Z8},
    {FROM, STOCK, "noop", "810a0000000000000000000000000000" Z8},
    {TO, STOCK, "get key=\"key\"", "80000003000000000000000300000000" Z8 "6b6579"},
    {TO, STOCK, "set key=\"k\" value=\"vv\" flags=7 expiry=0x10",
     "80010001080000000000000b00000000" Z8 "00000007000000106b7676"},
    {TO, STOCK, "set", "800100000800000000000008" Z4 Z8 Z8},
    {TO, STOCK, "increment delta=1 initial=2 expiry=3",
     "800500001400000000000014" Z4 Z8 "0000000000000001000000000000000200000003"},
    {FROM, STOCK, "get flags=5 value=\"v\"", "810000000400000000000005" Z4 Z8 "0000000576"},
    {FROM, STOCK, "get status=key_enoent", "810000000000000100000000" Z4 Z8},
    {FROM, STOCK, "get status=1 flags=2", "810000000400000100000004" Z4 Z8 "00000002"},
    {FROM, STOCK, "get status=0", "810000000400000000000004" Z4 Z8 Z4},
    {TO, STOCK, "flush", "800800000000000000000000" Z4 Z8},
    {TO, STOCK, "flush expiry=0", "800800000400000000000004" Z4 Z8 Z4},
    {TO, STOCK, "set extras=\"\"", "800100000000000000000000" Z4 Z8},
    {TO, STOCK, "set extras=\"abc\"", "800100000300000000000003" Z4 Z8 "616263"},
    {TO, STOCK, "noop opaque=0x01020304 cas=0x1122334455667788 vbucket=513 datatype=6",
     "800a0000000602010000000001020304"
     "1122334455667788"},
    {FROM, STOCK, "noop status=0xabcd", "810a00000000abcd00000000" Z4 Z8},
    {TO, STOCK, "op0x3f", "803f00000000000000000000" Z4 Z8},
    {TO, STOCK, "op0xFF key=\"k\"", "80ff00010000000000000001" Z4 Z8 "6b"},
    {TO, STOCK, "gatk key=\"k\"", "802300010400000000000005" Z4 Z8 "000000006b"},
    {TO, CB, "ioctl_get key=\"k\"", "802300010000000000000001" Z4 Z8 "6b"},
    {TO, STOCK, "noop # with a comment", "800a00000000000000000000" Z4 Z8},
    {TO, STOCK, "noop key=\"k\"  \t value=\"#\"", "800a00010000000000000002" Z4 Z8 "6b23"},

    /* Alternative frames. */
    {TO, CB, "get frame.barrier=\"\"", "080001000000000000000001" Z4 Z8 "00"},
    {TO, CB, "get frame.durability=hex(01) key=\"k\"", "080002010000000000000003" Z4 Z8 "11016b"},
    {TO, CB, "get frame.durability=hex(01) frame.barrier=\"\"",
     "080003000000000000000003" Z4 Z8 "110100"},
    {TO, CB, "get frame.barrier=\"\" frame.barrier=\"\"", "080002000000000000000002" Z4 Z8 "0000"},
    {TO, CB, "get frame.0x0f=\"a\"", "080003000000000000000003" Z4 Z8 "f10061"},
    {TO, CB, "get frame.270=repeat(15, \"a\")",
     "080012000000000000000012" Z4 Z8 "ffff00616161616161616161616161616161"},
    {FROM, STOCK, "get framing=hex(0102) status=1", "180002000000000100000002" Z4 Z8 "0102"},
    {FROM, STOCK, "noop framing=\"\"", "180a00000000000000000000" Z4 Z8},
    {FROM, STOCK, "noop magic=0x18 key=\"kk\"", "180a00020000000000000002" Z4 Z8 "6b6b"},
    {TO, STOCK, "noop magic=0x08 vbucket=1", "080a00000000000100000000" Z4 Z8},

    /* The server's own. */
    {FROM, CB, "server.clustermap_change_notification", "820100000000000000000000" Z4 Z8},
    {TO, CB, "server.clustermap_change_notification status=1", "830100000000000100000000" Z4 Z8},
    {FROM, STOCK, "server.op0x07 vbucket=2", "820700000000000200000000" Z4 Z8},

    /* Overrides. */
    {TO, STOCK, "noop magic=0x81 status=2", "810a00000000000200000000" Z4 Z8},
    {FROM, STOCK, "noop magic=0x80 vbucket=2", "800a00000000000200000000" Z4 Z8},
    {TO, STOCK, "noop magic=0x00", "000a00000000000000000000" Z4 Z8},
    {TO, STOCK, "noop keylen=65535", "800affff0000000000000000" Z4 Z8},
    {TO, STOCK, "noop extlen=255", "800a0000ff00000000000000" Z4 Z8},
    {TO, STOCK, "noop bodylen=0xffffffff", "800a000000000000ffffffff" Z4 Z8},
    {TO, STOCK, "get key=\"kk\" keylen=1 value=\"v\" extlen=2 bodylen=9",
     "800000010200000000000009" Z4 Z8 "6b6b76"},
    {TO, STOCK, "noop framing=\"ab\" framinglen=1 keylen=255",
     "080a01ff0000000000000002" Z4 Z8 "6162"},
    {TO, STOCK, "noop datatype=255", "800a000000ff000000000000" Z4 Z8},

    /* Refused. */
    {TO, STOCK, "", NULL},
    {TO, STOCK, "nop", NULL},
    {TO, STOCK, "op0x100", NULL},
    {TO, STOCK, "op0xg0", NULL},
    {TO, STOCK, "op0x1", NULL},
    {TO, STOCK, "server.noop", NULL},
    {TO, STOCK, "noop key", NULL},
    {TO, STOCK, "noop key=", NULL},
    {TO, STOCK, "noop key= value=\"v\"", NULL},
    {TO, STOCK, "noop =1", NULL},
    {TO, STOCK, "noop opaque=", NULL},
    {TO, STOCK, "noop opaque=1 opaque=1", NULL},
    {TO, STOCK, "noop opaque=0x100000000", NULL},
    {TO, STOCK, "noop opaque=1 2", NULL},
    {TO, STOCK, "noop datatype=256", NULL},
    {TO, STOCK, "noop vbucket=65536", NULL},
    {TO, STOCK, "noop keylen=65536", NULL},
    {TO, STOCK, "noop extlen=256", NULL},
    {TO, STOCK, "noop magic=256", NULL},
    {TO, STOCK, "noop status=0", NULL},
    {FROM, STOCK, "noop vbucket=0", NULL},
    {FROM, STOCK, "noop status=key_enoentt", NULL},
    {FROM, STOCK, "noop status=success x", NULL},
    {TO, STOCK, "noop flags=1", NULL},
    {TO, STOCK, "noop nothing=1", NULL},
    {TO, STOCK, "get expiry=1", NULL},
    {TO, STOCK, "set flags=0x100000000", NULL},
    {TO, STOCK, "set flags=1 extras=\"abcd\"", NULL},
    {TO, STOCK, "set flags=\"a\"", NULL},
    {TO, STOCK, "noop framinglen=0", NULL},
    {TO, STOCK, "noop magic=0x80 framing=\"a\"", NULL},
    {TO, CB, "noop framing=\"a\" frame.barrier=\"\"", NULL},
    {TO, CB, "noop frame.nothing=\"\"", NULL},
    {TO, CB, "noop frame.271=\"\"", NULL},
    {TO, CB, "noop frame.barrier=repeat(271, \"a\")", NULL},
    {TO, CB, "noop frame.barrier=repeat(255, \"a\")", NULL},
    {TO, STOCK, "noop framing=repeat(256, \"a\")", NULL},
    {TO, STOCK, "noop extras=repeat(256, \"a\")", NULL},
    {TO, STOCK, "noop key=repeat(65536, \"a\")", NULL},
    {TO, STOCK, "noop key=repeat(256, \"a\") framing=\"\"", NULL},
    {TO, STOCK, "noop opaque=*", NULL},
    {TO, STOCK, "noop value=*", NULL},
    {TO, STOCK, "noop cas=?a", NULL},
    {TO, STOCK, "noop cas=$a", NULL},
};

static void add_hex(struct buf *out, const char *hex) {
  for (; *hex; hex += 2) {
    char pair[3] = {hex[0], hex[1], 0};
    buf_add_byte(out, (uint8_t)strtoul(pair, NULL, 16));
  }
}

START_TEST(lines) {
  const struct row *r = &rows[_i];
  struct diag diag;
  struct buf out, want;
  diag_init(&diag);
  buf_init(&out, 1 << 20);
  buf_init(&want, 1 << 20);
  bool ok = session_compile_line(span_str(r->line), r->dialect, r->to_server, "t", &out, &diag);
  ck_assert_msg(ok == !!r->hex, "%s: %s", r->line, ok ? "compiles" : diag_text(&diag));
  ck_assert_msg(diag.count == (ok ? 0 : 1), "%s:\n%s", r->line, diag_text(&diag));
  if (ok) {
    add_hex(&want, r->hex);
    ck_assert_msg(out.n == want.n, "%s: %zu bytes", r->line, out.n);
    for (size_t i = 0; i < out.n; i++)
      ck_assert_msg(out.p[i] == want.p[i], "%s: byte %zu is %02x, not %02x", r->line, i, out.p[i],
                    want.p[i]);
  }
  buf_fini(&out);
  buf_fini(&want);
  diag_fini(&diag);
}
END_TEST

/* The offsets in the bytes at which the mask is 0, as a string of ranges. */
static void hidden(const struct pattern *p, char out[80]) {
  size_t at = 0;
  out[0] = '\0';
  for (uint32_t i = 0; i < p->n && p->mask; i++) {
    if (p->mask[i])
      continue;
    uint32_t to = i;
    while (to + 1 < p->n && !p->mask[to + 1])
      to++;
    at += (size_t)snprintf(out + at, 80 - at, "%s%u-%u", at ? " " : "", i, to);
    i = to;
  }
}

static const struct {
  const char *line, *hidden;
} masks[] = {
    {"noop", ""},
    {"noop magic=*", "0-0"},
    {"noop datatype=*", "5-5"},
    {"noop status=*", "6-7"},
    {"noop opaque=*", "12-15"},
    {"noop cas=?a", "16-23"},
    {"noop cas=* status=* opaque=*", "6-7 12-23"},
    {"noop keylen=* extlen=* bodylen=*", "2-4 8-11"},
    {"noop framing=\"\" framinglen=*", "2-2"},
    {"get flags=*", "24-27"},
    {"get value=\"a\" *{2} \"b\"", "29-30"},
    {"get value=*", "8-11"},
    {"getk key=*", "2-3 8-11"},
    {"getk key=* value=*", "2-3 8-11"},
    {"getk key=* framing=\"\"", "3-3 8-11"},
    {"noop extras=*", "4-4 8-11"},
    {"get frame.0x01=*{2}", "25-26"},
    {"get frame.0x01=\"a\" frame.0x02=*{1}", "27-27"},
    {"raw \"ab\" *{3} \"c\" *{1}", "2-4 6-6"},
};

START_TEST(holes_hide_these_bytes) {
  char *steps = xasprintf("c1 < %s", masks[_i].line), got[80];
  struct session *s = compiled(steps);
  hidden(s->steps[0].pattern, got);
  ck_assert_msg(strcmp(got, masks[_i].hidden) == 0, "%s: %s", steps, got);
  session_free(s);
  free(steps);
}
END_TEST

static const char *const wrong_holes[] = {
    "noop framing=*",
    "noop frame.0x01=*",
    "raw *",
    "raw *{1..2}",
    "raw \"a\" *{1..}",
    "noop key=* *",
    "noop opcode=*",
    "noop opaque=*{3}",
    "noop status=* x",
    "noop keylen=1 key=*",
    "noop keylen=* key=*",
    "noop bodylen=1 key=*",
    "noop extlen=1 extras=*",
    /* A length that is not what its part has leaves no frame that could match. */
    "noop keylen=1 value=*",
    "noop keylen=* value=*",
    "noop extlen=1 key=*",
    "noop framing=\"\" framinglen=1 value=*",
};

START_TEST(holes_that_can_t_be) {
  char *steps = xasprintf("c1 < %s", wrong_holes[_i]), *why = refused(steps);
  ck_assert_msg(strncmp(why, "t:3:", 4) == 0 && strchr(why, '\n')[1] == '\0', "%s:\n%s", steps,
                why);
  free(why);
  free(steps);
}
END_TEST

START_TEST(sections_and_gaps_lie_in_order) {
  struct session *s = compiled("c1 < get framing=\"ff\" extras=\"e\" *{1..2} key=*{3..4} \"kkk\" "
                               "value=\"vv\" *{5..} \"v\"");
  const struct pattern *p = s->steps[0].pattern;
  static const uint32_t lengths[4] = {2, 1, 3, 3};
  static const struct gap gaps[3] = {{27, 1, 2, 1}, {27, 3, 4, 2}, {32, 5, 64u << 20, 3}};
  ck_assert_uint_eq(p->n, 33);
  ck_assert_uint_eq(p->ngaps, 3);
  for (size_t i = 0; i < 4; i++)
    ck_assert_uint_eq(p->section_len[i], lengths[i]);
  for (size_t i = 0; i < 3; i++) {
    ck_assert_uint_eq(p->gaps[i].off, gaps[i].off);
    ck_assert_uint_eq(p->gaps[i].min, gaps[i].min);
    ck_assert_uint_eq(p->gaps[i].max, gaps[i].max);
    ck_assert_uint_eq(p->gaps[i].section, gaps[i].section);
  }
  ck_assert(!p->raw && !p->server);
  session_free(s);
}
END_TEST

START_TEST(a_line_holds_so_many_fields) {
  struct buf line;
  buf_init(&line, 1 << 16);
  buf_add_str(&line, "c1 > get");
  for (int i = 0; i < 64; i++)
    buf_add_str(&line, " frame.0=\"\"");
  session_free(compiled(buf_cstr(&line)));
  buf_add_str(&line, " frame.0=\"\"");
  free(refused(buf_cstr(&line)));
  buf_fini(&line);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static Suite *suite(void) {
  Suite *s = suite_create("line");
  TCase *t = tcase_create("line");
  tcase_add_loop_test(t, lines, 0, COUNT(rows));
  tcase_add_loop_test(t, holes_hide_these_bytes, 0, COUNT(masks));
  tcase_add_loop_test(t, holes_that_can_t_be, 0, COUNT(wrong_holes));
  tcase_add_test(t, sections_and_gaps_lie_in_order);
  tcase_add_test(t, a_line_holds_so_many_fields);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
