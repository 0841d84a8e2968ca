/* Parent and worker over a real pair of sockets: what goes in comes out, texts cut at their limits.
 */
#include "run/wire.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "unit.h"

static int pair[2];

static void setup(void) {
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void teardown(void) {
  for (int i = 0; i < 2; i++)
    if (pair[i] >= 0)
      close(pair[i]);
}

static void hang_up(void) {
  close(pair[0]);
  pair[0] = -1;
}

START_TEST(jobs_arrive_one_by_one) {
  const struct job jobs[] = {{1, 2, 3, 1, 5, true, false},
                             {SIZE_MAX, SIZE_MAX, 0, 0, UINT32_MAX, false, true}};
  for (size_t i = 0; i < 2; i++)
    ck_assert(wire_send_job(pair[0], &jobs[i]));
  hang_up();
  struct job got;
  for (size_t i = 0; i < 2; i++) {
    ck_assert(wire_receive_job(pair[1], &got));
    ck_assert_uint_eq(got.number, jobs[i].number);
    ck_assert_uint_eq(got.test, jobs[i].test);
    ck_assert_uint_eq(got.delivery, jobs[i].delivery);
    ck_assert_uint_eq(got.transport, jobs[i].transport);
    ck_assert_uint_eq(got.repetition, jobs[i].repetition);
    ck_assert_int_eq(got.fresh, jobs[i].fresh);
    ck_assert_int_eq(got.fresh_follows, jobs[i].fresh_follows);
  }
  ck_assert(!wire_receive_job(pair[1], &got));
}
END_TEST

START_TEST(a_paused_worker_is_told_to_go_on) {
  const struct wire_report paused = {.kind = WIRE_PAUSED, .job = 3, .pid = 77};
  struct wire_report got;
  bool ended;
  ck_assert(wire_send_report(pair[1], &paused));
  ck_assert(wire_receive_report(pair[0], &got, &ended));
  ck_assert_int_eq(got.kind, WIRE_PAUSED);
  ck_assert_uint_eq(got.job, 3);
  ck_assert_int_eq(got.pid, 77);
  ck_assert(wire_send_go(pair[0]));
  ck_assert(wire_receive_go(pair[1]));
  hang_up();
  ck_assert(!wire_receive_go(pair[1]));
  ck_assert(!wire_send_go(pair[1]));
}
END_TEST

/* Lengths of brief and detail; -1 is none. */
static const struct {
  long brief, detail;
} lengths[] = {
    {-1, -1},
    {0, -1},
    {-1, 0},
    {0, 0},
    {5, 7},
    {WIRE_BRIEF_MAX - 1, WIRE_DETAIL_MAX - 1},
    {WIRE_BRIEF_MAX, WIRE_DETAIL_MAX},
    {WIRE_BRIEF_MAX + 1, WIRE_DETAIL_MAX + 1},
    {WIRE_BRIEF_MAX, -1},
    {-1, WIRE_DETAIL_MAX},
    {1 << 20, 1 << 20},
};

static char *text_of(long n, char first) {
  if (n < 0)
    return NULL;
  char *s = xmalloc((size_t)n + 1);
  for (long i = 0; i < n; i++)
    s[i] = (char)(first + i % 23);
  s[n] = '\0';
  return s;
}

static void assert_text(const char *got, const char *sent, size_t max) {
  ck_assert_int_eq(!got, !sent);
  if (!sent)
    return;
  size_t n = strlen(sent);
  ck_assert_uint_eq(strlen(got), n < max ? n : max);
  ck_assert_mem_eq(got, sent, strlen(got));
}

START_TEST(reports_arrive_with_their_texts) {
  struct wire_report sent = {.kind = _i & 1 ? WIRE_SERVER : WIRE_VERDICT,
                             .job = 77,
                             .seconds = 1.5,
                             .verdict = {.status = VERDICT_FAIL,
                                         .kind = KIND_LEFTOVER,
                                         .line = 3,
                                         .step = 2,
                                         .steps = 9,
                                         .brief = text_of(lengths[_i].brief, 'a'),
                                         .detail = text_of(lengths[_i].detail, 'A')},
                             .kept = text_of(lengths[_i].brief, 'k')};
  struct wire_report got;
  bool ended;
  ck_assert(wire_send_report(pair[0], &sent));
  ck_assert(wire_receive_report(pair[1], &got, &ended));
  ck_assert(!ended);
  ck_assert_int_eq(got.kind, sent.kind);
  ck_assert_uint_eq(got.job, 77);
  ck_assert(got.seconds == 1.5);
  ck_assert_int_eq(got.verdict.status, VERDICT_FAIL);
  ck_assert_int_eq(got.verdict.kind, KIND_LEFTOVER);
  ck_assert_uint_eq(got.verdict.line, 3);
  ck_assert_uint_eq(got.verdict.step, 2);
  ck_assert_uint_eq(got.verdict.steps, 9);
  assert_text(got.verdict.brief, sent.verdict.brief, WIRE_BRIEF_MAX);
  assert_text(got.verdict.detail, sent.verdict.detail, WIRE_DETAIL_MAX);
  assert_text(got.kept, sent.kept, WIRE_PATH_MAX);
  free(sent.kept);
  free(got.kept);
  verdict_fini(&sent.verdict);
  verdict_fini(&got.verdict);
}
END_TEST

START_TEST(nothing_there_is_not_the_end) {
  struct wire_report r = {.kind = WIRE_VERDICT};
  bool ended = true;
  ck_assert(!wire_receive_report(pair[1], &r, &ended));
  ck_assert(!ended);
  /* What was sent before the worker went still arrives, and then the end, again and again. */
  ck_assert(wire_send_report(pair[0], &r));
  hang_up();
  ck_assert(wire_receive_report(pair[1], &r, &ended));
  for (int i = 0; i < 2; i++) {
    ck_assert(!wire_receive_report(pair[1], &r, &ended));
    ck_assert(ended);
  }
}
END_TEST

/* No signal ends the process. */
START_TEST(sending_to_nobody_fails) {
  const struct job job = {0};
  const struct wire_report r = {.kind = WIRE_VERDICT};
  hang_up();
  ck_assert(!wire_send_job(pair[1], &job));
  ck_assert(!wire_send_report(pair[1], &r));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("wire");
  TCase *t = tcase_create("wire");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, jobs_arrive_one_by_one);
  tcase_add_test(t, a_paused_worker_is_told_to_go_on);
  tcase_add_loop_test(t, reports_arrive_with_their_texts, 0, sizeof lengths / sizeof *lengths);
  tcase_add_test(t, nothing_there_is_not_the_end);
  tcase_add_test(t, sending_to_nobody_fails);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
