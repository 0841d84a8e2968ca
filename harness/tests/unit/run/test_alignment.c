/* The answers of two plays side by side: which go together, and in what they differ. */
#include "run/alignment.h"

#include "answered.h"

struct alike {
  const char *name, *steps, *a, *b;
  const char *pairs; /* "a-piece/b-piece differences, .." */
};

#define ONE "c1 > noop\nc1 < noop\n"
#define EACH "c1 > stat\neach {\nc1 < others stat key=*{1..} value=*\n}\nc1 < stat\nc1 < noop\n"
#define EITHER "c1 > noop\neither {\nc1 < noop\n} or {\nc1 < noop\nc1 < closed\n}\n"

static const struct alike alikes[] = {
    {"the same", ONE, "@1 noop", "@1 noop", "0/0"},
    {"cas", ONE, "@1 set cas=1", "@1 set cas=2", "0/0 cas"},
    {"extras", ONE, "@1 get flags=1 value=\"v\"", "@1 get flags=2 value=\"v\"", "0/0 extras"},
    {"extras of another length", ONE, "@1 get extras=hex(00)", "@1 get extras=\"\"", "0/0 extras"},
    {"key", ONE, "@1 getk key=\"k\" value=\"v\"", "@1 getk key=\"l\" value=\"v\"", "0/0 key"},
    {"value", ONE, "@1 get value=\"1 s\"", "@1 get value=\"2 s\"", "0/0 value"},
    {"value of another length", ONE, "@1 get value=\"9\"", "@1 get value=\"10\"", "0/0 value"},
    {"all of these", ONE, "@1 getk flags=1 cas=1 key=\"a\" value=\"b\"",
     "@1 getk flags=2 cas=2 key=\"b\" value=\"a\"", "0/0 cas extras key value"},
    {"status", ONE, "@1 noop", "@1 noop status=1", "0/0 rest"},
    {"opaque", ONE, "@1 noop opaque=1", "@1 noop opaque=2", "0/0 rest"},
    {"opcode", ONE, "@1 noop", "@1 quit", "0/0 rest"},
    {"data type", ONE, "@1 noop", "@1 noop datatype=1", "0/0 rest"},
    {"framing extras", ONE, "@1 noop framing=hex(00)", "@1 noop framing=hex(10)", "0/0 rest"},
    {"magic", ONE, "@1 noop", "@1 noop framing=\"\"", "0/0 rest"},
    {"raw bytes", ONE, "@1 raw \"ERROR 1\"", "@1 raw \"ERROR 2\"", "0/0 value"},
    {"half a frame", ONE, "@1 noop", "@- raw hex(81 0a)", "0/0 rest"},
    {"an end", ONE, "@1 end", "@1 end", "0/0"},
    {"a reset", ONE, "@1 end", "@1 reset", "0/0 close"},
    {"an end instead of an answer", ONE, "@1 noop", "@- end", "0/0 rest"},
    {"one that ends earlier", ONE ONE, "@1 noop\n@3 noop", "@1 noop", "0/0, 1/- alone"},
    {"one more than expected", ONE, "@1 noop", "@1 noop\n@- noop", "0/0, -/1 alone"},
    {"what fits none goes with what did", ONE ONE, "@1 noop\n@3 noop", "@- noop status=1",
     "0/0 rest, 1/- alone"},
    {"neither fits", ONE, "@- noop status=1", "@- noop status=1", "0/0"},
    {"several frames of one answer", EITHER, "@1 noop\n+ quit\n+ end", "@1 noop\n+ quit\n+ reset",
     "0/0, 1/1, 2/2 close"},
    {"answers of other lengths", EITHER EITHER, "@1 noop\n+ quit\n@3 noop", "@1 noop\n@3 noop",
     "0/0, 1/- alone, 2/1"},
    {"a loop", "repeat 2 {\n" ONE "}\n", "@2 noop\n@2 noop", "@2 noop\n@2 noop status=1",
     "0/0, 1/1 rest"},
    {"connections by themselves", ONE "c2 > noop\nc2 < noop\n", "@1 noop\nc2 @3 quit",
     "c2 @3 quit\n@1 noop", "0/0, 1/1"},
    {"each: another order", EACH,
     "@1 stat key=\"a\"\n@1 stat key=\"b\" value=\"1\"\n@1 stat key=\"c\"\n@1 stat\n@2 noop",
     "@1 stat key=\"b\" value=\"2\"\n@1 stat key=\"a\"\n@1 stat key=\"c\"\n@1 stat\n@2 noop",
     "0/1, 1/0 value place, 2/2, 3/3, 4/4"},
    {"each: one more, one less", EACH, "@1 stat key=\"a\"\n@1 stat key=\"b\"\n@1 stat",
     "@1 stat key=\"b\"\n@1 stat key=\"d\"\n@1 stat", "0/- alone, 1/0, 2/2, -/1 alone"},
    {"each: the same key twice", EACH,
     "@1 stat key=\"a\" value=\"1\"\n@1 stat key=\"a\" value=\"2\"\n@1 stat",
     "@1 stat key=\"a\" value=\"1\"\n@1 stat key=\"a\" value=\"3\"\n@1 stat",
     "0/0, 1/1 value, 2/2"},
    {"each: what fits no line, by its key", EACH, "@1 stat key=\"a\"\n@1 stat key=\"b\"\n@1 stat",
     "@1 stat key=\"a\"\n@- stat key=\"b\" status=1", "0/0, 1/1 rest, 2/- alone"},
    {"each: what fits no line, without its key", EACH,
     "@1 stat key=\"a\"\n@1 stat key=\"b\"\n@1 stat", "@1 stat key=\"a\"\n@- noop",
     "0/0, 1/1 key rest, 2/- alone"},
    {"each: what fits not behind it", EACH, "@1 stat key=\"a\"\n@1 stat\n@2 noop",
     "@1 stat key=\"a\"\n@1 stat\n@- noop status=1", "0/0, 1/1, 2/2 rest"},
    {"each: neither fits", EACH, "@1 stat key=\"a\"\n@- noop\n@- end",
     "@1 stat key=\"a\"\n@- noop\n@- end", "0/0, 1/1, 2/2"},
};

static void put_index(struct buf *out, const struct piece *p, const struct vec *all) {
  if (p)
    buf_addf(out, "%zu", (size_t)(p - (const struct piece *)all->items));
  else
    buf_add_byte(out, '-');
}

static void describe(const struct alignment *al, struct buf *out) {
  static const char *const names[] = {"cas",   "extras", "key",   "value",
                                      "close", "place",  "alone", "rest"};
  for (size_t i = 0; i < al->pairs.n; i++) {
    const struct pair *p = alignment_pair(al, i);
    buf_add_str(out, i ? ", " : "");
    put_index(out, p->a, &al->a);
    buf_add_byte(out, '/');
    put_index(out, p->b, &al->b);
    for (size_t k = 0; k < 8; k++)
      if (p->differs & 1u << k)
        buf_addf(out, " %s", names[k]);
  }
}

START_TEST(answers_go_together) {
  const struct alike *x = &alikes[_i];
  struct session *s = compiled(x->steps);
  struct transcript a, b;
  struct alignment al;
  struct buf told;
  buf_init(&told, 4096);
  answered(&a, x->a, "ns01");
  answered(&b, x->b, "ns02");
  alignment_init(&al, s, &a, &b);
  describe(&al, &told);
  ck_assert_msg(strcmp(buf_cstr(&told), x->pairs) == 0, "%s: want %s, got %s", x->name, x->pairs,
                buf_cstr(&told));
  buf_fini(&told);
  alignment_fini(&al);
  transcript_fini(&a);
  transcript_fini(&b);
  session_free(s);
}
END_TEST

struct space {
  const char *name, *a, *b;
  bool speaks;      /* of {ns} */
  const char *told; /* differences and places */
};

static const struct space spaces[] = {
    {"in a key", "@1 getk key=\"ns01k\"", "@1 getk key=\"ns02k\"", true, "0/0 at 28"},
    {"in a value, twice", "@1 get value=\"ns01 xns01\"", "@1 get value=\"ns02 xns02\"", true,
     "0/0 at 28 34"},
    {"in extras", "@1 get extras=\"ns01\"", "@1 get extras=\"ns02\"", true, "0/0 at 24"},
    {"in raw bytes", "@1 raw \"VALUE ns01\"", "@1 raw \"VALUE ns02\"", true, "0/0 at 6"},
    {"the same text in both is text", "@1 get value=\"ns01\"", "@1 get value=\"ns01\"", true,
     "0/0"},
    {"no key space in a session without", "@1 get value=\"ns01\"", "@1 get value=\"ns02\"", false,
     "0/0 value"},
    {"none in a field that differs", "@1 get value=\"ns01 a\"", "@1 get value=\"ns02 b\"", true,
     "0/0 value"},
    {"nor at another place", "@1 get value=\"ns01--\"", "@1 get value=\"--ns02\"", true,
     "0/0 value"},
    {"nor in one of another length", "@1 get value=\"ns01\"", "@1 get value=\"ns02 \"", true,
     "0/0 value"},
    {"one that begins inside its like", "@1 get value=\"nsns01\"", "@1 get value=\"nsns02\"", true,
     "0/0 at 30"},
};

START_TEST(key_spaces_are_the_same) {
  const struct space *x = &spaces[_i];
  struct session *s =
      compiled(x->speaks ? "c1 > get key=\"{ns}k\"\nc1 < get value=*" : "c1 > noop\nc1 < noop");
  struct transcript a, b;
  struct alignment al;
  struct buf told;
  buf_init(&told, 4096);
  answered(&a, x->a, "ns01");
  answered(&b, x->b, "ns02");
  alignment_init(&al, s, &a, &b);
  describe(&al, &told);
  const struct pair *p = alignment_pair(&al, 0);
  for (size_t i = 0; i < p->nns; i++)
    buf_addf(&told, "%s %zu", i ? "" : " at", alignment_place(&al, p, i));
  ck_assert_msg(strcmp(buf_cstr(&told), x->told) == 0, "%s: want %s, got %s", x->name, x->told,
                buf_cstr(&told));
  buf_fini(&told);
  alignment_fini(&al);
  transcript_fini(&a);
  transcript_fini(&b);
  session_free(s);
}
END_TEST

START_TEST(fields_of_several_plays_add_up) {
  static const char *const plays[] = {"@1 set cas=1\n@3 get value=\"a\"",
                                      "@1 set cas=2\n@3 get value=\"a\"",
                                      "@1 set cas=1\n@3 get value=\"b\"\n@- noop"};
  struct session *s = compiled(ONE ONE);
  struct transcript t[3];
  unsigned fields[2] = {0};
  for (size_t i = 0; i < 3; i++)
    answered(&t[i], plays[i], "ns01");
  for (size_t i = 1; i < 3; i++) {
    struct alignment al;
    alignment_init(&al, s, &t[0], &t[i]);
    ck_assert_uint_eq(al.a.n, 2);
    alignment_add_fields(&al, fields);
    alignment_fini(&al);
  }
  ck_assert_uint_eq(fields[0], PIECE_CAS);
  ck_assert_uint_eq(fields[1], PIECE_VALUE);
  for (size_t i = 0; i < 3; i++)
    transcript_fini(&t[i]);
  session_free(s);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("alignment");
  TCase *t = tcase_create("alignment");
  tcase_add_loop_test(t, answers_go_together, 0, sizeof alikes / sizeof *alikes);
  tcase_add_loop_test(t, key_spaces_are_the_same, 0, sizeof spaces / sizeof *spaces);
  tcase_add_test(t, fields_of_several_plays_add_up);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
