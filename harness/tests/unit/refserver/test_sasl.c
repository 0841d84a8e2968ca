#include "refserver/sasl.h"

#include <stdlib.h>

#include "unit.h"

static const char user_pass[] = "user:pa:ss"; /* a password may hold a colon */

#define BYTES(text)                                                                                \
  { (const uint8_t *)(text), sizeof text - 1 }

static const struct {
  struct span message;
  enum sasl_end end;
} messages[] = {
    {BYTES("\0user\0pa:ss"), SASL_DONE},         {BYTES("user\0user\0pa:ss"), SASL_DONE},
    {BYTES("other\0user\0pa:ss"), SASL_REFUSED}, {BYTES("\0user\0pa:s"), SASL_REFUSED},
    {BYTES("\0user\0pa:sss"), SASL_REFUSED},     {BYTES("\0user\0pa:ss\0"), SASL_REFUSED},
    {BYTES("\0use\0pa:ss"), SASL_REFUSED},       {BYTES("\0\0pa:ss"), SASL_REFUSED},
    {BYTES("\0user\0"), SASL_REFUSED},           {BYTES("\0user"), SASL_REFUSED},
    {BYTES("user\0pa:ss"), SASL_REFUSED},        {BYTES("\0"), SASL_REFUSED},
};
enum { MESSAGES = sizeof messages / sizeof *messages };

START_TEST(message_is_judged) {
  struct sasl s = {0};
  ck_assert_int_eq(sasl_start(&s, user_pass, span_str("PLAIN"), messages[_i].message),
                   messages[_i].end);
  ck_assert(s.authenticated == (messages[_i].end == SASL_DONE));
}
END_TEST

START_TEST(message_may_come_in_a_step) {
  struct sasl s = {0};
  ck_assert_int_eq(sasl_start(&s, user_pass, span_str("PLAIN"), span_str("")), SASL_CONTINUE);
  ck_assert(!s.authenticated);
  ck_assert_int_eq(sasl_step(&s, user_pass, span_str("PLAIN"), messages[_i].message),
                   messages[_i].end);
  ck_assert_int_eq(sasl_step(&s, user_pass, span_str("PLAIN"), messages[0].message), SASL_REFUSED);
  ck_assert(!s.authenticated);
}
END_TEST

START_TEST(step_needs_a_start) {
  struct sasl s = {0};
  ck_assert_int_eq(sasl_step(&s, user_pass, span_str("PLAIN"), messages[0].message), SASL_REFUSED);
  ck_assert_int_eq(sasl_start(&s, user_pass, span_str("CRAM-MD5"), span_str("")), SASL_REFUSED);
  ck_assert_int_eq(sasl_step(&s, user_pass, span_str("PLAIN"), messages[0].message), SASL_REFUSED);
}
END_TEST

START_TEST(refusal_ends_an_earlier_success) {
  struct sasl s = {0};
  ck_assert_int_eq(sasl_start(&s, user_pass, span_str("PLAIN"), messages[0].message), SASL_DONE);
  ck_assert(s.authenticated);
  ck_assert_int_eq(sasl_start(&s, user_pass, span_str("PLAIN"), messages[3].message), SASL_REFUSED);
  ck_assert(!s.authenticated);
}
END_TEST

static Suite *make_suite(void) {
  Suite *s = suite_create("sasl");
  TCase *t = tcase_create("sasl");
  tcase_add_loop_test(t, message_is_judged, 0, MESSAGES);
  tcase_add_loop_test(t, message_may_come_in_a_step, 0, MESSAGES);
  tcase_add_test(t, step_needs_a_start);
  tcase_add_test(t, refusal_ends_an_earlier_success);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(make_suite)
