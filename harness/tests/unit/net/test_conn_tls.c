/* A connection over TLS: what is told is the plaintext, what is held, paced and ended is the
 * descriptor. */
#include "tls_server.h"
#include "world.h"

enum { BIG = 8 << 20 };

static struct world w;
static struct tls_server server;
static struct tls_trust *trust;
static size_t records[64], nrecords; /* the sizes of what the server has read, record by record */
static bool server_ended;            /* it has seen close_notify */
static struct event *peer;

static void peer_flush(void) {
  struct buf out;
  buf_init(&out, 64 << 20);
  tls_server_wire(&server, &out);
  CHECK(out.n == 0 || write(w.peer, out.p, out.n) == (ssize_t)out.n);
  buf_fini(&out);
}

static void peer_says(const char *text) {
  tls_server_say(&server, text);
  peer_flush();
}

static void peer_read(evutil_socket_t fd, short what, void *arg) {
  static uint8_t bytes[TLS_RECORD_MAX + 1024];
  (void)what, (void)arg;
  ssize_t n = read(fd, bytes, sizeof bytes);
  CHECK(n >= 0);
  if (n == 0) {
    event_del(peer);
    return;
  }
  if (w.reads < sizeof w.peer_reads / sizeof w.peer_reads[0])
    w.peer_reads[w.reads] = (size_t)n;
  w.reads++;
  tls_server_feed(&server, span_of(bytes, (size_t)n));
  for (size_t got; (got = tls_server_hear(&server, bytes, sizeof bytes)) > 0;) {
    if (nrecords < sizeof records / sizeof records[0])
      records[nrecords++] = got;
    buf_add(&w.peer_got, bytes, got);
  }
  server_ended |= SSL_get_shutdown(server.ssl) & SSL_RECEIVED_SHUTDOWN;
  peer_flush();
}

static void peer_listen(void) {
  peer = event_new(w.base, w.peer, EV_READ | EV_PERSIST, peer_read, NULL);
  CHECK(peer && event_add(peer, NULL) == 0);
}

static void start(void) {
  char path[64];
  struct buf why;
  world_init(&w, TRANSPORT_TCP, 5);
  snprintf(path, sizeof path, "%s/ca.pem", w.dir);
  tls_server_init(&server, tls_server_context("IP:127.0.0.1", path));
  buf_init(&why, 1024);
  trust = tls_trust_new(path, &why);
  CHECK(trust);
  buf_fini(&why);
  addr_secure(&w.addr, trust);
  nrecords = 0;
  server_ended = false;
  peer = NULL;
  world_connect(&w);
  world_accept(&w);
}

static void open_up(void) {
  start();
  peer_listen();
  RUN_UNTIL(&w, conn_open(w.c) && SSL_is_init_finished(server.ssl));
}

static void stop(void) {
  if (peer)
    event_free(peer);
  world_fini(&w);
  tls_server_fini(&server);
  tls_trust_free(trust);
}

START_TEST(a_chunk_waits_for_the_handshake) {
  start();
  conn_send(w.c, span_str("ask"), _i);
  ck_assert(!conn_open(w.c));
  ck_assert_uint_eq(conn_unsent(w.c), 3);
  peer_listen();
  RUN_UNTIL(&w, w.peer_got.n == 3 && w.log.n == 1);
  ck_assert(conn_open(w.c));
  ck_assert_uint_eq(conn_unsent(w.c), 0);
  peer_says("answer");
  RUN_UNTIL(&w, w.got.n == 6);
  ck_assert_str_eq(buf_cstr(&w.log), "sd");
  ck_assert_str_eq(buf_cstr(&w.got), "answer");
  ck_assert_str_eq(buf_cstr(&w.peer_got), "ask");
  stop();
}
END_TEST

START_TEST(records_go_out_in_one_write) {
  static const size_t ends[] = {1, 4, 10};
  const struct conn_records sent = {span_str("abbbcccccc"), ends, 3, false, NULL};
  open_up();
  size_t before = w.reads;
  conn_send_records(w.c, &sent);
  RUN_UNTIL(&w, w.peer_got.n == 10 && w.log.n == 1);
  ck_assert_uint_eq(w.reads, before + 1);
  ck_assert_uint_eq(nrecords, 3);
  ck_assert_uint_eq(records[0], 1);
  ck_assert_uint_eq(records[1], 3);
  ck_assert_uint_eq(records[2], 6);
  ck_assert_str_eq(buf_cstr(&w.log), "s");
  stop();
}
END_TEST

/* In two, and each is read before the next is sent. */
static void cut_at_seven(struct span wire, struct cuts *out) {
  cuts_add(out, 7);
  cuts_add(out, wire.n);
}

START_TEST(sealed_bytes_are_cut_and_paced) {
  static const size_t end = 3;
  const struct conn_records sent = {span_str("abc"), &end, 1, true, cut_at_seven};
  open_up();
  for (int i = 0; i < 20; i++) {
    size_t before = w.reads;
    conn_send_records(w.c, &sent);
    RUN_UNTIL(&w, w.log.n == (size_t)i + 1);
    ck_assert_uint_eq(w.reads, before + 2);
    ck_assert_uint_eq(w.peer_reads[before], 7);
    ck_assert_uint_eq(w.peer_got.n, 3 * ((size_t)i + 1));
  }
  stop();
}
END_TEST

/* While nothing reads it; then all comes, in full records. */
START_TEST(what_is_unsent_are_whole_records) {
  uint8_t *bytes = xcalloc(1, BIG);
  open_up();
  event_del(peer);
  conn_send(w.c, span_of(bytes, BIG), false);
  size_t unsent = conn_unsent(w.c);
  ck_assert_uint_gt(unsent, 0);
  ck_assert_uint_lt(unsent, BIG);
  ck_assert_uint_eq((BIG - unsent) % TLS_RECORD_MAX, 0);
  event_add(peer, NULL);
  RUN_UNTIL(&w, w.peer_got.n == BIG && w.log.n == 1);
  ck_assert_uint_eq(conn_unsent(w.c), 0);
  ck_assert_uint_eq(records[0], TLS_RECORD_MAX);
  stop();
  free(bytes);
}
END_TEST

static void check_small(struct world *world) {
  static size_t before;
  if (world->got.n < before)
    before = 0;
  ck_assert_uint_le(world->got.n - before, 3);
  before = world->got.n;
}

START_TEST(holding_stops_reading_and_not_the_handshake) {
  static const char text[] = "an answer of some length";
  start();
  conn_hold(w.c);
  peer_listen();
  conn_send(w.c, span_str("ask"), true);
  RUN_UNTIL(&w, w.log.n == 1);
  ck_assert_str_eq(buf_cstr(&w.log), "s");
  int tickets = conn_queues(w.c).in;
  peer_says(text);
  while (conn_queues(w.c).in < tickets + (int)strlen(text))
    continue; /* loopback takes a moment */
  for (int turn = 0; turn < 20; turn++)
    ck_assert_int_ge(event_base_loop(w.base, EVLOOP_NONBLOCK), 0);
  ck_assert_uint_eq(w.got.n, 0);
  w.then = check_small;
  conn_let_go(w.c, 3);
  RUN_UNTIL(&w, w.got.n == strlen(text));
  ck_assert_str_eq(buf_cstr(&w.got), text);
  stop();
}
END_TEST

static void hold_on(struct world *world) {
  conn_hold(world->c);
}

/* Also between the records that one read has brought. */
START_TEST(a_handler_may_hold_between_records) {
  open_up();
  w.then = hold_on;
  tls_server_say(&server, "one");
  tls_server_say(&server, "two");
  peer_flush();
  RUN_UNTIL(&w, w.got.n == 3);
  for (int turn = 0; turn < 5; turn++)
    ck_assert_int_ge(event_base_loop(w.base, EVLOOP_NONBLOCK), 0);
  ck_assert_str_eq(buf_cstr(&w.got), "one");
  conn_let_go(w.c, 0);
  RUN_UNTIL(&w, w.got.n == 6);
  ck_assert_str_eq(buf_cstr(&w.got), "onetwo");
  stop();
}
END_TEST

START_TEST(half_close_is_said_and_done) {
  start();
  if (_i)
    conn_half_close(w.c); /* before there is a handshake */
  peer_listen();
  RUN_UNTIL(&w, conn_open(w.c));
  if (!_i)
    conn_half_close(w.c);
  RUN_UNTIL(&w, server_ended && !event_pending(peer, EV_READ, NULL));
  peer_says("still heard");
  world_peer_close(&w);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "de");
  ck_assert_str_eq(buf_cstr(&w.got), "still heard");
  stop();
}
END_TEST

START_TEST(a_close_may_be_announced) {
  open_up();
  conn_notify_close(w.c);
  RUN_UNTIL(&w, server_ended);
  ck_assert(event_pending(peer, EV_READ, NULL));
  stop();
}
END_TEST

/* The peer says that it closes, and does not. */
START_TEST(close_notify_is_an_end) {
  open_up();
  tls_server_say(&server, "bye");
  SSL_shutdown(server.ssl);
  peer_flush();
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "de");
  stop();
}
END_TEST

static void must_fail(const char *says) {
  char want[256];
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "f");
  snprintf(want, sizeof want, "TLS with %s: %s", w.addr.text, says);
  ck_assert_str_eq(conn_error(w.c), want);
}

START_TEST(plaintext_is_a_failure) {
  start();
  conn_send(w.c, span_str("x"), false);
  ck_assert_int_eq(write(w.peer, "ERROR\r\n", 7), 7);
  must_fail("what the server sends is no TLS: \"ERROR\\r\\n\"");
  ck_assert_uint_eq(conn_unsent(w.c), 1);
  stop();
}
END_TEST

START_TEST(plaintext_behind_the_handshake_is_a_failure) {
  open_up();
  ck_assert_int_eq(write(w.peer, "\x81", 1), 1);
  must_fail("what the server sends is no TLS: \"\\x81\"");
  stop();
}
END_TEST

START_TEST(an_end_within_the_handshake_is_a_failure) {
  uint8_t hello[4096];
  start();
  RUN_UNTIL(&w, w.progress > 0);
  ck_assert_int_gt(read(w.peer, hello, sizeof hello), 0);
  world_peer_close(&w);
  must_fail("the server closed the connection within the handshake");
  stop();
}
END_TEST

START_TEST(a_reset_within_the_handshake_is_a_reset) {
  const struct linger linger = {.l_onoff = 1};
  start();
  RUN_UNTIL(&w, w.progress > 0);
  ck_assert_int_eq(setsockopt(w.peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
  world_peer_close(&w);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "r");
  stop();
}
END_TEST

START_TEST(callbacks_may_free) {
  static const char where[] = "dspc";
  open_up();
  w.free_in = where[_i];
  if (where[_i] == 'd') {
    tls_server_say(&server, "one");
    tls_server_say(&server, "two");
    peer_flush();
  } else if (where[_i] == 'c') {
    SSL_shutdown(server.ssl);
    peer_flush();
  } else {
    conn_send(w.c, span_str("x"), true);
  }
  RUN_UNTIL(&w, !w.c);
  stop();
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("conn_tls");
  TCase *t = tcase_create("conn_tls");
  suite_add_tcase(s, t);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, a_chunk_waits_for_the_handshake, 0, 2);
  tcase_add_test(t, records_go_out_in_one_write);
  tcase_add_test(t, sealed_bytes_are_cut_and_paced);
  tcase_add_test(t, what_is_unsent_are_whole_records);
  tcase_add_test(t, holding_stops_reading_and_not_the_handshake);
  tcase_add_test(t, a_handler_may_hold_between_records);
  tcase_add_loop_test(t, half_close_is_said_and_done, 0, 2);
  tcase_add_test(t, a_close_may_be_announced);
  tcase_add_test(t, close_notify_is_an_end);
  tcase_add_test(t, plaintext_is_a_failure);
  tcase_add_test(t, plaintext_behind_the_handshake_is_a_failure);
  tcase_add_test(t, an_end_within_the_handshake_is_a_failure);
  tcase_add_test(t, a_reset_within_the_handshake_is_a_reset);
  tcase_add_loop_test(t, callbacks_may_free, 0, 4);
  return s;
}

UNIT_MAIN(suite)
