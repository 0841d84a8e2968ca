/* Whole cases against a server in the same event loop: what is sent, in which order, and what comes
 * of right and wrong answers, under each way of sending. */
#include "run/play.h"

#include <stdio.h>

#include "world.h"

#define FENCE "noop opaque=0xfe9ce001"
#define N(n) "noop opaque=" #n
#define ASK(n) "c1 > " N(n) "\n"
#define GET(n) "c1 < " N(n) "\n"

static const struct row rows[] = {
    {"an answer", ASK(1) GET(1), {0}, TINY_SOUND, "pass", {N(1)}},
    {"nothing is asked for", "c1 connect", {0}, TINY_SOUND, "pass", {0}},
    {"three answers",
     ASK(1) GET(1) ASK(2) GET(2) ASK(3) GET(3),
     {0},
     TINY_SOUND,
     "pass",
     {N(1), N(2), N(3)}},
    {"answers that are read late",
     ASK(1) ASK(2) ASK(3) GET(1) GET(2) GET(3),
     {0},
     TINY_SOUND,
     "pass",
     {N(1), N(2), N(3)}},
    {"a captured value is sent",
     "c1 > get key=\"k\"\nc1 < get cas=?a\nc1 > noop cas=$a\nc1 < noop",
     {"get cas=0x5566", "noop"},
     TINY_SOUND,
     "pass",
     {"get key=\"k\"", "noop cas=0x5566"}},
    {"the key space",
     "c1 > get key=\"{ns}k\"\nc1 < get extras=\"\" key=\"{ns}\"",
     {"get extras=\"\" key=\"ns42\""},
     TINY_SOUND,
     "pass",
     {"get key=\"ns42k\""}},
    {"a loop",
     "repeat 3 as i {\nc1 > noop opaque=$i\nc1 < noop opaque=$i\n}",
     {0},
     TINY_SOUND,
     "pass",
     {N(0), N(1), N(2)}},
    {"a silent success",
     "c1 > setq key=\"k\"\n" ASK(2) GET(2),
     {"", "noop opaque=2"},
     TINY_SOUND,
     "pass",
     {"setq key=\"k\"", N(2)}},
    {"our own end of sending", ASK(1) "c1 half-close\n" GET(1), {0}, TINY_SOUND, "pass", {N(1)}},
    {"our own end, and the server's",
     ASK(1) "c1 half-close\n" GET(1) "c1 < closed",
     {0},
     TINY_SOUND,
     "pass",
     {N(1)}},
    {"a new connection",
     ASK(1) GET(1) "c1 close\nc1 connect\n" ASK(2) GET(2),
     {0},
     TINY_SOUND,
     "pass",
     {0}},
    {"two connections",
     ASK(1) "c2 > " N(2) "\nc2 < " N(2) "\n" GET(1),
     {0},
     TINY_SOUND,
     "pass",
     {0}},
    {"a close that is expected",
     "c1 > quit\nc1 < quit\nc1 < closed",
     {"quit\nclose"},
     TINY_SOUND,
     "pass",
     {"quit"}},
    {"closed without an answer",
     "c1 > quitq\nc1 < closed",
     {"close"},
     TINY_SOUND,
     "pass",
     {"quitq"}},
    {"garbage", "c1 > raw \"garbage\"\nc1 < closed", {0}, TINY_SOUND, "pass", {0}},
    {"an either",
     ASK(1) "either {\nc1 < get extras=\"\"\n} or {\n" GET(1) "}\n" ASK(2) GET(2),
     {0},
     TINY_SOUND,
     "pass",
     {N(1), N(2)}},
    {"an each",
     "c1 > stat\neach {\nc1 < stat key=\"a\"\nc1 < stat key=\"b\"\n}\nc1 < stat",
     {"stat key=\"b\"\nstat key=\"a\"\nstat"},
     TINY_SOUND,
     "pass",
     {"stat"}},
    {"a clock", "clock +5\n" ASK(1) GET(1), {0}, TINY_SOUND, "pass", {0}},

    {"a wrong answer", ASK(1) GET(1), {N(2)}, TINY_SOUND, "nonconformance line 4", {0}},
    {"a wrong second answer",
     ASK(1) GET(1) ASK(2) GET(2),
     {N(1), N(3)},
     TINY_SOUND,
     "nonconformance line 6",
     {0}},
    {"an answer twice", ASK(1) GET(1), {N(1) "\n" N(1)}, TINY_SOUND, "leftover line 0", {0}},
    {"an answer that should not be",
     "c1 > setq\n" ASK(2) GET(2),
     {"setq", N(2)},
     TINY_SOUND,
     "nonconformance line 5",
     {0}},
    {"no answer", ASK(1) GET(1), {0}, TINY_MUTE, "timeout line 4", {0}},
    {"no second answer",
     ASK(1) GET(1) ASK(2) GET(2),
     {N(1), ""},
     TINY_SOUND,
     "timeout line 6",
     {0}},
    {"half an answer", ASK(1) GET(1), {"raw hex(81 0a 00)"}, TINY_SOUND, "timeout line 4", {0}},
    {"closed too early", ASK(1) GET(1), {"close"}, TINY_SOUND, "unexpected_close line 4", {0}},
    {"closed inside an answer",
     ASK(1) GET(1),
     {"raw hex(81 0a)\nclose"},
     TINY_SOUND,
     "unexpected_close line 4",
     {0}},
    {"not closed",
     "c1 > quit\nc1 < quit\nc1 < closed",
     {"quit"},
     TINY_SOUND,
     "timeout line 5",
     {0}},
};

enum { WAYS = 7 };

static const char *const ways[WAYS] = {"whole",    "pipelined", "bytewise",  "split:24",
                                       "random:3", "fields",    "half-close"};

static void check_sent(const struct world *w, const struct row *row, bool fenced) {
  struct buf want;
  buf_init(&want, COMPILED_MAX);
  for (size_t i = 0; i < 6 && row->sent[i]; i++)
    add_line_bytes(&want, row->sent[i], true);
  if (fenced)
    add_line_bytes(&want, FENCE, true);
  ck_assert_msg(span_eq(buf_span(&want), buf_span(&w->server.got)),
                "%s, %s: %zu bytes sent, not these %zu", row->name, w->delivery.name,
                w->server.got.n, want.n);
  buf_fini(&want);
}

START_TEST(cases_come_to_their_verdict) {
  const struct row *row = &rows[_i / WAYS];
  struct world w;
  char outcome[64], want[64];
  world_init(&w, row, ways[_i % WAYS]);
  world_play(&w, strncmp(row->outcome, "timeout", 7) == 0 ? 120 : 20000);
  const struct verdict *v = &w.verdict;
  if (v->status == VERDICT_PASS)
    snprintf(outcome, sizeof outcome, "pass");
  else
    snprintf(outcome, sizeof outcome, "%s line %u", verdict_kind_name(v->kind), v->line);
  /* Our own end of sending makes this server close instead of leaving us waiting. */
  bool closed = strstr(row->steps, "closed") != NULL;
  bool timeout = strncmp(row->outcome, "timeout", 7) == 0;
  if (timeout && w.delivery.kind->half_closes)
    snprintf(want, sizeof want, "%s%s", closed ? "pass" : "unexpected_close",
             closed ? "" : row->outcome + 7);
  else
    snprintf(want, sizeof want, "%s", row->outcome);
  ck_assert_msg(strcmp(outcome, want) == 0, "%s, %s: want %s, got %s\n%s\n%s", row->name,
                w.delivery.name, want, outcome, v->brief ? v->brief : "",
                v->detail ? v->detail : "");
  ck_assert_int_eq(!v->brief, v->status == VERDICT_PASS);
  if (row->sent[0]) {
    bool open = !closed && !strstr(row->steps, "half-close");
    check_sent(&w, row, open && !w.delivery.kind->half_closes);
  }
  world_fini(&w);
}
END_TEST

/* What our own end of sending hides: the last answers must come while our side is open. */
START_TEST(answers_that_wait_for_our_end_are_late) {
  const struct row row = {.steps = ASK(1) GET(1), .fault = TINY_LATE};
  struct world w;
  world_init(&w, &row, _i ? "half-close" : "whole");
  world_play(&w, _i ? 20000 : 120);
  ck_assert_int_eq(w.verdict.status, _i ? VERDICT_PASS : VERDICT_FAIL);
  ck_assert_int_eq(w.verdict.kind, _i ? KIND_NONE : KIND_TIMEOUT);
  world_fini(&w);
}
END_TEST

START_TEST(a_fence_without_an_answer_is_told) {
  const struct row row = {.steps = ASK(1) GET(1), .fault = TINY_UNFENCED};
  struct world w;
  world_init(&w, &row, "whole");
  world_play(&w, 120);
  ck_assert_int_eq(w.verdict.kind, KIND_TIMEOUT);
  ck_assert_uint_eq(w.verdict.line, 0);
  ck_assert_ptr_nonnull(strstr(w.verdict.brief, "the driver's own noop"));
  world_fini(&w);
}
END_TEST

/* What comes with, or instead of, the answer to the fence. */
START_TEST(extras_do_not_hide_behind_the_fence) {
  static const char *const answers[] = {FENCE "\n" N(7), N(7)};
  const struct row row = {.steps = ASK(1) GET(1), .answers = {N(1), answers[_i]}};
  struct world w;
  world_init(&w, &row, "whole");
  world_play(&w, 20000);
  ck_assert_int_eq(w.verdict.kind, KIND_LEFTOVER);
  world_fini(&w);
}
END_TEST

START_TEST(a_server_that_does_not_read_is_told) {
  const struct row row = {.steps = "c1 > set value=repeat(4000000, \"x\")\nc1 < set\n",
                          .fault = TINY_DEAF};
  struct world w;
  world_init(&w, &row, "whole");
  world_play(&w, 120);
  ck_assert_int_eq(w.verdict.kind, KIND_TIMEOUT);
  ck_assert_ptr_nonnull(strstr(w.verdict.brief, "reads no more"));
  world_fini(&w);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_told) {
  static const char *const steps[] = {ASK(1) GET(1), "c1 connect\nc1 < closed"};
  const struct row row = {.steps = steps[_i]};
  struct world w;
  world_init(&w, &row, "whole");
  CHECK(unlink(((struct sockaddr_un *)&w.server.addr.sa)->sun_path) == 0);
  world_play(&w, 20000);
  ck_assert_int_eq(w.verdict.kind, KIND_UNEXPECTED_CLOSE);
  ck_assert_uint_eq(w.verdict.line, 4);
  world_fini(&w);
}
END_TEST

/* Far more than sockets hold, both ways at once. */
START_TEST(long_streams_flow) {
  const struct row row = {.steps =
                              "repeat 300 as i {\nc1 > set value=repeat(20000, \"x\") opaque=$i\n"
                              "c1 < set opaque=$i\n}"};
  struct world w;
  world_init(&w, &row, _i ? "pipelined" : "whole");
  world_play(&w, 20000);
  ck_assert_int_eq(w.verdict.status, VERDICT_PASS);
  ck_assert_uint_eq(w.server.got.n, 300 * (24 + 8 + 20000) + 24);
  world_fini(&w);
}
END_TEST

/* Byte by byte as far as a case may be cut, and then a request at a time. */
START_TEST(a_case_is_cut_so_often_at_most) {
  enum { NOOP = 24, CUTS = 8192 };
  static const struct {
    const char *steps;
    size_t requests, cuts;
  } cases[] = {
      {"repeat 300 {\nc1 > noop\nc1 < noop\n}", 300, 300 * (NOOP - 1)},
      {"repeat 900 {\nc1 > noop\n}\nrepeat 900 {\nc1 < noop\n}", 900, CUTS},
  };
  const struct row row = {.steps = cases[_i].steps};
  struct world w;
  world_init(&w, &row, "bytewise");
  world_play(&w, 20000);
  ck_assert_int_eq(w.verdict.status, VERDICT_PASS);
  ck_assert_uint_eq(w.server.got.n, (cases[_i].requests + 1) * NOOP);
  ck_assert_uint_eq(w.server.reads, cases[_i].cuts + cases[_i].requests + 1);
  world_fini(&w);
}
END_TEST

/* The rest of an answer that differs early is waited for, so that it can be shown. */
START_TEST(what_differs_is_shown_whole) {
  const struct row row = {
      .steps = "c1 > get key=\"k\"\nc1 < get value=\"right\"",
      .answers = {"get flags=9 value=\"wrong and more\""},
  };
  struct world w;
  world_init(&w, &row, "whole");
  world_play(&w, 20000);
  ck_assert_ptr_nonnull(strstr(w.verdict.detail, "get flags=9 value=\"wrong and more\""));
  ck_assert_uint_eq(w.verdict.step, 2);
  ck_assert_uint_eq(w.verdict.steps, 2);
  world_fini(&w);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("play");
  TCase *t = tcase_create("play");
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, cases_come_to_their_verdict, 0, WAYS * (sizeof rows / sizeof *rows));
  tcase_add_loop_test(t, answers_that_wait_for_our_end_are_late, 0, 2);
  tcase_add_test(t, a_fence_without_an_answer_is_told);
  tcase_add_loop_test(t, extras_do_not_hide_behind_the_fence, 0, 2);
  tcase_add_test(t, a_server_that_does_not_read_is_told);
  tcase_add_loop_test(t, a_server_that_is_not_there_is_told, 0, 2);
  tcase_add_loop_test(t, long_streams_flow, 0, 2);
  tcase_add_loop_test(t, a_case_is_cut_so_often_at_most, 0, 2);
  tcase_add_test(t, what_differs_is_shown_whole);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
