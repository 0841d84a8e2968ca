#include "mcbp/header.h"

#include "unit.h"

static const uint8_t request[HEADER_BYTES] = {
    0x80, 0x01, 0x01, 0x02, 0x08, 0x05, 0x03, 0x04, 0x00, 0x01, 0x02, 0x03,
    0xde, 0xad, 0xbe, 0xef, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
};

START_TEST(unpacks_the_plain_form) {
  struct header h;
  header_unpack(request, &h);
  ck_assert_uint_eq(h.magic, 0x80);
  ck_assert_uint_eq(h.opcode, 0x01);
  ck_assert_uint_eq(h.framinglen, 0);
  ck_assert_uint_eq(h.keylen, 0x0102);
  ck_assert_uint_eq(h.extlen, 8);
  ck_assert_uint_eq(h.datatype, 5);
  ck_assert_uint_eq(h.status, 0x0304);
  ck_assert_uint_eq(h.bodylen, 0x010203);
  ck_assert_uint_eq(h.opaque, 0xdeadbeef);
  ck_assert_uint_eq(h.cas, 0x1112131415161718);
}
END_TEST

START_TEST(unpacks_the_alternative_form) {
  uint8_t bytes[HEADER_BYTES];
  memcpy(bytes, request, sizeof bytes);
  bytes[0] = MAGIC_ALT_RESPONSE;
  struct header h;
  header_unpack(bytes, &h);
  ck_assert_uint_eq(h.framinglen, 1);
  ck_assert_uint_eq(h.keylen, 2);
}
END_TEST

/* Every byte of the header is kept, whatever the magic. */
START_TEST(packs_what_it_unpacked) {
  for (unsigned magic = 0; magic < 256; magic++) {
    uint8_t bytes[HEADER_BYTES], again[HEADER_BYTES] = {0};
    memcpy(bytes, request, sizeof bytes);
    bytes[0] = (uint8_t)magic;
    struct header h;
    header_unpack(bytes, &h);
    header_pack(&h, again);
    ck_assert_mem_eq(again, bytes, sizeof bytes);
  }
}
END_TEST

START_TEST(the_alternative_form_keeps_the_low_byte_of_a_long_key) {
  struct header h = {.magic = MAGIC_ALT_REQUEST, .framinglen = 7, .keylen = 0x1ff};
  uint8_t bytes[HEADER_BYTES];
  header_pack(&h, bytes);
  ck_assert_uint_eq(bytes[2], 7);
  ck_assert_uint_eq(bytes[3], 0xff);
}
END_TEST

START_TEST(magics_have_their_properties) {
  static const struct {
    uint8_t magic;
    bool alt, response, server;
  } known[] = {
      {0x80, false, false, false}, {0x81, false, true, false}, {0x82, false, false, true},
      {0x83, false, true, true},   {0x08, true, false, false}, {0x18, true, true, false},
  };
  unsigned count = 0;
  for (unsigned magic = 0; magic < 256; magic++)
    count += magic_is_known((uint8_t)magic);
  ck_assert_uint_eq(count, sizeof known / sizeof *known);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    ck_assert(magic_is_known(known[i].magic));
    ck_assert_int_eq(magic_is_alt(known[i].magic), known[i].alt);
    ck_assert_int_eq(magic_is_response(known[i].magic), known[i].response);
    ck_assert_int_eq(magic_is_server(known[i].magic), known[i].server);
  }
}
END_TEST

START_TEST(big_endian_at_every_width) {
  for (size_t width = 1; width <= 8; width++) {
    uint8_t bytes[10];
    memset(bytes, 0xaa, sizeof bytes);
    be_put(bytes + 1, width, 0x0102030405060708);
    ck_assert_uint_eq(bytes[0], 0xaa);
    ck_assert_uint_eq(bytes[width], 0x08);
    ck_assert_uint_eq(bytes[width + 1], 0xaa);
    ck_assert_uint_eq(bytes[1], 9 - width);
    uint64_t mask = UINT64_MAX >> (64 - 8 * width);
    ck_assert_uint_eq(be_get(bytes + 1, width), 0x0102030405060708 & mask);
  }
}
END_TEST

START_TEST(fields_cover_the_header_without_a_gap) {
  for (unsigned magic = 0; magic < 256; magic++) {
    size_t count, off = 0;
    const struct header_field *fields = header_fields((uint8_t)magic, &count);
    for (size_t i = 0; i < count; i++) {
      ck_assert_uint_eq(fields[i].off, off);
      off += fields[i].width;
      ck_assert_ptr_eq(header_field_find((uint8_t)magic, span_str(fields[i].name)), &fields[i]);
    }
    ck_assert_uint_eq(off, HEADER_BYTES);
  }
}
END_TEST

START_TEST(fields_follow_the_magic) {
  struct span framinglen = span_str("framinglen"), keylen = span_str("keylen");
  ck_assert_ptr_null(header_field_find(MAGIC_REQUEST, framinglen));
  ck_assert_uint_eq(header_field_find(MAGIC_ALT_REQUEST, framinglen)->off, 2);
  ck_assert_uint_eq(header_field_find(MAGIC_REQUEST, keylen)->off, 2);
  ck_assert_uint_eq(header_field_find(MAGIC_ALT_RESPONSE, keylen)->off, 3);
  ck_assert_ptr_null(header_field_find(MAGIC_REQUEST, span_str("value")));
}
END_TEST

START_TEST(status_and_vbucket_name_the_same_bytes) {
  static const uint8_t magics[] = {0x80, 0x81, 0x82, 0x83, 0x08, 0x18, 0x70};
  for (size_t i = 0; i < sizeof magics; i++) {
    const struct header_field *status = header_field_find(magics[i], span_str("status"));
    ck_assert_ptr_eq(status, header_field_find(magics[i], span_str("vbucket")));
    ck_assert_uint_eq(status->off, 6);
    ck_assert_str_eq(status->name, magic_is_response(magics[i]) ? "status" : "vbucket");
  }
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("header");
  TCase *c = tcase_create("header");
  tcase_add_test(c, unpacks_the_plain_form);
  tcase_add_test(c, unpacks_the_alternative_form);
  tcase_add_test(c, packs_what_it_unpacked);
  tcase_add_test(c, the_alternative_form_keeps_the_low_byte_of_a_long_key);
  tcase_add_test(c, magics_have_their_properties);
  tcase_add_test(c, big_endian_at_every_width);
  tcase_add_test(c, fields_cover_the_header_without_a_gap);
  tcase_add_test(c, fields_follow_the_magic);
  tcase_add_test(c, status_and_vbucket_name_the_same_bytes);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
