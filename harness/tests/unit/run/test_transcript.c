/* What a play takes down of its answers: each with the step that it met. */
#include "run/transcript.h"

#include "world.h"

#define N(n) "noop opaque=" #n
#define ASK(n) "c1 > " N(n) "\n"
#define GET(n) "c1 < " N(n) "\n"

struct telling {
  const char *name;
  struct row row;
  const char *told; /* "c1:1 24, .." : connection, index of the step, bytes or end */
};

static const struct telling tellings[] = {
    {"answers", {.steps = ASK(1) GET(1) ASK(2) GET(2)}, "c1:1 24, c1:3 24"},
    {"a loop",
     {.steps = "repeat 3 as i {\nc1 > noop opaque=$i\nc1 < noop opaque=$i\n}"},
     "c1:2 24, c1:2 24, c1:2 24"},
    {"the frames of an each one by one",
     {.steps = "c1 > stat\neach {\nc1 < stat key=\"a\"\nc1 < stat key=\"bc\"\n}\nc1 < stat",
      .answers = {"stat key=\"bc\"\nstat key=\"a\"\nstat"}},
     "c1:1 26, c1:1 25, c1:1 24"},
    {"a sequence of an either at once",
     {.steps = ASK(1) "either {\n" GET(8) "} or {\n" GET(1) GET(2) "}",
      .answers = {N(1) "\n" N(2)}},
     "c1:1 48"},
    {"an either's end",
     {.steps = ASK(1) "either {\n" GET(8) "} or {\n" GET(1) "c1 < closed\n}",
      .answers = {N(1) "\nclose"}},
     "c1:1 24, c1:1 end"},
    {"the server's close",
     {.steps = "c1 > quit\nc1 < quit\nc1 < closed", .answers = {"quit\nclose"}},
     "c1:1 24, c1:2 end"},
    {"an answer that fits none, whole and alone",
     {.steps = ASK(1) GET(1) ASK(2) GET(2), .answers = {N(1), N(3) "\n" N(4)}},
     "c1:1 24, c1:- 24"},
    {"what has come of one that never ends", /* its close is what ends it */
     {.steps = ASK(1) GET(1), .answers = {"raw hex(81 0a)\nclose"}},
     "c1:- 2, c1:- end"},
    {"what is left over",
     {.steps = ASK(1) GET(1), .answers = {N(1) "\n" N(7)}},
     "c1:1 24, c1:- 24"},
};

static void describe(const struct transcript *t, struct buf *out) {
  for (size_t i = 0; i < t->answers.n; i++) {
    const struct answer *a = transcript_answer(t, i);
    buf_addf(out, i ? ", c%u:" : "c%u:", a->conn);
    if (a->step == ANSWER_UNEXPECTED)
      buf_add_byte(out, '-');
    else
      buf_addf(out, "%zu", a->step);
    if (a->kind == ANSWER_BYTES)
      buf_addf(out, " %zu", transcript_bytes(t, a).n);
    else
      buf_add_str(out, a->kind == ANSWER_END ? " end" : " reset");
  }
}

START_TEST(answers_are_told_with_their_steps) {
  static const char *const ways[] = {"whole", "bytewise", "pipelined"};
  const struct telling *t = &tellings[_i / 3];
  struct world w;
  struct transcript transcript;
  struct buf told;
  transcript_init(&transcript, 4096);
  buf_init(&told, 4096);
  world_init(&w, &t->row, ways[_i % 3]);
  w.transcript = &transcript;
  world_play(&w, 20000);
  describe(&transcript, &told);
  ck_assert_msg(strcmp(buf_cstr(&told), t->told) == 0, "%s, %s: want %s, got %s", t->name,
                ways[_i % 3], t->told, buf_cstr(&told));
  ck_assert_mem_eq(transcript.ns, "ns42", 4);
  ck_assert(!transcript.full);
  world_fini(&w);
  buf_fini(&told);
  transcript_fini(&transcript);
}
END_TEST

START_TEST(a_full_one_says_so_and_keeps_whole_answers) {
  struct transcript t;
  transcript_init(&t, 30);
  transcript_add(&t, ANSWER_BYTES, 1, 0, span_str("twenty-four bytes of it "));
  transcript_add(&t, ANSWER_BYTES, 1, 1, span_str("seven b"));
  transcript_add(&t, ANSWER_BYTES, 1, 2, span_str("x"));
  ck_assert(t.full);
  ck_assert_uint_eq(t.answers.n, 1);
  transcript_reset(&t);
  ck_assert(!t.full);
  transcript_add(&t, ANSWER_BYTES, 2, 5, span_str("again"));
  ck_assert(span_eq(transcript_bytes(&t, transcript_answer(&t, 0)), span_str("again")));
  transcript_fini(&t);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("transcript");
  TCase *t = tcase_create("transcript");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, answers_are_told_with_their_steps, 0,
                      3 * (sizeof tellings / sizeof *tellings));
  tcase_add_test(t, a_full_one_says_so_and_keeps_whole_answers);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
