#include "mcbp/extras.h"

#include "unit.h"

/* What a frame has in every command, so that no field of the extras can have the name. */
static const char *const general[] = {
    "key",   "value",  "extras", "extlen",     "status",  "vbucket", "opaque", "cas",
    "magic", "opcode", "keylen", "framinglen", "bodylen", "framing", "frame",  "datatype",
};

static const struct extras_layout *of(enum dialect dialect, bool response, const char *name) {
  uint8_t opcode;
  ck_assert_msg(opcode_find(dialect, false, span_str(name), &opcode), "%s", name);
  return extras_layout(dialect, false, response, opcode);
}

/* Whether the fields are the ones named, joined by blanks. */
static void assert_fields(const struct extras_layout *layout, const char *names, unsigned size) {
  char text[256] = "";
  for (size_t i = 0; i < layout->nfields; i++) {
    if (i > 0)
      strcat(text, " ");
    strcat(text, layout->fields[i].name);
  }
  ck_assert_str_eq(text, names);
  ck_assert_uint_eq(layout->size, size);
}

static void assert_sane(const struct extras_layout *layout, const char *command) {
  unsigned off = 0;
  for (size_t i = 0; i < layout->nfields; i++) {
    const struct extras_field *field = &layout->fields[i];
    ck_assert_msg(field->off == off, "%s %s", command, field->name);
    ck_assert_msg(field->width == 1 || field->width == 2 || field->width == 4 || field->width == 8,
                  "%s %s", command, field->name);
    off += field->width;
    ck_assert_msg(extras_field_find(layout, span_str(field->name)) == field, "%s %s twice", command,
                  field->name);
    for (size_t j = 0; j < sizeof general / sizeof *general; j++)
      ck_assert_msg(strcmp(field->name, general[j]) != 0, "%s %s", command, field->name);
  }
  ck_assert_msg(layout->size == off, "%s", command);
}

START_TEST(every_layout_adds_up) {
  for (unsigned dialect = DIALECT_STOCK; dialect <= DIALECT_COUCHBASE; dialect++)
    for (unsigned side = 0; side < 4; side++)
      for (unsigned opcode = 0; opcode < 256; opcode++) {
        bool server = side & 1, response = side & 2;
        const struct extras_layout *layout =
            extras_layout(dialect, server, response, (uint8_t)opcode);
        ck_assert_ptr_nonnull(layout);
        const char *command = opcode_name(dialect, server, (uint8_t)opcode);
        ck_assert_msg(command || layout->size == 0, "0x%02x has extras and no name", opcode);
        assert_sane(layout, command ? command : "");
      }
}
END_TEST

START_TEST(stock_requests) {
  static const struct {
    const char *names, *fields;
    unsigned size;
  } expected[] = {
      {"set add replace setq addq replaceq", "flags expiry", 8},
      {"increment decrement incrementq decrementq", "delta initial expiry", 20},
      {"touch gat gatq gatk gatkq flush flushq", "expiry", 4},
      {"verbosity", "level", 4},
      {"get getq getk getkq delete deleteq append prepend appendq prependq noop version stat quit "
       "quitq sasl_list_mechs sasl_auth sasl_step",
       "", 0},
  };
  unsigned count = 0;
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    char names[256];
    strcpy(names, expected[i].names);
    for (char *save, *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
      const struct extras_layout *layout = of(DIALECT_STOCK, false, name);
      assert_fields(layout, expected[i].fields, expected[i].size);
      ck_assert_int_eq(layout->optional, strncmp(name, "flush", 5) == 0);
      count++;
    }
  }
  ck_assert_uint_eq(count, 36);
}
END_TEST

START_TEST(stock_answers_hold_flags_or_nothing) {
  unsigned with_flags = 0;
  for (unsigned opcode = 0; opcode < 256; opcode++) {
    const struct extras_layout *layout = extras_layout(DIALECT_STOCK, false, true, (uint8_t)opcode);
    ck_assert(!layout->optional);
    if (layout->size > 0) {
      assert_fields(layout, "flags", 4);
      with_flags++;
    }
  }
  ck_assert_uint_eq(with_flags, 9);
  ck_assert_uint_eq(of(DIALECT_STOCK, true, "getkq")->size, 4);
  ck_assert_uint_eq(of(DIALECT_STOCK, true, "touch")->size, 4);
  ck_assert_uint_eq(of(DIALECT_STOCK, true, "gatkq")->size, 4);
}
END_TEST

START_TEST(couchbase_shares_the_shared_commands) {
  assert_fields(of(DIALECT_COUCHBASE, false, "setq"), "flags expiry", 8);
  assert_fields(of(DIALECT_COUCHBASE, false, "gat"), "expiry", 4);
  assert_fields(of(DIALECT_COUCHBASE, true, "get"), "flags", 4);
  assert_fields(of(DIALECT_COUCHBASE, false, "ioctl_get"), "", 0);
  assert_fields(of(DIALECT_COUCHBASE, true, "ioctl_set"), "", 0);
  assert_fields(of(DIALECT_COUCHBASE, false, "flush_unsupported"), "", 0);
  assert_fields(of(DIALECT_COUCHBASE, true, "touch"), "", 0);
}
END_TEST

START_TEST(couchbase_has_its_own) {
  assert_fields(of(DIALECT_COUCHBASE, false, "get_locked"), "locktime", 4);
  assert_fields(of(DIALECT_COUCHBASE, true, "get_locked"), "flags", 4);
  assert_fields(of(DIALECT_COUCHBASE, true, "get_replica"), "flags", 4);
  assert_fields(of(DIALECT_COUCHBASE, false, "add_with_meta"), "flags expiry seqno metacas", 24);
  assert_fields(of(DIALECT_COUCHBASE, false, "dcp_open"), "seqno flags", 8);
  assert_fields(of(DIALECT_COUCHBASE, false, "dcp_stream_req"),
                "flags reserved start end uuid snap_start snap_end", 48);
  assert_fields(of(DIALECT_COUCHBASE, false, "adjust_timeofday"), "offset time_type", 9);
  assert_fields(of(DIALECT_COUCHBASE, false, "ewouldblock_ctl"), "mode argument inject_error", 12);
  assert_fields(of(DIALECT_COUCHBASE, false, "subdoc_get"), "pathlen path_flags", 3);
  assert_fields(of(DIALECT_COUCHBASE, false, "hello"), "", 0);
}
END_TEST

/* Only a client that turned mutation_seqno on gets these. */
START_TEST(couchbase_mutations_may_tell_their_seqno) {
  const struct extras_layout *layout = of(DIALECT_COUCHBASE, true, "delete");
  assert_fields(layout, "uuid seqno", 16);
  ck_assert(layout->optional);
  ck_assert_ptr_eq(of(DIALECT_COUCHBASE, true, "append"), layout);
  assert_fields(of(DIALECT_STOCK, true, "delete"), "", 0);
}
END_TEST

START_TEST(fields_are_found_by_name) {
  const struct extras_layout *layout = of(DIALECT_STOCK, false, "increment");
  const struct extras_field *field = extras_field_find(layout, span_str("initial"));
  ck_assert_uint_eq(field->off, 8);
  ck_assert_uint_eq(field->width, 8);
  ck_assert_ptr_null(extras_field_find(layout, span_str("flags")));
  ck_assert_ptr_null(extras_field_find(layout, span_str("init")));
  ck_assert_ptr_null(extras_field_find(of(DIALECT_STOCK, false, "get"), span_str("flags")));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("extras");
  TCase *c = tcase_create("extras");
  tcase_add_test(c, every_layout_adds_up);
  tcase_add_test(c, stock_requests);
  tcase_add_test(c, stock_answers_hold_flags_or_nothing);
  tcase_add_test(c, couchbase_shares_the_shared_commands);
  tcase_add_test(c, couchbase_has_its_own);
  tcase_add_test(c, couchbase_mutations_may_tell_their_seqno);
  tcase_add_test(c, fields_are_found_by_name);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
