/* How connections end: in order, by reset, by refusal, and by their owner inside a callback. */
#include "net/conn.h"

#include "world.h"

enum { BIG = 8 << 20 };

START_TEST(end_of_stream_comes_after_all_data) {
  struct world w;
  world_init(&w, _i ? TRANSPORT_TCP : TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  ck_assert_int_eq(write(w.peer, "bye", 3), 3);
  world_peer_close(&w);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "de");
  ck_assert_str_eq(buf_cstr(&w.got), "bye");
  ck_assert(!conn_broken(w.c));
  ck_assert_str_eq(conn_error(w.c), "");
  conn_half_close(w.c);
  world_fini(&w);
}
END_TEST

START_TEST(what_was_sent_before_a_broken_pipe_is_read) {
  struct world w;
  world_init(&w, TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  ck_assert_int_eq(write(w.peer, "last words", 10), 10);
  world_peer_close(&w);
  conn_send(w.c, span_str("x"), _i);
  ck_assert(conn_broken(w.c));
  ck_assert_uint_eq(w.log.n, 0);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "bde");
  ck_assert_str_eq(buf_cstr(&w.got), "last words");
  ck_assert_uint_eq(conn_unsent(w.c), 1);
  world_fini(&w);
}
END_TEST

/* The chunk waits for the peer, which answers and leaves. */
START_TEST(a_pipe_may_break_inside_a_chunk) {
  uint8_t *bytes = xcalloc(1, BIG);
  struct world w;
  world_init(&w, TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  conn_send(w.c, span_of(bytes, BIG), _i);
  ck_assert_uint_gt(conn_unsent(w.c), 0);
  ck_assert_int_eq(event_base_loop(w.base, EVLOOP_NONBLOCK), 0);
  ck_assert_uint_eq(w.log.n, 0);
  ck_assert_int_eq(write(w.peer, "no more", 7), 7);
  world_peer_close(&w);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "bdr");
  ck_assert_str_eq(buf_cstr(&w.got), "no more");
  ck_assert_uint_gt(conn_unsent(w.c), 0);
  free(bytes);
  world_fini(&w);
}
END_TEST

/* The peer still reads nothing and says nothing when it takes no more: the connection stays. */
START_TEST(a_broken_connection_stays_open_for_reading) {
  struct world w;
  world_init(&w, TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  ck_assert_int_eq(shutdown(w.peer, SHUT_RD), 0);
  conn_send(w.c, span_str("x"), false);
  RUN_UNTIL(&w, w.log.n == 1);
  conn_send(w.c, span_str("y"), true);
  RUN_UNTIL(&w, w.log.n == 2);
  ck_assert_int_eq(write(w.peer, "z", 1), 1);
  RUN_UNTIL(&w, w.log.n == 3);
  world_peer_close(&w);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "bbde");
  world_fini(&w);
}
END_TEST

/* The peer closes with unread bytes in its queue. */
START_TEST(a_reset_is_told_from_an_end) {
  struct world w;
  world_init(&w, _i ? TRANSPORT_TCP : TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  conn_send(w.c, span_str("unread"), false);
  RUN_UNTIL(&w, w.log.n == 1);
  world_peer_close(&w);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "sr");
  world_fini(&w);
}
END_TEST

/* send() may consume the error: the end that recv() then sees is a reset all the same. */
START_TEST(a_reset_that_send_has_met_is_a_reset) {
  struct world w;
  struct linger linger = {.l_onoff = 1};
  world_init(&w, TRANSPORT_TCP, 5);
  world_connect(&w);
  world_accept(&w);
  conn_send(w.c, span_str("x"), false);
  RUN_UNTIL(&w, w.log.n == 1);
  ck_assert_int_eq(setsockopt(w.peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
  world_peer_close(&w);
  conn_send(w.c, span_str("y"), false);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "sbr");
  world_fini(&w);
}
END_TEST

START_TEST(a_refusal_is_told_by_the_loop) {
  struct world w;
  world_init(&w, _i ? TRANSPORT_TCP : TRANSPORT_UNIX, -1);
  world_connect(&w);
  conn_send(w.c, span_str("x"), true);
  ck_assert_uint_eq(w.log.n, 0);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "f");
  char want[256];
  snprintf(want, sizeof want, "connecting to %s: Connection refused", w.addr.text);
  ck_assert_str_eq(conn_error(w.c), want);
  ck_assert_uint_eq(conn_unsent(w.c), 1);
  world_fini(&w);
}
END_TEST

/* Each callback frees, on each path that leads to it; nothing may be touched or told afterwards. */
START_TEST(callbacks_may_free) {
  static const struct {
    char free_in;
    bool paced, big, peer_reads, peer_answers, peer_closes;
    const char *log;
  } cases[] = {
      {.free_in = 'd', .peer_answers = true, .peer_closes = true, .log = "bd"},
      {.free_in = 's', .log = "s"},
      {.free_in = 's', .peer_answers = true, .peer_closes = true, .log = "b"},
      {.free_in = 's', .paced = true, .peer_reads = true, .log = "s"},
      {.free_in = 's', .big = true, .peer_reads = true, .log = "s"},
      {.free_in = 'p', .big = true, .peer_reads = true, .log = ""},
      {.free_in = 'p', .paced = true, .peer_reads = true, .log = ""},
      {.free_in = 'c', .peer_answers = true, .peer_closes = true, .log = "bde"},
  };
  uint8_t *bytes = xcalloc(1, BIG);
  struct world w;
  world_init(&w, TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  w.free_in = cases[_i].free_in;
  if (cases[_i].peer_answers)
    ck_assert_int_eq(write(w.peer, "answer", 6), 6);
  if (cases[_i].peer_closes)
    world_peer_close(&w);
  if (cases[_i].peer_reads)
    world_peer_listen(&w, false);
  conn_send(w.c, span_of(bytes, cases[_i].big ? BIG : 1), cases[_i].paced);
  RUN_UNTIL(&w, !w.c);
  ck_assert_str_eq(buf_cstr(&w.log), cases[_i].log);
  ck_assert_int_ge(event_base_loop(w.base, EVLOOP_NONBLOCK), 0);
  ck_assert_str_eq(buf_cstr(&w.log), cases[_i].log);
  free(bytes);
  world_fini(&w);
}
END_TEST

START_TEST(a_failure_may_free) {
  struct world w;
  world_init(&w, TRANSPORT_UNIX, -1);
  w.free_in = 'c';
  world_connect(&w);
  RUN_UNTIL(&w, !w.c);
  ck_assert_str_eq(buf_cstr(&w.log), "f");
  world_connect(&w);
  conn_free(w.c); /* before anything is told */
  w.c = NULL;
  ck_assert_int_ge(event_base_loop(w.base, EVLOOP_NONBLOCK), 0);
  ck_assert_str_eq(buf_cstr(&w.log), "f");
  conn_free(NULL);
  world_fini(&w);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("conn_end");
  TCase *t = tcase_create("conn_end");
  suite_add_tcase(s, t);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, end_of_stream_comes_after_all_data, 0, 2);
  tcase_add_loop_test(t, what_was_sent_before_a_broken_pipe_is_read, 0, 2);
  tcase_add_loop_test(t, a_pipe_may_break_inside_a_chunk, 0, 2);
  tcase_add_test(t, a_broken_connection_stays_open_for_reading);
  tcase_add_loop_test(t, a_reset_is_told_from_an_end, 0, 2);
  tcase_add_test(t, a_reset_that_send_has_met_is_a_reset);
  tcase_add_loop_test(t, a_refusal_is_told_by_the_loop, 0, 2);
  tcase_add_loop_test(t, callbacks_may_free, 0, 8);
  tcase_add_test(t, a_failure_may_free);
  return s;
}

UNIT_MAIN(suite)
