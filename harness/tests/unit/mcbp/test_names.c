#include "mcbp/names.h"

#include <ctype.h>

#include "unit.h"

static const enum dialect dialects[] = {DIALECT_STOCK, DIALECT_COUCHBASE};

/* A name can stand in the notation: lower-case letters, digits and underscores, and no other way
 * of writing an opcode. */
static void assert_word(const char *name) {
  ck_assert(islower((unsigned char)name[0]));
  for (const char *p = name; *p; p++)
    ck_assert_msg(islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '_', "%s",
                  name);
  ck_assert_msg(strncmp(name, "op0x", 4) != 0, "%s", name);
  ck_assert_str_ne(name, "raw");
}

/* The way back gives the same code, so no name stands twice in one space. */
static unsigned assert_opcodes(enum dialect dialect, bool server) {
  unsigned count = 0;
  for (unsigned code = 0; code < 256; code++) {
    const char *name = opcode_name(dialect, server, (uint8_t)code);
    if (!name)
      continue;
    uint8_t back;
    assert_word(name);
    ck_assert(opcode_find(dialect, server, span_str(name), &back));
    ck_assert_msg(back == code, "%s is both 0x%02x and 0x%02x", name, back, code);
    count++;
  }
  return count;
}

START_TEST(opcodes_go_both_ways) {
  ck_assert_uint_eq(assert_opcodes(DIALECT_STOCK, false), 36);
  ck_assert_uint_eq(assert_opcodes(DIALECT_COUCHBASE, false), 197);
  ck_assert_uint_eq(assert_opcodes(DIALECT_STOCK, true), 4);
  ck_assert_uint_eq(assert_opcodes(DIALECT_COUCHBASE, true), 4);
}
END_TEST

START_TEST(dialects_name_the_same_code_differently) {
  ck_assert_str_eq(opcode_name(DIALECT_STOCK, false, 0x23), "gatk");
  ck_assert_str_eq(opcode_name(DIALECT_COUCHBASE, false, 0x23), "ioctl_get");
  ck_assert_str_eq(opcode_name(DIALECT_STOCK, false, 0x08), "flush");
  ck_assert_str_eq(opcode_name(DIALECT_COUCHBASE, false, 0x08), "flush_unsupported");
  ck_assert_str_eq(opcode_name(DIALECT_STOCK, false, 0x1b), "verbosity");
  ck_assert_ptr_null(opcode_name(DIALECT_STOCK, false, 0x1f));
  ck_assert_str_eq(opcode_name(DIALECT_COUCHBASE, false, 0x1f), "hello");
  uint8_t opcode;
  ck_assert(!opcode_find(DIALECT_STOCK, false, span_str("hello"), &opcode));
  ck_assert(!opcode_find(DIALECT_COUCHBASE, false, span_str("gatk"), &opcode));
}
END_TEST

START_TEST(the_servers_own_commands_are_a_space_of_their_own) {
  for (size_t i = 0; i < 2; i++) {
    uint8_t opcode = 0;
    ck_assert_str_eq(opcode_name(dialects[i], true, 0x02), "authenticate");
    ck_assert(!opcode_find(dialects[i], false, span_str("authenticate"), &opcode));
    ck_assert(!opcode_find(dialects[i], true, span_str("get"), &opcode));
    ck_assert(opcode_find(dialects[i], true, span_str("get_authorization"), &opcode));
    ck_assert_uint_eq(opcode, 0x04);
  }
}
END_TEST

START_TEST(statuses_go_both_ways) {
  unsigned count = 0;
  for (uint32_t code = 0; code <= 0xffff; code++) {
    const char *name = status_name((uint16_t)code);
    if (!name)
      continue;
    uint16_t back;
    assert_word(name);
    ck_assert(status_find(span_str(name), &back));
    ck_assert_msg(back == code, "%s", name);
    count++;
  }
  ck_assert_uint_eq(count, 85);
  ck_assert_str_eq(status_name(0), "success");
  ck_assert_str_eq(status_name(0x0086), "etmpfail");
  ck_assert_str_eq(status_name(0xffff), "reserved_user_end");
}
END_TEST

START_TEST(features_go_both_ways) {
  unsigned count = 0;
  for (uint32_t code = 0; code <= 0xffff; code++) {
    const char *name = feature_name((uint16_t)code);
    if (!name)
      continue;
    uint16_t back;
    assert_word(name);
    ck_assert(feature_find(span_str(name), &back));
    ck_assert_msg(back == code, "%s", name);
    count++;
  }
  ck_assert_uint_eq(count, 38);
  ck_assert_ptr_null(feature_name(0));
  ck_assert_str_eq(feature_name(0x000e), "unordered_execution");
}
END_TEST

START_TEST(framing_extras_go_both_ways) {
  static const unsigned expected[2] = {7, 4};
  for (unsigned response = 0; response < 2; response++) {
    unsigned count = 0;
    for (unsigned id = 0; id < 300; id++) {
      const char *name = framing_name(response, id);
      if (!name)
        continue;
      unsigned back;
      assert_word(name);
      ck_assert(framing_find(response, span_str(name), &back));
      ck_assert_uint_eq(back, id);
      count++;
    }
    ck_assert_uint_eq(count, expected[response]);
  }
  ck_assert_str_eq(framing_name(false, 5), "preserve_ttl");
  ck_assert_ptr_null(framing_name(false, 3));
  ck_assert_str_eq(framing_name(true, 3), "throttle_duration");
}
END_TEST

START_TEST(a_name_must_be_whole) {
  uint8_t opcode;
  uint16_t code;
  unsigned id;
  ck_assert(!opcode_find(DIALECT_STOCK, false, span_str("ge"), &opcode));
  ck_assert(!opcode_find(DIALECT_STOCK, false, span_str("gets"), &opcode));
  ck_assert(!opcode_find(DIALECT_STOCK, false, span_str("GET"), &opcode));
  ck_assert(!opcode_find(DIALECT_STOCK, false, span_str(""), &opcode));
  ck_assert(!status_find(span_str("key_enoen"), &code));
  ck_assert(!feature_find(span_str("json2"), &code));
  ck_assert(!framing_find(false, span_str("server_duration"), &id));
  ck_assert(opcode_find(DIALECT_STOCK, false, span_of("getter", 3), &opcode));
  ck_assert_uint_eq(opcode, 0);
}
END_TEST

START_TEST(a_misspelt_name_finds_its_neighbour) {
  ck_assert_str_eq(opcode_near(DIALECT_STOCK, false, span_str("incremnet")), "increment");
  ck_assert_str_eq(opcode_near(DIALECT_STOCK, false, span_str("setqq")), "setq");
  ck_assert_str_eq(opcode_near(DIALECT_COUCHBASE, false, span_str("helo")), "hello");
  ck_assert_str_eq(opcode_near(DIALECT_COUCHBASE, true, span_str("autenticate")), "authenticate");
  ck_assert_str_eq(status_near(span_str("key_exists")), "key_eexists");
  ck_assert_ptr_null(opcode_near(DIALECT_STOCK, false, span_str("subdoc_get")));
  ck_assert_ptr_null(status_near(span_str("no_such_status_anywhere")));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("names");
  TCase *c = tcase_create("names");
  tcase_add_test(c, opcodes_go_both_ways);
  tcase_add_test(c, dialects_name_the_same_code_differently);
  tcase_add_test(c, the_servers_own_commands_are_a_space_of_their_own);
  tcase_add_test(c, statuses_go_both_ways);
  tcase_add_test(c, features_go_both_ways);
  tcase_add_test(c, framing_extras_go_both_ways);
  tcase_add_test(c, a_name_must_be_whole);
  tcase_add_test(c, a_misspelt_name_finds_its_neighbour);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
