#include "mcbp/effect.h"

#include "unit.h"

static const struct row {
  uint8_t opcode;
  enum effect effect;
} rows[] = {
    {0x00, EFFECT_READ},       {0x0d, EFFECT_READ},       {0x01, EFFECT_WHOLE},
    {0x14, EFFECT_WHOLE},      {0x05, EFFECT_DERIVE},     {0x1a, EFFECT_DERIVE},
    {0x1d, EFFECT_DERIVE},     {0x0a, EFFECT_NONE},       {0x17, EFFECT_NONE},
    {0x1f, EFFECT_CONNECTION}, {0x21, EFFECT_CONNECTION}, {0x08, EFFECT_ALL},
    {0x10, EFFECT_ALL},        {0x18, EFFECT_ALL},        {0xff, EFFECT_ALL},
};

START_TEST(commands_have_their_effect) {
  ck_assert_int_eq(effect_of(rows[_i].opcode), rows[_i].effect);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("effect");
  TCase *t = tcase_create("effect");
  tcase_add_loop_test(t, commands_have_their_effect, 0, sizeof rows / sizeof *rows);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
