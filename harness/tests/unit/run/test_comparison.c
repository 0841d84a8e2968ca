/* When a candidate differs from a baseline, and when what differs varies by itself. */
#include "run/comparison.h"

#include "answered.h"

/* A play is told by its answers (see answered.h), an "!" before them says that the case failed. */
struct contest {
  const char *name, *steps;
  const char *rounds[COMPARISON_MOST][SIDES]; /* up to a NULL; "" repeats the round before */
  const char *told; /* how many rounds show it, the last of them, whether it is final; and the
                       brief. NULL: no difference */
};

#define GET "c1 > get key=\"k\"\nc1 < get status=* value=* cas=*\n"
#define EACH "c1 > stat\neach {\nc1 < others stat key=*{1..} value=*\n}\nc1 < stat\n"
#define EITHER                                                                                     \
  "c1 > get key=\"k\"\neither {\nc1 < get value=\"a\" cas=*\n} or {\n"                             \
  "c1 < get value=\"b\" cas=*\n}\n"
#define AGAIN                                                                                      \
  { "", "" }
#define TO_THE_END AGAIN, AGAIN, AGAIN, AGAIN

static const struct contest contests[] = {
    {"the same", GET, {{"@1 get cas=1", "@1 get cas=1"}, AGAIN}, NULL},
    {"a byte in both rounds",
     GET,
     {{"@1 get value=\"a\"", "@1 get value=\"b\""}, AGAIN},
     "2, round 1: value at 0: want \"a\", got \"b\""},
    {"a byte in all rounds",
     GET,
     {{"@1 get value=\"a\"", "@1 get value=\"b\""}, TO_THE_END, AGAIN},
     "4, round 5: value at 0: want \"a\", got \"b\""},
    {"the baseline varies",
     GET,
     {{"@1 get value=\"a\"", "@1 get value=\"b\""}, {"@1 get value=\"c\"", "@1 get value=\"b\""}},
     NULL},
    {"the candidate varies",
     GET,
     {{"@1 get value=\"a\"", "@1 get value=\"b\""}, {"@1 get value=\"a\"", "@1 get value=\"c\""}},
     NULL},
    {"beside what varies",
     GET,
     {{"@1 get value=\"a\" cas=1", "@1 get value=\"b\" cas=1"},
      {"@1 get value=\"a\" cas=2", "@1 get value=\"b\" cas=2"}},
     "2, round 1: value at 0: want \"a\", got \"b\""},
    {"a status",
     GET,
     {{"@1 get cas=1", "@1 get status=2 cas=1"}, {"@1 get cas=2", "@1 get status=2 cas=2"}},
     "2, round 1: status: want 0x0000 success, got 0x0002 key_eexists"},
    {"what only a server with a history shows",
     GET,
     {{"@1 get value=\"7\"", "@1 get value=\"8\""},
      AGAIN,
      {"@1 get value=\"0\"", "@1 get value=\"0\""},
      AGAIN,
      AGAIN,
      AGAIN},
     NULL},
    {"the time, which comes to vary later",
     GET,
     {{"@1 get value=\"7\"", "@1 get value=\"8\""},
      AGAIN,
      {"@1 get value=\"9\"", "@1 get value=\"10\""}},
     NULL},
    {"another order",
     EACH,
     {{"@1 stat key=\"a\"\n@1 stat key=\"b\"\n@1 stat",
       "@1 stat key=\"b\"\n@1 stat key=\"a\"\n@1 stat"},
      AGAIN},
     "2, round 1: the candidate answers in another order; earlier than on the baseline: "
     "stat key=\"b\""},
    {"an order that varies",
     EACH,
     {{"@1 stat key=\"a\"\n@1 stat key=\"b\"\n@1 stat",
       "@1 stat key=\"a\"\n@1 stat key=\"b\"\n@1 stat"},
      {"@1 stat key=\"a\"\n@1 stat key=\"b\"\n@1 stat",
       "@1 stat key=\"b\"\n@1 stat key=\"a\"\n@1 stat"}},
     NULL},
    {"a line more",
     EACH,
     {{"@1 stat key=\"a\"\n@1 stat", "@1 stat key=\"a\"\n@1 stat key=\"c\"\n@1 stat"}, AGAIN},
     "2, round 1: the candidate alone gives c1 < stat key=\"c\""},
    {"a line less",
     EACH,
     {{"@1 stat key=\"a\"\n@1 stat key=\"c\"\n@1 stat", "@1 stat key=\"a\"\n@1 stat"}, AGAIN},
     "2, round 1: the baseline alone gives c1 < stat key=\"c\""},
    {"a line that comes and goes on the baseline",
     EACH,
     {{"@1 stat key=\"a\"\n@1 stat", "@1 stat key=\"a\"\n@1 stat key=\"c\"\n@1 stat"},
      {"@1 stat key=\"a\"\n@1 stat key=\"c\"\n@1 stat",
       "@1 stat key=\"a\"\n@1 stat key=\"c\"\n@1 stat"}},
     NULL},
    {"another line that comes excuses nothing",
     EACH,
     {{"@1 stat key=\"a\"\n@1 stat", "@1 stat key=\"a\"\n@1 stat key=\"c\"\n@1 stat"},
      {"@1 stat key=\"a\"\n@1 stat key=\"d\"\n@1 stat",
       "@1 stat key=\"a\"\n@1 stat key=\"c\"\n@1 stat"}},
     "2, round 1: the candidate alone gives c1 < stat key=\"c\""},
    {"an alternative",
     EITHER,
     {{"@1 get value=\"a\"", "@1 get value=\"b\""}, AGAIN},
     "2, round 1: value at 0: want \"a\", got \"b\""},
    {"an alternative where connections race",
     EITHER "c2 > noop\nc2 < noop\n",
     {{"@1 get value=\"a\"\n@3 noop", "@1 get value=\"b\"\n@3 noop"}, AGAIN},
     NULL},
    {"beside connections that race",
     EITHER "c2 > get key=\"k\"\nc2 < get value=* cas=*\n",
     {{"@1 get value=\"a\"\n@3 get value=\"x\"", "@1 get value=\"b\"\n@3 get value=\"y\""}, AGAIN},
     "2, round 1: value at 0: want \"x\", got \"y\""},
    {"a reset instead of an end",
     "c1 > quit\nc1 < quit\nc1 < closed\n",
     {{"@1 quit\n@2 end", "@1 quit\n@2 reset"}, AGAIN},
     "2, round 1: the baseline ends the stream of c1, the candidate resets it"},
    {"a case that fails on one",
     GET GET,
     {{"@1 get\n@3 get", "!@1 get\n@- noop"}, AGAIN},
     "2, round 1, final: opcode: want 0x00 get, got 0x0a noop"},
    {"a case that fails on one, which the answers don't show",
     GET GET,
     {{"@1 get\n@3 get", "!@1 get"}, AGAIN},
     "2, round 1, final: the case passes on the baseline and fails on the candidate: "
     "timeout: slow"},
    {"a case that fails on the baseline only",
     GET GET,
     {{"!@1 get", "@1 get\n@3 get"}, AGAIN},
     "2, round 1, final: the case fails on the baseline and passes on the candidate: "
     "timeout: slow"},
    {"a case that fails on both alike", GET GET, {{"!@1 get", "!@1 get"}, AGAIN}, NULL},
    {"a case that fails on the candidate once",
     GET,
     {{"@1 get", "@1 get"}, {"@1 get", "!"}, {"@1 get", "@1 get"}, AGAIN, AGAIN, AGAIN},
     "1, round 1: the case passes on the baseline and fails on the candidate: timeout: slow"},
    {"a case that fails on the baseline once, and on the candidate",
     GET,
     {{"@1 get", "!"}, {"!", "@1 get"}},
     NULL},
};

static void put_play(struct played *p, const char *answers) {
  bool failed = *answers == '!';
  transcript_fini(&p->transcript);
  answered(&p->transcript, answers + failed, "ns01");
  if (failed)
    p->verdict = (struct verdict){
        .status = VERDICT_FAIL, .kind = KIND_TIMEOUT, .line = 4, .brief = xstrdup("slow")};
}

START_TEST(differences_are_found) {
  const struct contest *x = &contests[_i];
  struct session *session = compiled(x->steps);
  struct comparison c;
  comparison_init(&c, 4096);
  comparison_begin(&c, session);
  for (; c.rounds < COMPARISON_MOST && x->rounds[c.rounds][0]; c.rounds++)
    for (int s = 0; s < SIDES; s++) {
      size_t from = c.rounds;
      while (*x->rounds[from][s] == '\0')
        from--;
      put_play(&c.plays[c.rounds][s], x->rounds[from][s]);
    }
  struct finding f;
  struct buf told;
  buf_init(&told, 4096);
  if (comparison_find(&c, &f)) {
    ck_assert_int_eq(f.verdict.status, VERDICT_FAIL);
    ck_assert_int_eq(f.verdict.kind, KIND_DIFFERENCE);
    buf_addf(&told, "%zu, round %zu%s: %s", f.rounds, f.last, f.final ? ", final" : "",
             f.verdict.brief);
  }
  ck_assert_msg(strcmp(buf_cstr(&told), x->told ? x->told : "") == 0, "%s: want %s, got %s",
                x->name, x->told ? x->told : "no difference", buf_cstr(&told));
  verdict_fini(&f.verdict);
  buf_fini(&told);
  comparison_fini(&c);
  session_free(session);
}
END_TEST

/* Two rounds of a case in which all is the same. */
static struct session *same_rounds(struct comparison *c) {
  struct session *session = compiled(GET);
  comparison_init(c, 4096);
  comparison_begin(c, session);
  for (; c->rounds < COMPARISON_FIRST; c->rounds++)
    for (int s = 0; s < SIDES; s++) {
      put_play(&c->plays[c->rounds][s], "@1 get");
      tape_add(&c->plays[c->rounds][s].tape, TAPE_ENDED, 1, false, 1, (struct span){0});
    }
  return session;
}

static void check(struct comparison *c, struct session *session, const char *told,
                  enum verdict_status status, enum verdict_kind kind) {
  struct finding f;
  ck_assert_int_eq(comparison_find(c, &f), told != NULL);
  if (told) {
    ck_assert_str_eq(f.verdict.brief, told);
    ck_assert_int_eq(f.verdict.status, status);
    ck_assert_int_eq(f.verdict.kind, kind);
  }
  verdict_fini(&f.verdict);
  comparison_fini(c);
  session_free(session);
}

static void reset(struct played *p) {
  tape_add(&p->tape, TAPE_RESET, 1, false, 1, (struct span){0});
}

START_TEST(how_connections_end_counts) {
  struct comparison c;
  struct session *session = same_rounds(&c);
  for (size_t i = 0; i < COMPARISON_FIRST; i++)
    reset(&c.plays[i][CANDIDATE]);
  check(&c, session, "the baseline ends the stream of c1, the candidate resets it", VERDICT_FAIL,
        KIND_DIFFERENCE);
  session = same_rounds(&c);
  reset(&c.plays[0][CANDIDATE]);
  check(&c, session, NULL, VERDICT_PASS, KIND_NONE);
}
END_TEST

START_TEST(a_crash_is_final_and_its_side_s) {
  struct comparison c;
  struct session *session = same_rounds(&c);
  const struct verdict crash = {.status = VERDICT_ERROR, .kind = KIND_SERVER_CRASH};
  c.rounds = 1;
  c.plays[0][CANDIDATE].verdict = crash;
  c.plays[0][CANDIDATE].verdict.brief = xstrdup("the server was killed");
  check(&c, session, "candidate: the server was killed", VERDICT_ERROR, KIND_SERVER_CRASH);
  session = same_rounds(&c);
  for (int s = 0; s < SIDES; s++) {
    c.plays[1][s].verdict = crash;
    c.plays[1][s].verdict.brief = xstrdup("the server was killed");
  }
  ck_assert(comparison_fails_alike(&c));
  check(&c, session, NULL, VERDICT_PASS, KIND_NONE);
}
END_TEST

START_TEST(more_than_is_kept_can_not_be_compared) {
  struct comparison c;
  struct session *session = same_rounds(&c);
  c.plays[1][BASELINE].transcript.full = true;
  check(&c, session, "can't be compared: more than 256 MiB of answers", VERDICT_ERROR, KIND_WORKER);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("comparison");
  TCase *t = tcase_create("comparison");
  tcase_add_loop_test(t, differences_are_found, 0, sizeof contests / sizeof *contests);
  tcase_add_test(t, how_connections_end_counts);
  tcase_add_test(t, a_crash_is_final_and_its_side_s);
  tcase_add_test(t, more_than_is_kept_can_not_be_compared);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
