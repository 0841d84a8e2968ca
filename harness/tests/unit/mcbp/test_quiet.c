/* Quiet commands are those whose names say so. */
#include "mcbp/quiet.h"

#include "unit.h"

static bool named_quiet(enum dialect dialect, uint8_t opcode) {
  static const char *const meta[] = {"getq_meta", "setq_with_meta", "addq_with_meta",
                                     "delq_with_meta", "flushq_unsupported"};
  const char *name = opcode_name(dialect, false, opcode);
  if (!name)
    return false;
  for (size_t i = 0; i < sizeof meta / sizeof *meta; i++)
    if (strcmp(name, meta[i]) == 0)
      return true;
  return name[strlen(name) - 1] == 'q' && strcmp(name, "dcp_stream_req") != 0;
}

START_TEST(quiet_commands_are_those_named_so) {
  for (unsigned i = 0; i < 2 * 256; i++) {
    enum dialect dialect = i & 256 ? DIALECT_COUCHBASE : DIALECT_STOCK;
    ck_assert_msg(opcode_is_quiet(dialect, (uint8_t)i) == named_quiet(dialect, (uint8_t)i),
                  "opcode 0x%02x of %s", i & 255, i & 256 ? "couchbase" : "stock");
  }
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("quiet");
  TCase *t = tcase_create("quiet");
  tcase_add_test(t, quiet_commands_are_those_named_so);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
