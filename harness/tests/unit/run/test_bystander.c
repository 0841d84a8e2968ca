/* What a bystander makes of the answer to its request for the version. */
#include "run/bystander.h"

#include "tiny_server.h"

#define ANSWER "version opaque=0xb7570000"

static const struct {
  const char *answer; /* as tiny_server takes it */
  const char *wrong;  /* what is told; NULL: nothing */
} rows[] = {
    {NULL, NULL},
    {ANSWER, NULL},
    {"version opaque=1", "another connection got a wrong answer to its version"},
    {ANSWER " value=\"1.6.18\"", NULL},
    {ANSWER " value=repeat(256, \"1\")", NULL},
    {ANSWER " value=repeat(257, \"1\")", "another connection got a wrong answer to its version"},
    {ANSWER " key=\"k\"", "another connection got a wrong answer to its version"},
    {ANSWER " status=1", "another connection got a wrong answer to its version"},
    {ANSWER "\n" ANSWER, "another connection got a wrong answer to its version"},
    {"raw hex(81 0b 01)", "another connection got a wrong answer to its version"},
    {"close", "another connection was closed instead of answered"},
    {"raw hex(81 0b 00)\nclose", "another connection was closed instead of answered"},
};

struct outcome {
  struct event_base *base;
  const char *wrong;
  unsigned told;
};

static void done(void *arg, const char *wrong) {
  struct outcome *o = arg;
  o->wrong = wrong;
  o->told++;
  event_base_loopbreak(o->base);
}

START_TEST(answers_are_judged) {
  struct outcome o = {.base = event_base_new()};
  struct tiny_server server;
  tiny_init(&server, o.base, TINY_SOUND, &rows[_i].answer, 1);
  struct bystander *b = bystander_new(o.base, &server.addr, done, &o);
  bystander_act(b);
  ck_assert(bystander_acts(b));
  ck_assert_int_eq(event_base_dispatch(o.base), 0);
  ck_assert_uint_eq(o.told, 1);
  ck_assert(!bystander_acts(b));
  if (rows[_i].wrong)
    ck_assert_str_eq(o.wrong, rows[_i].wrong);
  else
    ck_assert_ptr_null(o.wrong);
  bystander_free(b);
  tiny_fini(&server);
  ck_assert_int_eq(event_base_get_num_events(o.base, EVENT_BASE_COUNT_ADDED), 0);
  event_base_free(o.base);
}
END_TEST

/* It acts on one connection, and after a while on another one. */
START_TEST(acts_again_and_again) {
  enum { ACTS = 20 };
  struct outcome o = {.base = event_base_new()};
  struct tiny_server server;
  tiny_init(&server, o.base, TINY_SOUND, NULL, 0);
  struct bystander *b = bystander_new(o.base, &server.addr, done, &o);
  for (unsigned i = 1; i <= ACTS; i++) {
    bystander_act(b);
    ck_assert_int_eq(event_base_dispatch(o.base), 0);
    ck_assert_uint_eq(o.told, i);
    ck_assert_ptr_null(o.wrong);
  }
  ck_assert_uint_eq(server.npeers, 2);
  ck_assert_uint_eq(server.requests, ACTS);
  bystander_free(b);
  tiny_fini(&server);
  event_base_free(o.base);
}
END_TEST

static const struct {
  const char *answer, *wrong;
} between[] = {
    {ANSWER "\nclose", "another connection was closed instead of answered"},
    {ANSWER "\n" ANSWER, "another connection got a wrong answer to its version"},
};

/* What comes when it does not act: with the answer, or behind it. */
START_TEST(tells_what_happens_in_between) {
  struct outcome o = {.base = event_base_new()};
  struct tiny_server server;
  tiny_init(&server, o.base, TINY_SOUND, &between[_i].answer, 1);
  struct bystander *b = bystander_new(o.base, &server.addr, done, &o);
  bystander_act(b);
  while (!o.wrong)
    ck_assert_int_eq(event_base_dispatch(o.base), 0);
  ck_assert_str_eq(o.wrong, between[_i].wrong);
  ck_assert(!bystander_acts(b));
  bystander_free(b);
  tiny_fini(&server);
  event_base_free(o.base);
}
END_TEST

START_TEST(no_server_is_told) {
  struct outcome o = {.base = event_base_new()};
  struct addr nowhere;
  ck_assert(addr_unix(&nowhere, "/nonexistent/socket"));
  struct bystander *b = bystander_new(o.base, &nowhere, done, &o);
  bystander_act(b);
  ck_assert_int_eq(event_base_dispatch(o.base), 0);
  ck_assert_str_eq(o.wrong, "another connection was closed instead of answered");
  bystander_free(b);
  event_base_free(o.base);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("bystander");
  TCase *t = tcase_create("bystander");
  suite_add_tcase(s, t);
  tcase_add_loop_test(t, answers_are_judged, 0, sizeof rows / sizeof *rows);
  tcase_add_test(t, acts_again_and_again);
  tcase_add_loop_test(t, tells_what_happens_in_between, 0, sizeof between / sizeof *between);
  tcase_add_test(t, no_server_is_told);
  return s;
}

UNIT_MAIN(suite)
