/* Holes: where each form may stand, which bytes it hides, and what the scope learns of it. */
#include "session/section.h"

#include <stdio.h>

#include "base/check.h"
#include "unit.h"

struct world {
  struct arena arena;
  struct scope scope;
  struct diag diag;
  struct scan scan;
};

/* A scope with the captured variable `v` of four bytes and, inside two loops, the counter `i`. */
static void world_init(struct world *w, const char *line) {
  arena_init(&w->arena);
  scope_init(&w->scope, &w->arena, (struct session_loader){0});
  diag_init(&w->diag);
  *(struct scope_var *)vec_push(&w->scope.vars) = (struct scope_var){"v", 4};
  w->scope.loops[1] = span_str("i");
  w->scope.depth = 2;
  w->scan = (struct scan){.line = span_str(line), .file = "f", .number = 1, .diag = &w->diag};
}

static void world_fini(struct world *w) {
  scope_fini(&w->scope);
  diag_fini(&w->diag);
  arena_fini(&w->arena);
}

enum { SENT = 1 };

static const struct {
  const char *line;
  unsigned width, flags;
  bool ok;
  int kind;
  uint32_t min, max;
  bool sized, nonzero;
} holes[] = {
    {"*", 4, 0, true, HOLE_ANY, 0, 0, false, false},
    {"*", 0, 0, true, HOLE_ANY, 0, 0, false, false},
    {"*{4}", 4, 0, true, HOLE_ANY, 4, 4, true, false},
    {"*{ 4 }", 4, 0, true, HOLE_ANY, 4, 4, true, false},
    {"*{3}", 4, 0, false, 0, 0, 0, false, false},
    {"*{4..5}", 4, 0, false, 0, 0, 0, false, false},
    {"*{4..}", 4, 0, false, 0, 0, 0, false, false},
    {"*{0}", 0, 0, true, HOLE_ANY, 0, 0, true, false},
    {"*{1..2}", 0, 0, true, HOLE_ANY, 1, 2, true, false},
    {"*{ 1 .. 2 }", 0, 0, true, HOLE_ANY, 1, 2, true, false},
    {"*{0x10..}", 0, 0, true, HOLE_ANY, 16, LITERAL_MAX, true, false},
    {"*{67108864}", 0, 0, true, HOLE_ANY, LITERAL_MAX, LITERAL_MAX, true, false},
    {"*{67108865}", 0, 0, false, 0, 0, 0, false, false},
    {"*{2..1}", 0, 0, false, 0, 0, 0, false, false},
    {"*{}", 0, 0, false, 0, 0, 0, false, false},
    {"*{..2}", 0, 0, false, 0, 0, 0, false, false},
    {"*{1.2}", 0, 0, false, 0, 0, 0, false, false},
    {"*{1", 0, 0, false, 0, 0, 0, false, false},
    {"*{1..", 0, 0, false, 0, 0, 0, false, false},
    {"*", 4, SENT, false, 0, 0, 0, false, false},
    {"?a", 4, 0, true, HOLE_CAPTURE, 0, 0, false, false},
    {"?a:nonzero", 8, 0, true, HOLE_CAPTURE, 0, 0, false, true},
    {"?a", 4, SENT, false, 0, 0, 0, false, false},
    {"?a", 0, 0, false, 0, 0, 0, false, false},
    {"?a{8}", 0, 0, true, HOLE_CAPTURE, 8, 8, true, false},
    {"?a{8}:nonzero", 0, 0, true, HOLE_CAPTURE, 8, 8, true, true},
    {"?a:nonzero{8}", 0, 0, true, HOLE_CAPTURE, 8, 8, true, true},
    {"?a{65535}", 0, 0, true, HOLE_CAPTURE, 65535, 65535, true, false},
    {"?a{65536}", 0, 0, false, 0, 0, 0, false, false},
    {"?a{0}", 0, 0, false, 0, 0, 0, false, false},
    {"?a{1..2}", 0, 0, false, 0, 0, 0, false, false},
    {"?a{3}", 4, 0, false, 0, 0, 0, false, false},
    {"?a:zero", 4, 0, false, 0, 0, 0, false, false},
    {"?", 4, 0, false, 0, 0, 0, false, false},
    {"?i", 4, 0, false, 0, 0, 0, false, false},
    {"?v", 4, 0, true, HOLE_CAPTURE, 0, 0, false, false},
    {"?v", 8, 0, false, 0, 0, 0, false, false},
    {"?v{4}", 0, 0, true, HOLE_CAPTURE, 4, 4, true, false},
    {"?v{5}", 0, 0, false, 0, 0, 0, false, false},
    {"$v", 4, 0, true, HOLE_VAR, 4, 4, false, false},
    {"$v", 4, SENT, true, HOLE_VAR, 4, 4, false, false},
    {"$v", 0, SENT, true, HOLE_VAR, 4, 4, false, false},
    {"$v", 8, 0, false, 0, 0, 0, false, false},
    {"$i", 2, SENT, true, HOLE_COUNTER, 0, 0, false, false},
    {"$i", 0, 0, true, HOLE_COUNTER, 0, 0, false, false},
    {"$w", 4, 0, false, 0, 0, 0, false, false},
    {"$", 4, 0, false, 0, 0, 0, false, false},
};

START_TEST(hole_forms) {
  struct world w;
  struct hole h;
  world_init(&w, holes[_i].line);
  bool ok = hole_parse(&w.scan, &w.scope, !(holes[_i].flags & SENT), holes[_i].width, &h);
  ck_assert_msg(ok == holes[_i].ok, "%s: %s", holes[_i].line, diag_text(&w.diag));
  ck_assert_uint_eq(w.diag.count, !ok);
  if (ok) {
    ck_assert_int_eq((int)h.kind, holes[_i].kind);
    ck_assert_uint_eq(h.min, holes[_i].min);
    ck_assert_uint_eq(h.max, holes[_i].max);
    ck_assert_int_eq(h.sized, holes[_i].sized);
    ck_assert_int_eq(h.nonzero, holes[_i].nonzero);
    ck_assert_uint_eq(w.scan.pos, w.scan.line.n);
  }
  if (ok && h.kind == HOLE_COUNTER)
    ck_assert_uint_eq(h.index, 1);
  if (ok && h.kind == HOLE_CAPTURE) {
    const struct scope_var *var = vec_at(&w.scope.vars, h.index);
    ck_assert_int_eq(var->name[0], holes[_i].line[1]);
    ck_assert_uint_eq(var->size, holes[_i].width ? holes[_i].width : holes[_i].min);
  }
  world_fini(&w);
}
END_TEST

START_TEST(captures_are_counted) {
  struct world w;
  struct hole h;
  world_init(&w, "");
  for (unsigned i = 1; i <= VARS_MAX; i++) {
    char name[16];
    snprintf(name, sizeof name, "?n%u", i);
    w.scan.line = span_str(name);
    w.scan.pos = 0;
    ck_assert_int_eq(hole_parse(&w.scan, &w.scope, true, 4, &h), i < VARS_MAX);
  }
  ck_assert_uint_eq(w.scope.vars.n, VARS_MAX);
  world_fini(&w);
}
END_TEST

/* Bytes as they are kept, `m` where the mask is 0, and the gap. */
static const struct {
  const char *line, *bytes, *mask;
  int gap; /* its offset, or -1 */
  size_t npatches, ncaptures;
} values[] = {
    {"\"ab\"", "ab", "==", -1, 0, 0},
    {"\"a\" *{2} \"b\"", "a..b", "=mm=", -1, 0, 0},
    {"\"a\" * \"b\"", "ab", "==", 1, 0, 0},
    {"*", "", "", 0, 0, 0},
    {"\"ab\" *{3..}", "ab", "==", 2, 0, 0},
    {"*{2..3} \"ab\" *{2}", "ab..", "==mm", 0, 0, 0},
    {"?a{2} $v ?b{1}", ".......", "mm====m", -1, 1, 2},
    {"$i", "........", "========", -1, 1, 0},
    {"\"{ns}\" $i", "{ns}........", "============", -1, 2, 0},
    {"*{0}", "", "", -1, 0, 0},
};

START_TEST(values_are_bytes_masks_and_patches) {
  struct world w;
  struct section s;
  world_init(&w, values[_i].line);
  section_init(&s);
  ck_assert_msg(section_parse(&s, &w.scan, &w.scope, true), "%s", diag_text(&w.diag));
  ck_assert_uint_eq(s.bytes.n, strlen(values[_i].bytes));
  ck_assert_uint_eq(s.mask.n, s.bytes.n);
  for (size_t k = 0; k < s.bytes.n; k++) {
    ck_assert_int_eq(s.bytes.p[k], values[_i].bytes[k] == '.' ? 0 : values[_i].bytes[k]);
    ck_assert_int_eq(s.mask.p[k], values[_i].mask[k] == 'm' ? 0 : 0xff);
  }
  ck_assert_int_eq(s.has_gap, values[_i].gap >= 0);
  if (s.has_gap)
    ck_assert_int_eq((int)s.gap.off, values[_i].gap);
  ck_assert_uint_eq(s.patches.n, values[_i].npatches);
  ck_assert_uint_eq(s.captures.n, values[_i].ncaptures);
  ck_assert_uint_eq(w.scope.budget, (size_t)SESSION_MAX - s.bytes.n);
  section_fini(&s);
  world_fini(&w);
}
END_TEST

static const char *const wrong_values[] = {"* *",      "*{1..2} \"a\" *{1..2}", "\"a\" x", "",
                                           "* *{1..}", "?a{2} ?a{3}",           "$w"};

START_TEST(wrong_values_are_told_once) {
  struct world w;
  struct section s;
  world_init(&w, wrong_values[_i]);
  section_init(&s);
  ck_assert_msg(!section_parse(&s, &w.scan, &w.scope, true), "%s", wrong_values[_i]);
  ck_assert_uint_eq(w.diag.count, 1);
  section_fini(&s);
  world_fini(&w);
}
END_TEST

START_TEST(joined_sections_shift_what_they_hold) {
  struct world w;
  struct section a, b;
  world_init(&w, "\"xyz\" $v");
  section_init(&a);
  section_init(&b);
  ck_assert(section_parse(&a, &w.scan, &w.scope, true));
  w.scan = (struct scan){.line = span_str("\"p\" ?c{2} $i * \"q\""), .diag = &w.diag};
  ck_assert(section_parse(&b, &w.scan, &w.scope, true));
  section_join(&a, &b);
  ck_assert_uint_eq(a.bytes.n, 7 + 1 + 2 + 8 + 1);
  ck_assert_uint_eq(((const struct patch *)vec_at(&a.patches, 0))->off, 3);
  ck_assert_uint_eq(((const struct patch *)vec_at(&a.patches, 1))->off, 10);
  ck_assert_uint_eq(((const struct capture *)vec_at(&a.captures, 0))->off, 8);
  ck_assert_uint_eq(a.gap.off, 18);
  ck_assert_int_eq(a.bytes.p[18], 'q');
  section_fini(&a);
  section_fini(&b);
  world_fini(&w);
}
END_TEST

START_TEST(the_session_s_budget_ends) {
  struct world w;
  struct section s;
  world_init(&w, "\"abc\"");
  w.scope.budget = 3;
  section_init(&s);
  ck_assert(section_parse(&s, &w.scan, &w.scope, true));
  w.scan.pos = 0;
  ck_assert(!section_parse(&s, &w.scan, &w.scope, true));
  ck_assert_uint_eq(w.diag.count, 1);
  section_fini(&s);
  world_fini(&w);
}
END_TEST

/* The innermost of two loops with one counter's name is meant. */
START_TEST(scope_finds_names) {
  struct world w;
  world_init(&w, "");
  ck_assert_int_eq(scope_var(&w.scope, span_str("v")), 0);
  ck_assert_int_eq(scope_var(&w.scope, span_str("w")), -1);
  ck_assert_int_eq(scope_loop(&w.scope, span_str("i")), 1);
  w.scope.depth = 1;
  ck_assert_int_eq(scope_loop(&w.scope, span_str("i")), -1);
  world_fini(&w);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

static Suite *suite(void) {
  Suite *s = suite_create("section");
  TCase *t = tcase_create("section");
  tcase_add_loop_test(t, hole_forms, 0, COUNT(holes));
  tcase_add_test(t, captures_are_counted);
  tcase_add_loop_test(t, values_are_bytes_masks_and_patches, 0, COUNT(values));
  tcase_add_loop_test(t, wrong_values_are_told_once, 0, COUNT(wrong_values));
  tcase_add_test(t, joined_sections_shift_what_they_hold);
  tcase_add_test(t, the_session_s_budget_ends);
  tcase_add_test(t, scope_finds_names);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
