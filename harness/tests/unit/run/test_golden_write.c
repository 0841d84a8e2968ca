/* Goldens made of what several plays answered, and what a new golden changes. */
#include "run/golden_write.h"

#include "answered.h"
#include "run/golden_change.h"

enum { PLAYS = 3, TEXT_MAX = 1 << 20 };

struct made {
  const char *name, *steps;
  const char *plays[PLAYS]; /* NULL behind the last */
  const char *lines;        /* of the golden, behind its head; or what is refused */
  bool failed;              /* the case fails as is known */
};

#define ONE "c1 > noop\nc1 < noop\n"
#define TWO "c1 > noop\nc1 < noop\nc1 < noop\n"
#define STAT "c1 > stat\neach {\nc1 < others stat key=*{1..} value=*\n}\nc1 < stat\n"
#define EITHER "c1 > noop\neither {\nc1 < noop\n} or {\nc1 < quit\n}\n"
#define LONG "repeat(300, \"x\") \"yz\""
#define LOOP "repeat 2 as i {\nc1 > get opaque=$i\nc1 < get value=" LONG " cas=?a opaque=$i\n}\n"
#define RACE                                                                                       \
  "c2 > noop\nc1 > noop\neither {\nc1 < noop cas=?a\n} or {\nc1 < noop status=1 value=*\n}\n"

static const struct made mades[] = {
    {"the same", ONE, {"@1 noop", "@1 noop"}, "\nc1 < noop\n", false},
    {"nothing is answered", ONE, {"", ""}, "", false},
    {"a CAS", ONE, {"@1 set cas=1", "@1 set cas=2"}, "\nc1 < set cas=*\n", false},
    {"a CAS that is the same",
     ONE,
     {"@1 set cas=1", "@1 set cas=1"},
     "\nc1 < set cas=0x1\n",
     false},
    {"the third play tells",
     ONE,
     {"@1 set cas=1", "@1 set cas=1", "@1 set cas=2"},
     "\nc1 < set cas=*\n",
     false},
    {"value and extras",
     ONE,
     {"@1 get flags=1 value=\"9\"", "@1 get flags=2 value=\"10\""},
     "\nc1 < get extras=*{4} value=*\n",
     false},
    {"the key space",
     "c1 > getk key=\"{ns}k\"\nc1 < getk key=\"{ns}k\"\n",
     {"@1 getk extras=\"\" key=\"nsAAk\"", "@1 getk extras=\"\" key=\"nsBBk\""},
     "\nc1 < getk extras=\"\" key=\"{ns}k\"\n",
     false},
    {"connections by themselves",
     "c2 > noop\nc2 < noop\nc1 > noop\nc1 < noop\nc1 < closed\n",
     {"c2 @1 noop\n@3 noop opaque=1\n@4 end", "@3 noop opaque=1\nc2 @1 noop\n@4 reset"},
     "\nc1 < noop opaque=0x1\nc1 < closed\n\nc2 < noop\n",
     false},
    {"what comes in another order",
     STAT,
     {"@1 stat key=\"a\" value=\"1\"\n@1 stat key=\"b\"\n@1 stat",
      "@1 stat key=\"b\"\n@1 stat key=\"a\" value=\"2\"\n@1 stat"},
     "\neach {\n  c1 < stat key=\"a\" value=*\n  c1 < stat key=\"b\"\n"
     "  c1 < others stat key=*{1..} value=*\n}\nc1 < stat\n",
     false},
    {"what not every play has",
     STAT,
     {"@1 stat key=\"a\"\n@1 stat key=\"b\"\n@1 stat", "@1 stat key=\"a\"\n@1 stat",
      "@1 stat key=\"a\"\n@1 stat key=\"c\"\n@1 stat"},
     "\neach {\n  c1 < stat key=\"a\"\n  c1 < others stat key=*{1..} value=*\n}\nc1 < stat\n",
     false},
    {"a figure that is known to be volatile",
     STAT,
     {"@1 stat key=\"lru_x\" value=\"1\"\n@1 stat", "@1 stat key=\"lru_x\" value=\"1\"\n@1 stat"},
     "\nc1 < stat key=\"lru_x\" value=*\nc1 < stat\n",
     false},
    {"two alternatives",
     EITHER,
     {"@1 noop", "@1 quit cas=7"},
     "\neither {\n  c1 < quit cas=*\n} or {\n  c1 < noop\n}\n",
     false},
    {"the same alternative", EITHER, {"@1 quit", "@1 quit"}, "\nc1 < quit\n", false},
    {"a race that all plays ended in the same way",
     RACE,
     {"@2 noop cas=1", "@2 noop cas=2"},
     "\neither {\n  c1 < noop cas=*\n} or {\n  c1 < noop status=1 value=*\n}\n",
     false},
    {"a loop whose lines are as exact",
     LOOP,
     {"@2 get value=" LONG " cas=1\n@2 get value=" LONG " cas=2 opaque=1",
      "@2 get value=" LONG " cas=3\n@2 get value=" LONG " cas=4 opaque=1"},
     "\nrepeat 2 as i {\n  c1 < get value=" LONG " cas=* opaque=$i\n}\n",
     false},
    {"a loop of which one round is not volatile",
     "repeat 2 as i {\nc1 > get opaque=$i\nc1 < get cas=*\n}\n",
     {"@2 get cas=1\n@2 get cas=2", "@2 get cas=3\n@2 get cas=2"},
     "\nc1 < get flags=0 cas=*\nc1 < get flags=0 cas=0x2\n",
     false},
    {"where a known failure goes on in two ways",
     TWO,
     {"@1 noop\n@- end", "@1 noop\n@- quit\n@- end"},
     "\nc1 < noop\neither {\n  c1 < quit\n  c1 < closed\n} or {\n  c1 < closed\n}\n",
     true},

    {"an opaque",
     ONE,
     {"@1 noop opaque=1", "@1 noop opaque=2"},
     "the plays differ in opcode, status, opaque or the like, which no golden leaves open: "
     "c1 < noop opaque=0x1",
     false},
    {"a status",
     ONE,
     {"@1 noop", "@1 noop status=1"},
     "the plays differ in opcode, status, opaque or the like, which no golden leaves open: "
     "c1 < noop",
     false},
    {"one more",
     TWO,
     {"@1 noop", "@1 noop\n@2 quit"},
     "the plays differ in the number of answers, which no golden leaves open: c1 < quit",
     false},
    {"raw bytes",
     ONE,
     {"@1 raw \"a\"", "@1 raw \"b\""},
     "the plays differ in bytes that are no frame, which no golden leaves open: c1 < raw \"a\"",
     false},
    {"a known failure with and without an answer",
     TWO,
     {"@1 noop", "@1 noop\n@- quit"},
     "c1 gets an answer in some plays and none in others",
     true},
};

START_TEST(plays_make_a_golden) {
  static const char *const spaces[PLAYS] = {"nsAA", "nsBB", "nsCC"};
  static const char *const volatile_stats[] = {"lru_*", NULL};
  const struct made *m = &mades[_i];
  struct session *session = compiled(m->steps);
  struct transcript t[PLAYS];
  struct golden_plays plays = {
      .first = &t[0], .volatile_stats = volatile_stats, .failed = m->failed};
  struct buf text, why;
  size_t n = 0;
  for (; n < PLAYS && m->plays[n]; n++) {
    answered(&t[n], m->plays[n], spaces[n]);
    if (n)
      plays.later[plays.nlater++] = &t[n];
  }
  buf_init(&text, TEXT_MAX);
  buf_init(&why, TEXT_MAX);
  bool ok = golden_write(&text, session, "a/b", "s 1", &plays, &why);
  if (ok) {
    static const char head[] = "golden  a/b\nserver  s 1\n";
    ck_assert_msg(strncmp(buf_cstr(&text), head, strlen(head)) == 0, "%s", buf_cstr(&text));
    ck_assert_msg(strcmp(buf_cstr(&text) + strlen(head), m->lines) == 0, "%s: got\n%s", m->name,
                  buf_cstr(&text) + strlen(head));
  } else {
    ck_assert_msg(strcmp(buf_cstr(&why), m->lines) == 0, "%s: got %s", m->name, buf_cstr(&why));
  }
  for (size_t i = 0; i < n; i++)
    transcript_fini(&t[i]);
  buf_fini(&text);
  buf_fini(&why);
  session_free(session);
}
END_TEST

struct change {
  const char *before, *after, *told;
  bool keeps; /* no hole is widened */
};

static const struct change changes[] = {
    {"c1 < noop", "c1 < noop", "", true},
    {"c1 < noop opaque=0x1", "c1 < noop opaque=0x2",
     "- c1 < noop opaque=0x1\n+ c1 < noop opaque=0x2\n"
     "    opaque: want 0x1, got 0x2\n",
     true},
    {"c1 < get cas=*", "c1 < get cas=0x1", "- c1 < get cas=*\n+ c1 < get cas=0x1\n", true},
    {"c1 < get cas=0x1", "c1 < get cas=*", "- c1 < get cas=0x1\n+ c1 < get cas=*\n", false},
    {"c1 < get value=\"a\"", "c1 < get value=*", "- c1 < get value=\"a\"\n+ c1 < get value=*\n",
     false},
    {"c1 < get value=*", "c1 < get value=* cas=*", "- c1 < get value=*\n+ c1 < get value=* cas=*\n",
     false},
    {"c1 < noop\nc1 < quit", "c1 < quit", "- c1 < noop\n", true},
    {"c1 < quit", "c1 < quit\nc1 < closed", "+ c1 < closed\n", true},
    {"c1 < quit\nc1 < noop", "either {\nc1 < quit\n} or {\nc1 < noop\n}",
     "- c1 < quit\n+ either {\n- c1 < noop\n+ c1 < quit\n"
     "    opcode: want 0x0a noop, got 0x07 quit\n+ } or {\n+ c1 < noop\n+ }\n",
     false},
};

static struct golden_text golden_of(struct buf *text, const char *lines) {
  struct diag diag;
  diag_init(&diag);
  buf_init(text, TEXT_MAX);
  buf_addf(text, "golden  a/b\n\n%s\n", lines);
  struct golden_text g = {
      buf_span(text),
      session_compile_golden(buf_span(text), "g", (struct session_loader){0}, &diag)};
  ck_assert_msg(g.session != NULL, "%s", diag_text(&diag));
  diag_fini(&diag);
  return g;
}

START_TEST(a_change_is_told_line_by_line) {
  const struct change *c = &changes[_i];
  struct buf old, new, told;
  struct golden_text before = golden_of(&old, c->before), after = golden_of(&new, c->after);
  buf_init(&told, TEXT_MAX);
  bool keeps = golden_change(&told, before, after);
  ck_assert_str_eq(buf_cstr(&told), c->told);
  ck_assert_int_eq(keeps, c->keeps);
  session_free((struct session *)before.session);
  session_free((struct session *)after.session);
  buf_fini(&old);
  buf_fini(&new);
  buf_fini(&told);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("golden_write");
  TCase *t = tcase_create("golden_write");
  tcase_add_loop_test(t, plays_make_a_golden, 0, sizeof mades / sizeof *mades);
  tcase_add_loop_test(t, a_change_is_told_line_by_line, 0, sizeof changes / sizeof *changes);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
