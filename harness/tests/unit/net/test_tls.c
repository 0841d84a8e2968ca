/* The engine between a server in memory and a test that carries the bytes. */
#include <unistd.h>

#include "net/file.h"
#include "tls_server.h"

static char dir[32];
static char ca[64];
static struct tls_server server;
static struct tls_trust *trust;
static struct tls *tls;
static struct buf came; /* by the server, on its way */

static void start(const char *names, const char *host) {
  struct buf why;
  strcpy(dir, "/tmp/unit-net-XXXXXX");
  CHECK(mkdtemp(dir));
  snprintf(ca, sizeof ca, "%s/ca.pem", dir);
  tls_server_init(&server, tls_server_context(names, ca));
  buf_init(&why, 1024);
  trust = tls_trust_new(ca, &why);
  ck_assert_msg(trust != NULL, "%s", buf_cstr(&why));
  buf_fini(&why);
  tls = tls_new(trust, host);
  buf_init(&came, 64 << 20);
}

static void stop(void) {
  tls_free(tls);
  tls_trust_free(trust);
  tls_server_fini(&server);
  buf_fini(&came);
  file_remove_tree(dir);
}

/* Carries bytes both ways, `step` at a time to the client, until both are silent. */
static void carry_by(size_t step) {
  for (bool more = true; more;) {
    struct span wire = tls_wire(tls);
    more = wire.n > 0;
    tls_server_feed(&server, wire);
    tls_taken(tls, wire.n);
    tls_server_wire(&server, &came);
    more |= came.n > 0;
    for (struct span rest = buf_span(&came); rest.n; rest = span_from(rest, step))
      tls_feed(tls, span_sub(rest, 0, step));
    buf_reset(&came);
  }
}

static void carry(void) {
  carry_by(SIZE_MAX);
}

static void must_read(const char *text) {
  uint8_t bytes[256];
  size_t n = tls_read(tls, bytes, sizeof bytes);
  ck_assert_uint_eq(n, strlen(text));
  ck_assert_mem_eq(bytes, text, n);
}

static void must_fail(const char *text) {
  ck_assert_int_eq(tls_state(tls), TLS_FAILED);
  ck_assert_str_eq(tls_error(tls), text);
  ck_assert_uint_eq(tls_read(tls, (uint8_t[1]){0}, 1), 0);
  ck_assert(!tls_seal(tls, span_str("x")));
}

START_TEST(a_talk) {
  start("DNS:localhost", "localhost");
  ck_assert_int_eq(tls_state(tls), TLS_SHAKING);
  ck_assert_uint_gt(tls_wire(tls).n, 0);
  carry_by(_i ? 1 : SIZE_MAX);
  ck_assert_int_eq(tls_state(tls), TLS_OPEN);
  uint8_t bytes[16];
  ck_assert_uint_eq(tls_read(tls, bytes, sizeof bytes), 0);
  ck_assert(tls_seal(tls, span_str("ask")));
  tls_server_feed(&server, tls_wire(tls));
  tls_taken(tls, tls_wire(tls).n);
  ck_assert_uint_eq(tls_wire(tls).n, 0);
  ck_assert_uint_eq(tls_server_hear(&server, bytes, sizeof bytes), 3);
  ck_assert_mem_eq(bytes, "ask", 3);
  tls_server_say(&server, "answer");
  tls_server_say(&server, "more");
  carry_by(_i ? 1 : SIZE_MAX);
  must_read("answer"); /* a record at a time */
  must_read("more");
  ck_assert_uint_eq(tls_read(tls, bytes, sizeof bytes), 0);
  ck_assert_int_eq(tls_state(tls), TLS_OPEN);
  ck_assert_str_eq(tls_error(tls), "");
  stop();
}
END_TEST

START_TEST(a_record_is_read_in_pieces) {
  uint8_t byte;
  start("DNS:localhost", "localhost");
  carry();
  tls_server_say(&server, "abc");
  carry();
  for (const char *c = "abc"; *c; c++) {
    ck_assert_uint_eq(tls_read(tls, &byte, 1), 1);
    ck_assert_uint_eq(byte, *c);
  }
  ck_assert_uint_eq(tls_read(tls, &byte, 1), 0);
  stop();
}
END_TEST

/* Each seal is one record, as large as it may be; the server reads as many. */
START_TEST(each_seal_is_a_record) {
  static const size_t sizes[] = {1, 24, 16383, TLS_RECORD_MAX};
  uint8_t *bytes = xcalloc(1, TLS_RECORD_MAX);
  start("DNS:localhost", "localhost");
  carry();
  size_t n = sizeof sizes / sizeof sizes[0], before = 0;
  for (size_t i = 0; i < n; i++) {
    ck_assert(tls_seal(tls, span_of(bytes, sizes[i])));
    struct span record = span_from(tls_wire(tls), before);
    before += record.n;
    ck_assert_uint_eq(record.p[0], 23);
    ck_assert_uint_eq(record.n, 5u + (record.p[3] << 8 | record.p[4]));
    ck_assert_uint_gt(record.n, sizes[i]);
  }
  carry();
  for (size_t i = 0; i < n; i++)
    ck_assert_uint_eq(tls_server_hear(&server, bytes, TLS_RECORD_MAX), sizes[i]);
  stop();
  free(bytes);
}
END_TEST

START_TEST(what_was_taken_is_gone) {
  start("DNS:localhost", "localhost");
  size_t all = tls_wire(tls).n;
  uint8_t third = tls_wire(tls).p[2];
  tls_taken(tls, 2);
  ck_assert_uint_eq(tls_wire(tls).n, all - 2);
  ck_assert_uint_eq(tls_wire(tls).p[0], third);
  stop();
}
END_TEST

static const struct {
  const char *names, *host, *error;
} hosts[] = {
    {"DNS:localhost,IP:127.0.0.1,IP:::1", "127.0.0.1", NULL},
    {"DNS:localhost,IP:127.0.0.1,IP:::1", "::1", NULL},
    {"DNS:localhost", "127.0.0.1", "the server's certificate is refused: IP address mismatch"},
    {"IP:127.0.0.1", "localhost", "the server's certificate is refused: hostname mismatch"},
    {"DNS:example.org", "localhost", "the server's certificate is refused: hostname mismatch"},
};

START_TEST(the_certificate_must_be_for_the_host) {
  start(hosts[_i].names, hosts[_i].host);
  carry();
  if (hosts[_i].error)
    must_fail(hosts[_i].error);
  else
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
  stop();
}
END_TEST

/* The server is told with an alert. */
START_TEST(a_certificate_of_somebody_else_is_refused) {
  start("DNS:localhost", "localhost");
  tls_server_fini(&server);
  tls_server_init(&server, tls_server_context("DNS:localhost", "/dev/null"));
  carry();
  must_fail("the server's certificate is refused: self-signed certificate");
  ck_assert_int_eq(SSL_do_handshake(server.ssl), -1);
  ck_assert_int_eq(SSL_get_error(server.ssl, -1), SSL_ERROR_SSL);
  stop();
}
END_TEST

/* Another connection, to this server or to one that has taken its place. */
static void start_again(SSL_CTX *context, const char *host) {
  ck_assert_uint_eq(tls_read(tls, (uint8_t[1]){0}, 1), 0); /* takes in what a session is */
  tls_free(tls);
  if (!context)
    CHECK(SSL_CTX_up_ref(context = server.context) == 1);
  tls_server_fini(&server);
  tls_server_init(&server, context);
  tls = tls_new(trust, host);
}

/* Each connection ends without a word, which must not spoil the session. */
START_TEST(a_session_is_resumed_with_its_host) {
  start("DNS:localhost,DNS:example.org", "localhost");
  carry();
  ck_assert(!SSL_session_reused(server.ssl));
  for (int i = 0; i < 3; i++) {
    start_again(NULL, "localhost");
    carry();
    ck_assert_int_eq(tls_state(tls), TLS_OPEN);
    ck_assert(SSL_session_reused(server.ssl));
  }
  start_again(NULL, "example.org");
  carry();
  ck_assert_int_eq(tls_state(tls), TLS_OPEN);
  ck_assert(!SSL_session_reused(server.ssl));
  start_again(NULL, "other.example.org");
  carry();
  must_fail("the server's certificate is refused: hostname mismatch");
  stop();
}
END_TEST

/* One that can't resume it is asked for its certificate. */
START_TEST(a_session_of_somebody_else_is_not_resumed) {
  start("DNS:localhost", "localhost");
  carry();
  start_again(tls_server_context("DNS:localhost", "/dev/null"), "localhost");
  carry();
  must_fail("the server's certificate is refused: self-signed certificate");
  stop();
}
END_TEST

START_TEST(the_servers_end) {
  start("DNS:localhost", "localhost");
  carry();
  tls_server_say(&server, "bye");
  SSL_shutdown(server.ssl);
  carry();
  must_read("bye");
  ck_assert_uint_eq(tls_read(tls, (uint8_t[1]){0}, 1), 0);
  ck_assert_int_eq(tls_state(tls), TLS_ENDED);
  tls_feed_end(tls);
  ck_assert_int_eq(tls_state(tls), TLS_ENDED);
  ck_assert_str_eq(tls_error(tls), "");
  stop();
}
END_TEST

START_TEST(an_end_without_a_word_is_one_too) {
  start("DNS:localhost", "localhost");
  carry();
  tls_feed_end(tls);
  ck_assert_int_eq(tls_state(tls), TLS_ENDED);
  stop();
}
END_TEST

START_TEST(our_end) {
  start("DNS:localhost", "localhost");
  carry();
  ck_assert(tls_seal(tls, span_str("last")));
  tls_close(tls);
  carry();
  uint8_t bytes[16];
  ck_assert_uint_eq(tls_server_hear(&server, bytes, sizeof bytes), 4);
  int n = SSL_read(server.ssl, bytes, sizeof bytes);
  ck_assert_int_eq(SSL_get_error(server.ssl, n), SSL_ERROR_ZERO_RETURN);
  tls_server_say(&server, "still heard");
  carry();
  must_read("still heard");
  stop();
}
END_TEST

/* At each place but the border of two records. */
START_TEST(an_end_within_a_record_is_a_failure) {
  start("DNS:localhost", "localhost");
  carry();
  tls_server_say(&server, "cut");
  tls_server_wire(&server, &came);
  ck_assert_uint_gt(came.n, 5);
  static const size_t places[] = {1, 4, 5, 6, SIZE_MAX};
  size_t n = places[_i] < came.n ? places[_i] : came.n - 1;
  tls_feed(tls, span_sub(buf_span(&came), 0, n));
  ck_assert_uint_eq(tls_read(tls, (uint8_t[1]){0}, 1), 0);
  ck_assert_int_eq(tls_state(tls), TLS_OPEN);
  tls_feed_end(tls);
  must_fail("the server closed the connection within a record");
  stop();
}
END_TEST

START_TEST(an_end_within_the_handshake_is_a_failure) {
  start("DNS:localhost", "localhost");
  tls_feed_end(tls);
  must_fail("the server closed the connection within the handshake");
  stop();
}
END_TEST

static const struct {
  const char *text, *error;
} plain[] = {
    {"ERROR\r\n", "what the server sends is no TLS: \"ERROR\\r\\n\""},
    {"\x16HTTP", "what the server sends is no TLS: \"\\x16HTTP\""},
    {"\x81", "what the server sends is no TLS: \"\\x81\""},
    {"0123456789abcdef0123456789abcdef0123456789abcdef",
     "what the server sends is no TLS: \"0123456789abcdef0123456789abcdef0\""},
};

START_TEST(plaintext_is_told_as_such) {
  start("DNS:localhost", "localhost");
  if (_i & 1)
    carry();
  int i = _i / 2;
  tls_feed(tls, span_str(plain[i].text));
  must_fail(plain[i].error);
  tls_feed(tls, span_str("more"));
  tls_feed_end(tls);
  ck_assert_str_eq(tls_error(tls), plain[i].error);
  stop();
}
END_TEST

START_TEST(an_alert_is_named) {
  static const uint8_t alert[] = {21, 3, 3, 0, 2, 2, 40};
  start("DNS:localhost", "localhost");
  tls_feed(tls, span_of(alert, sizeof alert));
  must_fail("the handshake failed: the server sent the alert \"handshake failure\"");
  stop();
}
END_TEST

START_TEST(a_record_that_was_changed_is_refused) {
  start("DNS:localhost", "localhost");
  carry();
  tls_server_say(&server, "text");
  tls_server_wire(&server, &came);
  came.p[8] ^= 1;
  tls_feed(tls, buf_span(&came));
  ck_assert_uint_eq(tls_read(tls, (uint8_t[1]){0}, 1), 0);
  must_fail("decryption failed or bad record mac");
  stop();
}
END_TEST

START_TEST(a_ca_that_is_none) {
  struct buf why;
  buf_init(&why, 1024);
  ck_assert_ptr_null(tls_trust_new("/nowhere/ca.pem", &why));
  ck_assert_str_eq(buf_cstr(&why), "No such file or directory");
  buf_reset(&why);
  ck_assert_ptr_null(tls_trust_new("/dev/null", &why));
  ck_assert_str_eq(buf_cstr(&why), "no certificate or crl found");
  buf_fini(&why);
}
END_TEST

/* Both sides of ours, one of them with the certificate that the other trusts. */
static struct tls *begin_as_server(void) {
  struct buf why;
  char key[64];
  snprintf(key, sizeof key, "%s/key.pem", dir);
  tls_server_write_key(&server, key);
  buf_init(&why, 1024);
  struct tls_identity *identity = tls_identity_new(ca, key, &why);
  ck_assert_msg(identity != NULL, "%s", buf_cstr(&why));
  ck_assert_ptr_null(tls_identity_new(ca, ca, &why)); /* holds no key */
  ck_assert_uint_gt(why.n, 0);
  struct tls *accepted = tls_accept(identity);
  tls_identity_free(identity); /* the connection keeps what it needs */
  buf_fini(&why);
  return accepted;
}

static void pass(struct tls *from, struct tls *to) {
  struct span wire = tls_wire(from);
  tls_feed(to, wire);
  tls_taken(from, wire.n);
}

START_TEST(the_servers_side) {
  uint8_t bytes[16];
  start("DNS:localhost", "localhost");
  struct tls *accepted = begin_as_server();
  while (tls_wire(tls).n + tls_wire(accepted).n > 0) {
    pass(tls, accepted);
    pass(accepted, tls);
  }
  ck_assert_int_eq(tls_state(accepted), TLS_OPEN);
  ck_assert_int_eq(tls_state(tls), TLS_OPEN);
  ck_assert(tls_seal(tls, span_str("ask")));
  pass(tls, accepted);
  ck_assert_uint_eq(tls_read(accepted, bytes, sizeof bytes), 3);
  ck_assert(tls_seal(accepted, span_str("answer")));
  tls_close(accepted);
  pass(accepted, tls);
  must_read("answer");
  ck_assert_uint_eq(tls_read(tls, bytes, sizeof bytes), 0);
  ck_assert_int_eq(tls_state(tls), TLS_ENDED);
  tls_feed(accepted, span_str("plain"));
  ck_assert_str_eq(tls_error(accepted), "what the client sends is no TLS: \"plain\"");
  tls_free(accepted);
  stop();
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("tls");
  TCase *t = tcase_create("tls");
  suite_add_tcase(s, t);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, a_talk, 0, 2);
  tcase_add_test(t, a_record_is_read_in_pieces);
  tcase_add_test(t, each_seal_is_a_record);
  tcase_add_test(t, what_was_taken_is_gone);
  tcase_add_loop_test(t, the_certificate_must_be_for_the_host, 0, 5);
  tcase_add_test(t, a_certificate_of_somebody_else_is_refused);
  tcase_add_test(t, a_session_is_resumed_with_its_host);
  tcase_add_test(t, a_session_of_somebody_else_is_not_resumed);
  tcase_add_test(t, the_servers_end);
  tcase_add_test(t, an_end_without_a_word_is_one_too);
  tcase_add_test(t, our_end);
  tcase_add_loop_test(t, an_end_within_a_record_is_a_failure, 0, 5);
  tcase_add_test(t, an_end_within_the_handshake_is_a_failure);
  tcase_add_loop_test(t, plaintext_is_told_as_such, 0, 8);
  tcase_add_test(t, an_alert_is_named);
  tcase_add_test(t, a_record_that_was_changed_is_refused);
  tcase_add_test(t, a_ca_that_is_none);
  tcase_add_test(t, the_servers_side);
  return s;
}

UNIT_MAIN(suite)
