/* Steps: the flat program that a file's lines become, and the orders of them that make no sense. */
#include <stdio.h>

#include "compiled.h"

/* One word a step: S send, E expect, X either, U each, Z closed, C connect, H half-close, Q close
 * with the connection; L..x.. a loop's depth and count with where it ends, l its end. */
static void program(const struct session *s, char out[400]) {
  static const char letters[] = "SEXUZCHQ";
  int at = 0;
  for (size_t i = 0; i < s->nsteps; i++) {
    const struct step *step = &s->steps[i];
    const char *blank = i ? " " : "";
    if (step->kind == STEP_LOOP)
      at += snprintf(out + at, 400 - (size_t)at, "%sL%ux%llu>%zu", blank, step->loop,
                     (unsigned long long)step->count, step->partner);
    else if (step->kind == STEP_LOOP_END)
      at += snprintf(out + at, 400 - (size_t)at, "%sl%u>%zu", blank, step->loop, step->partner);
    else
      at += snprintf(out + at, 400 - (size_t)at, "%s%c%u:%u", blank, letters[step->kind],
                     step->conn, step->line);
  }
}

static const struct {
  const char *steps, *program;
  unsigned nconns;
} good[] = {
    {"c1 > noop\nc1 < noop", "S1:3 E1:4", 2},
    {"\n  # a comment\n\tc1 > noop\n\nc2 < noop\r", "S1:5 E2:7", 3},
    {"c63 > noop", "S63:3", 64},
    {"c01 > noop", "S1:3", 2},
    {"c1>noop\nc1<noop", "S1:3 E1:4", 2},
    {"c1 connect\nc1 > noop\nc1 half-close\nc1 < noop\nc1 < closed", "C1:3 S1:4 H1:5 E1:6 Z1:7", 2},
    {"c1 > noop\nc1 close\nc1 connect\nc1 < noop", "S1:3 Q1:4 C1:5 E1:6", 2},
    {"c1 < closed\nc1 connect\nc1 > noop", "Z1:3 C1:4 S1:5", 2},
    {"c1 half-close\nc1 close", "H1:3 Q1:4", 2},
    {"repeat 3 {\nc1 > noop\n}", "L0x3>2 S1:4 l0>0", 2},
    {"repeat 2 as i {\nrepeat 4294967295 as j {\nc1 > noop opaque=$j cas=$i\n}\nc1 < noop\n}",
     "L0x2>5 L1x4294967295>3 S1:5 l1>1 E1:7 l0>0", 2},
    {"repeat 1 {\nrepeat 1 {\nrepeat 1 {\nrepeat 1 {\nc1 > noop\n}\n}\n}\n}",
     "L0x1>8 L1x1>7 L2x1>6 L3x1>5 S1:7 l3>3 l2>2 l1>1 l0>0", 2},
    {"repeat 2 as i {\nc1 > noop opaque=$i\n}\nrepeat 2 as i {\nc1 > noop opaque=$i\n}",
     "L0x2>2 S1:4 l0>0 L0x2>5 S1:7 l0>3", 2},
    {"either {\nc1 < noop\n} or {\nc1 < get\nc1 < closed\n} or {\nc1 < closed\n}\nc1 < noop",
     "X1:3 E1:11", 2},
    {"each {\nc1 < noop\nc1 < others get\n}\nc1 < stat\nc1 < noop", "U1:3 E1:8", 2},
    {"repeat 2 {\neach {\nc1 < noop\n}\nc1 < stat\n}", "L0x2>2 U1:4 l0>0", 2},
    {"repeat 2 {\nc1 connect\nc1 > noop\nc1 < closed\n}", "L0x2>4 C1:4 S1:5 Z1:6 l0>0", 2},
    {"repeat 1 {\nc1 > noop\nc1 close\n}", "L0x1>3 S1:4 Q1:5 l0>0", 2},
    {"c1 half-close\nrepeat 2 {\nc1 < noop\n}", "H1:3 L0x2>3 E1:5 l0>1", 2},
    {"clock +5\nclock +0x10\nc1 > noop", "S0:3 E0:3 S0:4 E0:4 S1:5", 2},
    {"clock +5", "S0:3 E0:3", 1},
    /* What ends inside a request says how it ends. */
    {"c1 > raw \"abc\"\nc1 half-close", "S1:3 H1:4", 2},
    {"c1 > raw \"abc\"\nc1 close", "S1:3 Q1:4", 2},
    {"c1 > raw \"abc\"\nc1 < closed", "S1:3 Z1:4", 2},
    {"c1 > raw \"abc\"\neither {\nc1 < noop\n} or {\nc1 < closed\n}", "S1:3 X1:4", 2},
    {"c1 > raw hex(80 0a)\nc1 > raw repeat(22, hex(00))", "S1:3 S1:4", 2},
    {"c1 > noop bodylen=3\nc1 > raw \"abc\"", "S1:3 S1:4", 2},
    {"c1 < raw \"abc\"", "E1:3", 2},
};

START_TEST(programs) {
  struct session *s = compiled(good[_i].steps);
  char got[400];
  program(s, got);
  ck_assert_msg(strcmp(got, good[_i].program) == 0, "%s\nis %s\nnot %s", good[_i].steps, got,
                good[_i].program);
  ck_assert_uint_eq(s->nconns, good[_i].nconns);
  session_free(s);
}
END_TEST

/* The line that the one diagnostic names. */
static const struct {
  const char *steps;
  unsigned line;
} bad[] = {
    {"hello", 3},
    {"c0 > noop", 3},
    {"c64 > noop", 3},
    {"c99999999999999999999 > noop", 3},
    {"c1x > noop", 3},
    {"c > noop", 3},
    {"c1", 3},
    {"c1 noop", 3},
    {"c1 = noop", 3},
    {"c1 connect now", 3},
    {"c1 > noop\nc1 connect", 4},
    {"c1 half-close\nc1 connect", 4},
    {"c1 close\nc1 > noop", 4},
    {"c1 close\nc1 < noop", 4},
    {"c1 close\nc1 close", 4},
    {"c1 < closed\nc1 < noop", 4},
    {"c1 < closed\nc1 half-close", 4},
    {"c1 half-close\nc1 > noop", 4},
    {"c1 half-close\nc1 half-close", 4},
    {"c1 < closed now", 3},
    {"c1 < others noop", 3},
    {"c1 > closed", 3},

    {"repeat 2 {\nc1 > noop", 3},
    {"}", 3},
    {"c1 > noop\n}", 4},
    {"repeat 0 {\nc1 > noop\n}", 3},
    {"repeat 4294967296 {\nc1 > noop\n}", 3},
    {"repeat {\nc1 > noop\n}", 3},
    {"repeat 2\nc1 > noop\n}", 3},
    {"repeat 2 { c1 > noop\n}", 3},
    {"repeat 2 {\n}", 4},
    {"repeat 2 as {\nc1 > noop\n}", 3},
    {"repeat 2 as i {\nrepeat 2 as i {\nc1 > noop\n}\n}", 4},
    {"c1 < noop cas=?i\nrepeat 2 as i {\nc1 > noop\n}", 4},
    {"repeat 2 as i {\nc1 < noop cas=?i\n}", 4},
    {"repeat 2 as i {\nc1 > noop\n}\nc1 > noop opaque=$i", 6},
    {"repeat 2 {\nc1 > noop\n} or {\nc1 > noop\n}", 5},
    {"repeat 1 {\nrepeat 1 {\nrepeat 1 {\nrepeat 1 {\nrepeat 1 {\nc1 > noop\n}\n}\n}\n}\n}", 7},
    {"repeat 2 {\nc1 > noop\nc1 close\n}", 6},
    {"repeat 2 {\nc1 > noop\nc1 half-close\n}", 6},
    {"repeat 2 {\nclock +1\n}", 4},

    {"c1 < noop\n} or {", 4},
    {"either {\n} or {\nc1 < noop\n}", 6},
    {"either {\nc1 < noop\n} or {\n}", 6},
    {"either {\nc1 < noop\n} or\nc1 < get\n}", 5},
    {"either {\nc1 > noop\n} or {\nc1 < noop\n}", 4},
    {"either {\nc1 < noop\n} or {\nc2 < noop\n}", 6},
    {"either {\nc1 < closed\nc1 < noop\n} or {\nc1 < noop\n}", 8},
    {"either {\nrepeat 2 {\nc1 < noop\n}\n} or {\nc1 < noop\n}", 4},
    {"either {\nclock +1\nc1 < noop\n} or {\nc1 < noop\n}", 4},
    {"either {\nc1 < others noop\n} or {\nc1 < noop\n}", 4},

    {"each {\nc1 < noop\n}", 3},
    {"each {\n}\nc1 < noop", 4},
    {"each {\nc1 < closed\nc1 < noop\n}\nc1 < stat", 4},
    {"each {\nc1 < noop\n}\nc1 < closed", 6},
    {"each {\nc1 < noop\n}\nc2 < noop", 6},
    {"each {\nc1 < noop\n}\nc1 > noop\nc1 < noop", 6},
    {"each {\nc1 < noop\n}\nclock +1", 6},
    {"repeat 2 {\neach {\nc1 < noop\n}\n}\nc1 < stat", 7},
    {"each {\nc1 < noop\n} or {\nc1 < get\n}\nc1 < stat", 5},
    {"each {\nc1 < noop\nc2 < noop\n}\nc1 < stat", 5},

    {"clock 5", 3},
    {"clock +", 3},
    {"clock -5", 3},
    {"clock +4294967296", 3},

    {"c1 > raw \"abc\"", 3},
    {"c1 > raw hex(80 0a)", 3},
    {"c1 > noop bodylen=3\nc1 > raw \"ab\"\nc2 > noop", 4},
    {"c1 > noop keylen=3", 3},
    {"c1 > noop\nc1 < noop\nc1 > raw hex(80)\nc1 < noop", 5},
    {"c1 > noop cas=$a\nc1 < noop cas=?a", 3},
};

START_TEST(one_fault_is_told_once_in_its_line) {
  char *why = refused(bad[_i].steps), want[16];
  snprintf(want, sizeof want, "t:%u:", bad[_i].line);
  ck_assert_msg(strncmp(why, want, strlen(want)) == 0, "%s\nsays %snot %s", bad[_i].steps, why,
                want);
  ck_assert_msg(strchr(why, '\n')[1] == '\0', "%s\nsays more than once\n%s", bad[_i].steps, why);
  free(why);
}
END_TEST

START_TEST(further_faults_are_found) {
  char *why = refused("c1 > nop\nc1 < noop\nc1 < gett\nhello");
  size_t lines = 0;
  for (const char *p = why; (p = strchr(p, '\n')); p++)
    lines++;
  ck_assert_msg(lines == 3, "%s", why);
  free(why);
}
END_TEST

START_TEST(loops_know_who_sends_and_awaits_in_them) {
  struct session *s = compiled("repeat 2 {\nc1 > noop\nrepeat 2 {\nc2 < noop\neither {\nc5 < "
                               "noop\n} or {\nc5 < get\n}\n}\neach {\nc63 < noop\n}\nc63 < get\n}");
  ck_assert_uint_eq(s->steps[0].sends, 1u << 1);
  ck_assert_uint_eq(s->steps[0].awaits, 1u << 2 | 1u << 5 | (uint64_t)1 << 63);
  ck_assert_uint_eq(s->steps[2].sends, 0);
  ck_assert_uint_eq(s->steps[2].awaits, 1u << 2 | 1u << 5);
  session_free(s);
}
END_TEST

START_TEST(blocks_hold_their_lines) {
  struct session *s =
      compiled("either {\n  c1 < noop # one\n} or {\nc1 < get\nc1 < closed\n}\n"
               "c1 close\nc1 connect\neach {\nc1 < stat key=\"a\"\nc1 < others stat\n}\n"
               "c1 < noop # end");
  const struct choice *choice = s->steps[0].choice;
  ck_assert_uint_eq(choice->n, 2);
  ck_assert_uint_eq(choice->alternatives[0].n, 1);
  ck_assert_uint_eq(choice->alternatives[1].n, 2);
  ck_assert_uint_eq(choice->alternatives[0].items[0].line, 4);
  ck_assert(span_is(choice->alternatives[0].items[0].text, "c1 < noop"));
  ck_assert_ptr_null(choice->alternatives[1].items[1].pattern);
  const struct unordered *each = s->steps[3].each;
  ck_assert_uint_eq(each->n, 2);
  ck_assert(!each->items[0].others && each->items[1].others);
  ck_assert_uint_eq(each->terminator.line, 15);
  ck_assert(span_is(each->terminator.text, "c1 < noop"));
  session_free(s);
}
END_TEST

/* Each `clock` gives the offset from real time, so they add up. */
START_TEST(clocks_add_up) {
  struct session *s = compiled("clock +5\nclock +256\nc1 > noop");
  ck_assert_str_eq(s->needs[0], "clock");
  ck_assert_ptr_null(s->needs[1]);
  static const uint8_t offsets[2][9] = {{0, 0, 0, 0, 0, 0, 0, 5, 1}, {0, 0, 0, 0, 0, 0, 1, 5, 1}};
  for (size_t i = 0; i < 2; i++) {
    const struct pattern *p = s->steps[2 * i].pattern;
    ck_assert_uint_eq(p->n, 33);
    ck_assert_uint_eq(p->bytes[1], 0xfc);
    ck_assert_mem_eq(p->bytes + 24, offsets[i], 9);
    ck_assert_uint_eq(s->steps[2 * i + 1].pattern->bytes[0], 0x81);
  }
  session_free(s);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static Suite *suite(void) {
  Suite *s = suite_create("steps");
  TCase *t = tcase_create("steps");
  tcase_add_loop_test(t, programs, 0, COUNT(good));
  tcase_add_loop_test(t, one_fault_is_told_once_in_its_line, 0, COUNT(bad));
  tcase_add_test(t, further_faults_are_found);
  tcase_add_test(t, loops_know_who_sends_and_awaits_in_them);
  tcase_add_test(t, blocks_hold_their_lines);
  tcase_add_test(t, clocks_add_up);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
