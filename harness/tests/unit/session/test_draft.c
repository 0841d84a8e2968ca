/* Units: which answers go with which request; what is left compiles, and says what it said. */
#include "session/draft.h"

#include "compiled.h"

#define HEAD "case t\nspec noop\n"

static struct draft *drafted(const char *steps) {
  char *text = xasprintf(HEAD "%s", steps);
  struct diag diag;
  diag_init(&diag);
  struct draft *d = draft_new(span_str(text), "t", no_loader, &diag);
  ck_assert_msg(d != NULL, "%s\n%s", text, diag_text(&diag));
  diag_fini(&diag);
  free(text);
  return d;
}

/* `units` names the unit of each line behind the head, "." for none. */
static const struct {
  const char *steps, *units;
  unsigned requests, bytes;
} drafts[] = {
    {"c1 > noop\nc1 < noop\nc1 > noop\nc1 < noop", "0011", 2, 48},
    /* comments and blank lines are gone */
    {"\n# x\nc1 > noop # y\n\n  c1 < noop", "00", 1, 24},
    {"c1 > noop opaque=1\nc1 > noop opaque=2\nc1 < noop opaque=1\nc1 < noop opaque=2", "0101", 2,
     48},
    /* a quiet one has none */
    {"c1 > getq key=\"a\" opaque=1\nc1 > noop opaque=2\nc1 < noop opaque=2", "011", 2, 49},
    {"c1 > stat\nc1 > noop\nc1 < stat key=\"a\"\nc1 < stat\nc1 < noop", "01001", 2, 48},
    {"c1 > noop opaque=1\nc1 < noop opaque=*", "00", 1, 24},
    {"c1 > noop\nc2 > noop\nc2 < noop\nc1 < noop", "0110", 2, 48},
    /* one that fits none goes with the last */
    {"c1 > noop\nc1 > get key=\"a\"\nc1 < raw \"x\"", "010", 2, 49},
    {"c1 > noop\nc1 > get key=\"a\"\nc1 < version", "011", 2, 49},
    {"c1 < server.op0x01\nc1 > noop\nc1 < noop", "011", 1, 24},
    {"c1 > quit\nc1 < quit\nc1 < closed\nc1 connect\nc1 > noop\nc1 half-close", "000123", 2, 48},
    {"c1 > stat\neach {\nc1 < stat key=\"a\"\n}\nc1 < stat\nc1 > noop", "000001", 2, 48},
    {"c1 > noop\neither {\nc1 < noop\n} or {\nc1 < closed\n}\nc2 > noop", "0000001", 2, 48},
    {"repeat 3 {\nrepeat 2 as i {\nc1 > noop opaque=$i\nc1 < noop opaque=$i\n}\nc1 > noop\n}\n"
     "c1 > noop",
     "..00.1.2", 10, 240},
    {"clock +5\nc1 > noop", "01", 1, 24},
};
enum { DRAFTS = sizeof drafts / sizeof *drafts };

START_TEST(lines_belong_to_units) {
  struct draft *d = drafted(drafts[_i].steps);
  size_t lines = strlen(drafts[_i].units), most = 0;
  ck_assert_uint_eq(d->first, 2);
  ck_assert_uint_eq(d->nlines, 2 + lines);
  for (size_t i = 0; i < lines; i++) {
    uint32_t unit = d->units_of[2 + i];
    char got = unit == DRAFT_NO_UNIT ? '.' : (char)('0' + unit);
    ck_assert_msg(got == drafts[_i].units[i], "%s\nline %zu belongs to %c", drafts[_i].steps, i,
                  got);
    most = unit != DRAFT_NO_UNIT && unit > most ? unit : most;
  }
  ck_assert_uint_eq(d->nunits, most + 1);
  ck_assert_uint_eq(d->requests, drafts[_i].requests);
  ck_assert_uint_eq(d->bytes, drafts[_i].bytes);
  draft_free(d);
}
END_TEST

/* `keep` has a digit for each unit. */
static const struct {
  const char *steps, *keep, *left;
} cuts[] = {
    {"c1 > noop opaque=1\nc1 < noop opaque=1\nc1 > noop opaque=2\nc1 < noop opaque=2", "01",
     "c1 > noop opaque=2\nc1 < noop opaque=2\n"},
    {"c1 > noop\nc1 < noop\nrepeat 2 {\nc1 > version\n}", "10", "c1 > noop\nc1 < noop\n"},
    {"repeat 2 {\nrepeat 3 {\nc1 > noop\n}\nc1 > version\n}", "10",
     "repeat 2 {\nrepeat 3 {\nc1 > noop\n}\n}\n"},
    {"repeat 2 {\nrepeat 3 {\nc1 > noop\n}\nc1 > version\n}", "01",
     "repeat 2 {\nc1 > version\n}\n"},
    /* a connect of what is open then */
    {"c1 > quit\nc1 < quit\nc1 < closed\nc1 connect\nc1 > noop", "111",
     "c1 > quit\nc1 < quit\nc1 < closed\nc1 connect\nc1 > noop\n"},
    {"c1 > noop\nc1 > quit\nc1 < quit\nc1 < closed\nc1 connect\nc1 > noop", "1011",
     "c1 > noop\nc1 > noop\n"},
    {"c1 > quit\nc1 < quit\nc1 < closed\nc1 connect\nc1 > noop", "011", "c1 connect\nc1 > noop\n"},
};
enum { CUTS = sizeof cuts / sizeof *cuts };

START_TEST(units_can_be_left_out) {
  struct draft *d = drafted(cuts[_i].steps);
  bool keep[8];
  ck_assert_uint_eq(d->nunits, strlen(cuts[_i].keep));
  for (size_t i = 0; i < d->nunits; i++)
    keep[i] = cuts[_i].keep[i] == '1';
  struct buf out;
  buf_init(&out, 4096);
  draft_without(d, keep, &out);
  char *want = xasprintf(HEAD "%s", cuts[_i].left), *got = buf_take(&out);
  ck_assert_str_eq(got, want);
  session_free(compiled_file(got));
  free(want);
  free(got);
  draft_free(d);
}
END_TEST

static const struct {
  const char *steps;
  size_t line;
  const char *flat;
} loops[] = {
    {"repeat 1 {\nc1 > noop\n}\nc1 > version", 2, "c1 > noop\nc1 > version\n"},
    {"c1 > noop\nrepeat 2 as i {\nc1 > get key=\"$i\" $i opaque=$i\nc1 < get key=$i opaque=$i\n}",
     3,
     "c1 > noop\n"
     "c1 > get key=\"$i\" \"00000000\" opaque=0\nc1 < get key=\"00000000\" opaque=0\n"
     "c1 > get key=\"$i\" \"00000001\" opaque=1\nc1 < get key=\"00000001\" opaque=1\n"},
    {"repeat 2 as i {\nrepeat 1 as ii {\nc1 > noop cas=$i opaque=$ii\n}\n}", 2,
     "repeat 1 as ii {\nc1 > noop cas=0 opaque=$ii\n}\n"
     "repeat 1 as ii {\nc1 > noop cas=1 opaque=$ii\n}\n"},
};
enum { LOOPS = sizeof loops / sizeof *loops };

START_TEST(loops_are_written_out) {
  struct draft *d = drafted(loops[_i].steps);
  struct buf out;
  buf_init(&out, 4096);
  draft_unroll(d, loops[_i].line, &out);
  char *want = xasprintf(HEAD "%s", loops[_i].flat), *got = buf_take(&out);
  ck_assert_str_eq(got, want);
  session_free(compiled_file(got));
  free(want);
  free(got);
  draft_free(d);
}
END_TEST

START_TEST(what_does_not_compile_is_no_draft) {
  struct diag diag;
  diag_init(&diag);
  ck_assert_ptr_null(draft_new(span_str(HEAD "c1 > nop\n"), "t", no_loader, &diag));
  ck_assert_uint_gt(diag.count, 0);
  diag_fini(&diag);
}
END_TEST

static Suite *make(void) {
  Suite *s = suite_create("draft");
  TCase *c = tcase_create("draft");
  tcase_add_loop_test(c, lines_belong_to_units, 0, DRAFTS);
  tcase_add_loop_test(c, units_can_be_left_out, 0, CUTS);
  tcase_add_loop_test(c, loops_are_written_out, 0, LOOPS);
  tcase_add_test(c, what_does_not_compile_is_no_draft);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(make)
