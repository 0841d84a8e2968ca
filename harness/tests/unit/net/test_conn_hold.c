/* Holding a connection back: nothing is read meanwhile, not even the end; afterwards all of it, in
 * pieces as small as wished. */
#include "world.h"

static const enum transport transports[] = {TRANSPORT_UNIX, TRANSPORT_TCP};

static void open_with_peer(struct world *w, enum transport transport) {
  world_init(w, transport, 5);
  world_connect(w);
  world_accept(w);
  conn_send(w->c, span_str("x"), false);
  RUN_UNTIL(w, w->log.n == 1);
  buf_reset(&w->log);
  ck_assert_int_eq(read(w->peer, &(char){0}, 1), 1); /* a close with bytes unread is a reset */
}

static void peer_says(struct world *w, const char *text) {
  ck_assert_int_eq(write(w->peer, text, strlen(text)), (ssize_t)strlen(text));
  while (conn_queues(w->c).in < (int)strlen(text))
    continue; /* TCP's loopback takes a moment */
}

START_TEST(nothing_is_read_while_held) {
  struct world w;
  open_with_peer(&w, transports[_i]);
  conn_hold(w.c);
  peer_says(&w, "answer");
  world_peer_close(&w);
  for (int turn = 0; turn < 20; turn++)
    ck_assert_int_ge(event_base_loop(w.base, EVLOOP_NONBLOCK), 0);
  ck_assert_uint_eq(w.log.n, 0);
  ck_assert_int_eq(conn_queues(w.c).in, 6);
  conn_let_go(w.c, 0);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "de");
  ck_assert_str_eq(buf_cstr(&w.got), "answer");
  world_fini(&w);
}
END_TEST

static void check_small(struct world *w) {
  static size_t before;
  if (w->got.n < before)
    before = 0;
  ck_assert_uint_le(w->got.n - before, 3);
  before = w->got.n;
}

START_TEST(let_go_reads_no_more_than_allowed_in_a_turn) {
  struct world w;
  open_with_peer(&w, transports[_i]);
  conn_hold(w.c);
  peer_says(&w, "an answer of some length");
  w.then = check_small;
  conn_let_go(w.c, 3);
  RUN_UNTIL(&w, w.got.n == strlen("an answer of some length"));
  world_peer_close(&w);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.got), "an answer of some length");
  world_fini(&w);
}
END_TEST

static void hold_on(struct world *w) {
  conn_hold(w->c);
}

START_TEST(a_handler_may_hold) {
  struct world w;
  open_with_peer(&w, transports[_i]);
  w.then = hold_on;
  conn_hold(w.c);
  peer_says(&w, "answer");
  for (size_t n = 2; n <= 6; n += 2) {
    conn_let_go(w.c, 2);
    RUN_UNTIL(&w, w.got.n == n);
    for (int turn = 0; turn < 5; turn++)
      ck_assert_int_ge(event_base_loop(w.base, EVLOOP_NONBLOCK), 0);
    ck_assert_uint_eq(w.got.n, n);
  }
  world_fini(&w);
}
END_TEST

/* A held connection goes on sending. */
START_TEST(holding_does_not_stop_sending) {
  struct world w;
  open_with_peer(&w, transports[_i]);
  world_peer_listen(&w, false);
  conn_hold(w.c);
  conn_send(w.c, span_str("more"), true);
  RUN_UNTIL(&w, w.log.n == 1 && w.peer_got.n == 4);
  ck_assert_str_eq(buf_cstr(&w.log), "s");
  world_fini(&w);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("conn_hold");
  TCase *t = tcase_create("conn_hold");
  suite_add_tcase(s, t);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, nothing_is_read_while_held, 0, 2);
  tcase_add_loop_test(t, let_go_reads_no_more_than_allowed_in_a_turn, 0, 2);
  tcase_add_loop_test(t, a_handler_may_hold, 0, 2);
  tcase_add_loop_test(t, holding_does_not_stop_sending, 0, 2);
  return s;
}

UNIT_MAIN(suite)
