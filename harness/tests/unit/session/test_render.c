#include "session/render.h"

#include <stdio.h>

#include "session/session.h"
#include "unit.h"

enum { CAP = 1 << 20 };

static unsigned hex_digit(char c) {
  return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The bytes of a string of hex pairs; blanks are passed over. */
static void put_hex(struct buf *b, const char *hex) {
  for (; *hex; hex++)
    if (*hex != ' ') {
      buf_add_byte(b, (uint8_t)(16 * hex_digit(hex[0]) + hex_digit(hex[1])));
      hex++;
    }
}

struct line {
  const char *bytes;
  const char *text;
  enum dialect dialect;
  bool to_server;
};

static const struct line lines[] = {
    {"", "raw \"\"", DIALECT_STOCK, true},
    {"80 0a 0000 00 00 0000 00000000 00000003 0000000000000000", "noop opaque=0x3", DIALECT_STOCK,
     true},
    {"81 0a 0000 00 00 0000 00000000 00000003 0000000000000000", "noop opaque=0x3", DIALECT_STOCK,
     false},
    /* a magic of the other direction is named, and decides what bytes 6-7 are */
    {"81 0a 0000 00 00 0081 00000000 00000000 0000000000000000",
     "noop status=unknown_command magic=0x81", DIALECT_STOCK, true},
    {"80 0a 0000 00 00 0081 00000000 00000000 0000000000000000", "noop vbucket=129 magic=0x80",
     DIALECT_STOCK, false},
    /* extras by name, small in decimal and great in hex */
    {"80 01 0001 08 00 0000 0000000b 00000001 0000000000000000 00000007 deadbeef 6b 7631",
     "set flags=7 expiry=0xdeadbeef key=\"k\" value=\"v1\" opaque=0x1", DIALECT_STOCK, true},
    {"81 00 0000 04 00 0000 00000009 00000001 00000000000000ff 00000000 7374616c65",
     "get flags=0 value=\"stale\" cas=0xff opaque=0x1", DIALECT_STOCK, false},
    /* extras that are not what the command has */
    {"80 01 0001 04 00 0000 00000005 00000000 0000000000000000 00000007 6b",
     "set extras=hex(00 00 00 07) key=\"k\"", DIALECT_STOCK, true},
    {"80 01 0001 00 00 0000 00000001 00000000 0000000000000000 6b", "set extras=\"\" key=\"k\"",
     DIALECT_STOCK, true},
    {"81 00 0000 04 00 0001 00000004 00000000 0000000000000000 00000000",
     "get status=key_enoent extras=hex(00 00 00 00)", DIALECT_STOCK, false},
    {"81 00 0000 00 00 0001 00000009 00000001 0000000000000000 4e6f7420666f756e64",
     "get status=key_enoent value=\"Not found\" opaque=0x1", DIALECT_STOCK, false},
    /* flush may come without its expiry */
    {"80 08 0000 00 00 0000 00000000 00000000 0000000000000000", "flush", DIALECT_STOCK, true},
    {"80 08 0000 04 00 0000 00000004 00000000 0000000000000000 00000010", "flush expiry=16",
     DIALECT_STOCK, true},
    /* names are the dialect's */
    {"80 23 0001 04 00 0000 00000005 00000000 0000000000000000 00000000 6b",
     "gatk expiry=0 key=\"k\"", DIALECT_STOCK, true},
    {"80 23 0001 00 00 0000 00000001 00000000 0000000000000000 6b", "ioctl_get key=\"k\"",
     DIALECT_COUCHBASE, true},
    {"80 1f 0000 00 00 0000 00000000 00000000 0000000000000000", "op0x1f", DIALECT_STOCK, true},
    {"81 00 0000 00 00 1234 00000000 00000000 0000000000000000", "get status=0x1234", DIALECT_STOCK,
     false},
    /* a counter's value */
    {"81 05 0000 00 00 0000 00000008 00000000 0000000000000005 ffffffffffffffff",
     "increment value=u64(18446744073709551615) cas=0x5", DIALECT_STOCK, false},
    {"81 05 0000 00 00 0006 00000008 00000000 0000000000000000 6e6f206e756d6265",
     "increment status=delta_badval value=\"no numbe\"", DIALECT_STOCK, false},
    {"81 0a 0000 00 07 0000 00000000 00000000 0000000000000000", "noop datatype=0x07",
     DIALECT_STOCK, false},
    /* the server's own commands */
    {"82 01 0000 00 00 0000 00000000 00000009 0000000000000000",
     "server.clustermap_change_notification opaque=0x9", DIALECT_COUCHBASE, false},
    {"83 0f 0000 00 00 0001 00000000 00000009 0000000000000000",
     "server.op0x0f status=key_enoent opaque=0x9", DIALECT_COUCHBASE, true},
    {"83 0f 0000 00 00 0001 00000000 00000009 0000000000000000",
     "server.op0x0f status=key_enoent opaque=0x9 magic=0x83", DIALECT_COUCHBASE, false},
    /* framing extras */
    {"08 0a 00 00 00 00 0000 00000000 00000000 0000000000000000", "noop magic=0x08",
     DIALECT_COUCHBASE, true},
    {"08 04 05 01 00 00 0000 00000006 00000000 0000000000000000 00 13 010203 6b",
     "delete frame.barrier=\"\" frame.durability=hex(01 02 03) key=\"k\"", DIALECT_COUCHBASE, true},
    {"08 0a 03 00 00 00 0000 00000003 00000000 0000000000000000 f1 02 41", "noop frame.0x11=\"A\"",
     DIALECT_COUCHBASE, true},
    {"18 0a 01 00 00 00 0000 00000001 00000000 0000000000000000 13", "noop framing=hex(13)",
     DIALECT_COUCHBASE, false},
    {"08 0a 01 00 00 00 0000 00000001 00000000 0000000000000000 00",
     "noop frame.barrier=\"\" magic=0x08", DIALECT_COUCHBASE, false},
    /* what is no single whole frame */
    {"80 0a 0000 00 00 0000 00000001 00000000 0000000000000000",
     "raw hex(80 0a 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00)",
     DIALECT_STOCK, true},
    {"70 6f6e67", "raw \"pong\"", DIALECT_STOCK, false},
};

START_TEST(lines_are_canonical) {
  const struct line *l = &lines[_i];
  struct buf bytes, text;
  buf_init(&bytes, CAP);
  buf_init(&text, CAP);
  put_hex(&bytes, l->bytes);
  render_line(&text, l->dialect, l->to_server, buf_span(&bytes));
  ck_assert_str_eq(buf_cstr(&text), l->text);
  buf_fini(&bytes);
  buf_fini(&text);
}
END_TEST

struct literal {
  const char *bytes; /* hex */
  const char *text;
};

static const struct literal literals[] = {
    {"", "\"\""},
    {"61 20 62", "\"a b\""},
    {"22 5c 0a 09 0d", "\"\\\"\\\\\\n\\t\\r\""},
    {"23 27", "\"#'\""},
    {"00", "hex(00)"},
    {"61 62 00", "\"ab\\x00\""},
    {"00 61 62", "\"\\x00ab\""},
    {"ff fe 00 01 02", "hex(ff fe 00 01 02)"},
    {"68656c6c6f 00000001", "\"hello\" hex(00 00 00 01)"},
    {"00000001 68656c6c6f", "hex(00 00 00 01) \"hello\""},
    {"00000001 68 69 00000001", "hex(00 00 00 01 68 69 00 00 00 01)"},
    {"c3a4", "hex(c3 a4)"},
    {"61 c3a4 62 63", "\"a\\xc3\\xa4bc\""},
    /* the key space's place is not taken for one */
    {"7b6e737d6b", "\"\\x7bns}k\""},
    {"7b6e73 7b", "\"{ns{\""},
};

struct holed {
  const char *line; /* compiled to the bytes */
  struct render_holes holes;
  const char *text;
};

static const size_t at_0[] = {0}, at_24[] = {24}, at_25[] = {25}, at_28_34[] = {28, 34};

static const struct holed holed[] = {
    {"get flags=1 value=\"v\" cas=0x7 opaque=0x9",
     {.cas = true},
     "get flags=1 value=\"v\" cas=* opaque=0x9"},
    {"get flags=1 value=\"v\" cas=0x7", {.value = true}, "get flags=1 value=* cas=0x7"},
    {"get flags=1 value=\"v\"", {.extras = true, .value = true}, "get extras=*{4} value=*"},
    {"increment value=u64(5)", {.value = true}, "increment value=*"},
    {"getk flags=0 key=\"q7Zkab\"", {.ns = at_28_34, .nns = 1}, "getk flags=0 key=\"{ns}ab\""},
    {"getk flags=0 key=\"q7Zkabq7Zk\"",
     {.ns = at_28_34, .nns = 2},
     "getk flags=0 key=\"{ns}ab{ns}\""},
    {"stat key=\"aq7Zk\"", {.ns = at_25, .nns = 1}, "stat key=\"a{ns}\""},
    {"stat key=\"q7Zk\" hex(00 01 02 03 04)",
     {.ns = at_24, .nns = 1},
     "stat key=\"{ns}\" hex(00 01 02 03 04)"},
    {"raw \"q7Zk!\"", {.cas = true, .ns = at_0, .nns = 1}, "raw \"{ns}!\""},
};

START_TEST(holes_stand_in_their_places) {
  const struct holed *h = &holed[_i];
  struct buf bytes, text;
  struct diag diag;
  buf_init(&bytes, CAP);
  buf_init(&text, CAP);
  diag_init(&diag);
  ck_assert_msg(session_compile_line(span_str(h->line), DIALECT_STOCK, false, "t", &bytes, &diag),
                "%s", diag_text(&diag));
  render_line_with(&text, DIALECT_STOCK, false, buf_span(&bytes), &h->holes);
  ck_assert_str_eq(buf_cstr(&text), h->text);
  diag_fini(&diag);
  buf_fini(&text);
  buf_fini(&bytes);
}
END_TEST

START_TEST(literals_are_readable) {
  struct buf bytes, text;
  buf_init(&bytes, CAP);
  buf_init(&text, CAP);
  put_hex(&bytes, literals[_i].bytes);
  render_bytes(&text, buf_span(&bytes));
  ck_assert_str_eq(buf_cstr(&text), literals[_i].text);
  buf_fini(&bytes);
  buf_fini(&text);
}
END_TEST

START_TEST(long_runs_are_counted) {
  struct buf bytes, text;
  buf_init(&bytes, CAP);
  buf_init(&text, CAP);
  buf_fill(&bytes, 'x', 31);
  render_bytes(&text, buf_span(&bytes));
  ck_assert_str_eq(buf_cstr(&text), "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"");
  buf_reset(&text);
  buf_add_str(&bytes, "x tail");
  buf_fill(&bytes, 0, 1000);
  buf_fill(&bytes, '"', 32);
  render_bytes(&text, buf_span(&bytes));
  ck_assert_str_eq(buf_cstr(&text), "repeat(32, \"x\") \" tail\" repeat(1000, hex(00)) "
                                    "repeat(32, \"\\\"\")");
  buf_fini(&bytes);
  buf_fini(&text);
}
END_TEST

START_TEST(a_full_buffer_fails_quietly) {
  struct buf text;
  buf_init(&text, 10);
  render_bytes(&text, span_str("a text that is too long for ten bytes"));
  ck_assert(text.failed);
  ck_assert_uint_le(text.n, 10);
  buf_fini(&text);
}
END_TEST

START_TEST(a_stream_is_a_line_per_frame) {
  struct buf bytes, text;
  buf_init(&bytes, CAP);
  buf_init(&text, CAP);
  put_hex(&bytes, "81 0a 0000 00 00 0000 00000000 00000001 0000000000000000");
  put_hex(&bytes, "81 0b 0000 00 00 0000 00000003 00000000 0000000000000000 312e36");
  put_hex(&bytes, "81 0a 00");
  render_stream(&text, "c1 < ", DIALECT_STOCK, false, buf_span(&bytes));
  ck_assert_str_eq(buf_cstr(&text), "c1 < noop opaque=0x1\n"
                                    "c1 < version value=\"1.6\"\n"
                                    "c1 < raw hex(81 0a 00)\n");
  buf_reset(&text);
  render_stream(&text, "c1 < ", DIALECT_STOCK, false, span_of(NULL, 0));
  ck_assert_str_eq(buf_cstr(&text), "");
  buf_fini(&bytes);
  buf_fini(&text);
}
END_TEST

START_TEST(a_long_value_is_cut_for_people) {
  struct buf bytes, text;
  buf_init(&bytes, CAP);
  buf_init(&text, CAP);
  put_hex(&bytes, "81 0b 0000 00 00 0000 000003e8 00000000 0000000000000000");
  for (int i = 0; i < 250; i++)
    buf_add_str(&bytes, "abcd");
  render_brief(&text, DIALECT_STOCK, false, buf_span(&bytes));
  ck_assert_str_eq(buf_cstr(&text), "version value=\"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcd\" .. "
                                    "(940 bytes) .. \"abcdabcdabcdabcdabcd\"");
  /* one that has not come wholly */
  buf_reset(&text);
  render_brief(&text, DIALECT_STOCK, false, span_sub(buf_span(&bytes), 0, 26));
  ck_assert_str_eq(buf_cstr(&text), "version value=\"ab\" (26 of 1024 bytes)");
  buf_reset(&text);
  render_brief(&text, DIALECT_STOCK, false, span_sub(buf_span(&bytes), 0, 2));
  ck_assert_str_eq(buf_cstr(&text), "raw hex(81 0b) (2 of 24 header bytes)");
  /* a run is short as it is */
  buf_reset(&text);
  buf_reset(&bytes);
  buf_fill(&bytes, 'x', 100000);
  render_excerpt(&text, buf_span(&bytes));
  ck_assert_str_eq(buf_cstr(&text), "repeat(100000, \"x\")");
  buf_fini(&bytes);
  buf_fini(&text);
}
END_TEST

START_TEST(missing_extras_are_not_called_left_out) {
  struct buf bytes, text;
  buf_init(&bytes, CAP);
  buf_init(&text, CAP);
  put_hex(&bytes, "81 00 0000 04 00 0000 00000009 00000001 0000000000000000 0000");
  render_brief(&text, DIALECT_STOCK, false, span_sub(buf_span(&bytes), 0, 24));
  ck_assert_str_eq(buf_cstr(&text), "get opaque=0x1 (24 of 33 bytes)");
  buf_reset(&text);
  render_brief(&text, DIALECT_STOCK, false, buf_span(&bytes));
  ck_assert_str_eq(buf_cstr(&text), "get extras=hex(00 00) opaque=0x1 (26 of 33 bytes)");
  buf_fini(&bytes);
  buf_fini(&text);
}
END_TEST

/* None or several letters, then what changes the literal, at any place: eight bytes are looked at
 * at a time. */
static const struct turn {
  const char *bytes, *text; /* behind the letters; .. */
  const char *alone;        /* .. and when there are none */
} turns[] = {
    {"\"", "\\\"\"", "\"\\\"\""},
    {"\\", "\\\\\"", "\"\\\\\""},
    {"\x7f", "\\x7f\"", "hex(7f)"},
    {"\n\t\r", "\\n\\t\\r\"", "\"\\n\\t\\r\""},
    {"\x01\x02\x03", "\\x01\\x02\\x03\"", "hex(01 02 03)"},
    {"\x01\x0b\x0c\xff", "\" hex(01 0b 0c ff)", "hex(01 0b 0c ff)"},
    {"\x80\x81\x82\x83"
     "abcd",
     "\" hex(80 81 82 83 61 62 63 64)", "hex(80 81 82 83 61 62 63 64)"},
    {"\x80\x81\x82\x83"
     "abcde",
     "\" hex(80 81 82 83) \"abcde\"", "hex(80 81 82 83) \"abcde\""},
    {"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"",
     "\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\""},
    {"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "\" repeat(32, \"z\")", "repeat(32, \"z\")"},
};
enum { LETTERS = 40 };

START_TEST(literals_turn_at_any_place) {
  const struct turn *turn = &turns[_i / LETTERS];
  struct buf bytes, text, want;
  buf_init(&bytes, CAP);
  buf_init(&text, CAP);
  buf_init(&want, CAP);
  for (int i = 0; _i % LETTERS && i <= _i % LETTERS; i++)
    buf_add_byte(&bytes, (uint8_t)('a' + i % 23));
  if (bytes.n)
    buf_addf(&want, "\"%.*s%s", (int)bytes.n, (const char *)bytes.p, turn->text);
  else
    buf_add_str(&want, turn->alone);
  buf_add_str(&bytes, turn->bytes);
  render_bytes(&text, buf_span(&bytes));
  ck_assert_str_eq(buf_cstr(&text), buf_cstr(&want));
  buf_fini(&bytes);
  buf_fini(&text);
  buf_fini(&want);
}
END_TEST

START_TEST(every_byte_has_its_digits) {
  struct buf text;
  buf_init(&text, CAP);
  for (unsigned i = 0; i < 256; i++) {
    const uint8_t bytes[] = {0, 0, 0, 0, (uint8_t)i, 0, 0, 0};
    char want[64];
    snprintf(want, sizeof want, "hex(00 00 00 00 %02x 00 00 00)", i);
    buf_reset(&text);
    render_bytes(&text, span_of(bytes, sizeof bytes));
    ck_assert_str_eq(buf_cstr(&text), want);
  }
  buf_fini(&text);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("render");
  TCase *t = tcase_create("render");
  tcase_add_loop_test(t, lines_are_canonical, 0, sizeof lines / sizeof lines[0]);
  tcase_add_loop_test(t, holes_stand_in_their_places, 0, sizeof holed / sizeof holed[0]);
  tcase_add_loop_test(t, literals_are_readable, 0, sizeof literals / sizeof literals[0]);
  tcase_add_test(t, long_runs_are_counted);
  tcase_add_loop_test(t, literals_turn_at_any_place, 0,
                      LETTERS * (int)(sizeof turns / sizeof *turns));
  tcase_add_test(t, every_byte_has_its_digits);
  tcase_add_test(t, a_full_buffer_fails_quietly);
  tcase_add_test(t, a_stream_is_a_line_per_frame);
  tcase_add_test(t, a_long_value_is_cut_for_people);
  tcase_add_test(t, missing_extras_are_not_called_left_out);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
