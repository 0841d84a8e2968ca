#include <stdio.h>

#include "scribed.h"

enum { CLIENT, SERVER };

START_TEST(answers_get_holes_where_the_protocol_leaves_freedom) {
  struct scribe *s = scribed_new();
  size_t c = scribe_open(s);
  scribed_line(s, c, CLIENT, "set key=\"k\" value=\"v\" opaque=1");
  scribed_line(s, c, SERVER, "set cas=0x11 opaque=1");
  scribed_line(s, c, CLIENT, "get key=\"none\" opaque=2");
  scribed_line(s, c, SERVER, "get status=key_enoent value=\"Not found\" opaque=2");
  scribed_line(s, c, CLIENT, "version");
  scribed_line(s, c, SERVER, "version value=\"1.6.18\"");
  scribed_line(s, c, CLIENT, "delete key=\"k\"");
  scribed_line(s, c, SERVER, "delete");
  scribed_line(s, c, CLIENT, "increment key=\"n\" delta=1");
  scribed_line(s, c, SERVER, "increment value=u64(7) cas=9");
  scribed_is(s, "c1 > set flags=0 expiry=0 key=\"k\" value=\"v\" opaque=0x1\n"
                "c1 < set cas=* opaque=0x1\n"
                "c1 > get key=\"none\" opaque=0x2\n"
                "c1 < get status=key_enoent value=* opaque=0x2\n"
                "c1 > version\n"
                "c1 < version value=*\n"
                "c1 > delete key=\"k\"\n"
                "c1 < delete\n"
                "c1 > increment delta=1 initial=0 expiry=0 key=\"n\"\n"
                "c1 < increment value=u64(7) cas=*\n");
  scribe_free(s);
}
END_TEST

START_TEST(a_cas_that_is_sent_back_is_captured) {
  struct scribe *s = scribed_new();
  size_t a = scribe_open(s), b = scribe_open(s);
  scribed_line(s, a, CLIENT, "set key=\"k\" value=\"v\"");
  scribed_line(s, a, SERVER, "set cas=0x11");
  scribed_line(s, b, CLIENT, "get key=\"k\"");
  scribed_line(s, b, SERVER, "get flags=0 value=\"v\" cas=0x11");
  scribed_line(s, b, CLIENT, "set key=\"k\" value=\"w\" cas=0x11");
  scribed_line(s, b, SERVER, "set cas=0x12");
  scribed_line(s, b, CLIENT, "set key=\"k\" value=\"x\" cas=0x99");
  scribed_line(s, b, SERVER, "set status=key_eexists");
  scribed_is(s, "c1 > set flags=0 expiry=0 key=\"k\" value=\"v\"\n"
                "c1 < set cas=?cas1:nonzero\n"
                "c2 > get key=\"k\"\n"
                "c2 < get flags=0 value=\"v\" cas=$cas1\n"
                "c2 > set flags=0 expiry=0 key=\"k\" value=\"w\" cas=$cas1\n"
                "c2 < set cas=*\n"
                "c2 > set flags=0 expiry=0 key=\"k\" value=\"x\" cas=0x99\n"
                "c2 < set status=key_eexists\n");
  scribe_free(s);
}
END_TEST

/* 300 that are sent back at once on one connection: 256 names, the others as they were. */
START_TEST(names_for_captures_are_used_again_when_they_are_free) {
  enum { ROUNDS = 300 };
  struct scribe *s = scribed_new();
  struct buf out, why;
  size_t c = scribe_open(s);
  char line[64];
  for (int i = 1; i <= ROUNDS; i++) {
    scribed_line(s, c, CLIENT, "get key=\"k\"");
    snprintf(line, sizeof line, "get flags=0 cas=%d", i);
    scribed_line(s, c, SERVER, line);
    snprintf(line, sizeof line, "set key=\"k\" cas=%d", i);
    scribed_line(s, c, CLIENT, line);
    scribed_line(s, c, SERVER, "set status=key_eexists");
  }
  buf_init(&out, COMPILED_MAX);
  buf_init(&why, 4096);
  ck_assert_msg(scribe_write(s, &scribed_head, &out, &why), "%s", buf_cstr(&why));
  ck_assert_ptr_null(strstr(buf_cstr(&out), "as it was then"));
  ck_assert_ptr_null(strstr(buf_cstr(&out), "cas257"));
  /* Without the rounds' order no name is free again. */
  struct scribe *at_once = scribed_new();
  c = scribe_open(at_once);
  for (int i = 1; i <= 2 * ROUNDS; i++) {
    snprintf(line, sizeof line, "%s key=\"k\" cas=%d", i <= ROUNDS ? "get" : "set",
             i <= ROUNDS ? 0 : i - ROUNDS);
    scribed_line(at_once, c, CLIENT, line);
    snprintf(line, sizeof line, i <= ROUNDS ? "get flags=0 cas=%d" : "set status=key_eexists", i);
    scribed_line(at_once, c, SERVER, line);
  }
  buf_reset(&out);
  ck_assert_msg(scribe_write(at_once, &scribed_head, &out, &why), "%s", buf_cstr(&why));
  ck_assert_ptr_nonnull(strstr(buf_cstr(&out), "# 44 requests send back a CAS as it was then"));
  buf_fini(&out);
  buf_fini(&why);
  scribe_free(s);
  scribe_free(at_once);
}
END_TEST

START_TEST(figures_become_an_each) {
  struct scribe *s = scribed_new();
  size_t c = scribe_open(s);
  scribed_line(s, c, CLIENT, "stat opaque=5");
  scribed_line(s, c, SERVER, "stat key=\"pid\" value=\"1\" opaque=5");
  scribed_line(s, c, SERVER, "stat key=\"uptime\" value=\"2\" opaque=5");
  scribed_line(s, c, CLIENT, "noop");
  scribed_line(s, c, SERVER, "stat opaque=5");
  scribed_line(s, c, SERVER, "noop");
  scribed_line(s, c, CLIENT, "stat key=\"reset\"");
  scribed_line(s, c, SERVER, "stat");
  scribed_is(s, "c1 > stat opaque=0x5\n"
                "c1 > noop\n"
                "each {\n  c1 < others stat key=*{1..} value=* opaque=0x5\n}\n"
                "c1 < stat opaque=0x5\n"
                "c1 < noop\n"
                "c1 > stat key=\"reset\"\n"
                "c1 < stat\n");
  scribe_free(s);
}
END_TEST

START_TEST(figures_without_their_end_stand_alone) {
  struct scribe *s = scribed_new();
  size_t c = scribe_open(s);
  scribed_line(s, c, CLIENT, "stat");
  scribed_line(s, c, SERVER, "stat key=\"pid\" value=\"1\"");
  ck_assert(scribe_end(s, c, SCRIBE_SERVER_CLOSED));
  scribed_is(s, "c1 > stat\n"
                "c1 < stat key=\"pid\" value=*\n"
                "c1 < closed\n");
  scribe_free(s);
}
END_TEST

/* A request stands where it begins: its answer may come before its end. */
START_TEST(a_request_stands_where_it_begins_and_an_answer_where_it_ends) {
  struct scribe *s = scribed_new();
  struct buf set, got;
  size_t c = scribe_open(s);
  buf_init(&set, COMPILED_MAX);
  buf_init(&got, COMPILED_MAX);
  add_line_bytes(&set, "set key=\"k\" value=repeat(100, \"x\")", true);
  add_line_bytes(&got, "get flags=0 value=\"v\"", false);
  scribed_line(s, c, CLIENT, "get key=\"a\"");
  scribe_bytes(s, c, SERVER, span_sub(buf_span(&got), 0, 10));
  scribe_bytes(s, c, CLIENT, span_sub(buf_span(&set), 0, 60));
  scribe_bytes(s, c, SERVER, span_from(buf_span(&got), 10));
  scribed_line(s, c, SERVER, "set status=e2big value=\"Too large.\"");
  scribe_bytes(s, c, CLIENT, span_from(buf_span(&set), 60));
  scribed_is(s, "c1 > get key=\"a\"\n"
                "c1 > set flags=0 expiry=0 key=\"k\" value=repeat(100, \"x\")\n"
                "c1 < get flags=0 value=\"v\"\n"
                "c1 < set status=e2big value=*\n");
  buf_fini(&set);
  buf_fini(&got);
  scribe_free(s);
}
END_TEST

/* A connection on which a request has been answered, or not (NULL). */
static size_t scribed_request(struct scribe *s, const char *request, const char *answer) {
  size_t c = scribe_open(s);
  scribed_line(s, c, CLIENT, request);
  if (answer)
    scribed_line(s, c, SERVER, answer);
  return c;
}

START_TEST(an_end_behind_the_last_answer_is_not_told) {
  struct scribe *s = scribed_new();
  size_t c = scribed_request(s, "noop", "noop");
  scribe_end(s, c, SCRIBE_CLIENT_ENDED);
  scribe_end(s, c, SCRIBE_SERVER_CLOSED);
  scribed_is(s, "c1 > noop\nc1 < noop\n");
  scribe_free(s);
}
END_TEST

START_TEST(an_end_before_the_last_answer_is_a_half_close) {
  struct scribe *s = scribed_new();
  size_t c = scribed_request(s, "noop", NULL);
  scribe_end(s, c, SCRIBE_CLIENT_ENDED);
  scribed_line(s, c, SERVER, "noop");
  scribe_end(s, c, SCRIBE_SERVER_CLOSED);
  scribed_is(s, "c1 > noop\nc1 half-close\nc1 < noop\nc1 < closed\n");
  scribe_free(s);
}
END_TEST

START_TEST(a_server_that_closes_is_told) {
  struct scribe *s = scribed_new();
  size_t c = scribed_request(s, "quit", "quit");
  scribe_end(s, c, SCRIBE_SERVER_CLOSED);
  scribed_line(s, c, CLIENT, "noop"); /* too late */
  scribe_end(s, c, SCRIBE_CLIENT_GONE);
  scribed_is(s, "c1 > quit\nc1 < quit\nc1 < closed\n");
  scribe_free(s);
}
END_TEST

/* Whoever ends first: the driver's own question at the end would not be answered. */
START_TEST(a_connection_that_was_told_to_quit_is_told_to_its_end) {
  struct scribe *s = scribed_new();
  size_t c = scribed_request(s, "quit", "quit");
  scribe_end(s, c, SCRIBE_CLIENT_ENDED);
  scribe_end(s, c, SCRIBE_SERVER_CLOSED);
  c = scribed_request(s, "quit", "quit");
  scribe_end(s, c, SCRIBE_CLIENT_GONE);
  c = scribed_request(s, "quitq", NULL);
  scribe_end(s, c, SCRIBE_CLIENT_ENDED);
  scribe_end(s, c, SCRIBE_SERVER_CLOSED);
  c = scribed_request(s, "quitq", NULL);
  scribe_end(s, c, SCRIBE_CLIENT_GONE);
  scribed_is(s, "c1 > quit\nc1 < quit\nc1 < closed\n"
                "c2 > quit\nc2 < quit\nc2 close\n"
                "c3 > quitq\nc3 < closed\n"
                "c4 > quitq\nc4 close\n");
  scribe_free(s);
}
END_TEST

START_TEST(a_quit_that_is_refused_ends_nothing) {
  struct scribe *s = scribed_new();
  size_t c = scribed_request(s, "quitq key=\"k\"", "quitq status=einval");
  scribe_end(s, c, SCRIBE_CLIENT_ENDED);
  scribe_end(s, c, SCRIBE_SERVER_CLOSED);
  scribed_is(s, "c1 > quitq key=\"k\"\nc1 < quitq status=einval\n");
  scribe_free(s);
}
END_TEST

/* The driver's own question at the end would be refused, too. */
START_TEST(a_client_that_is_not_let_in_is_told_to_its_end) {
  struct scribe *s = scribed_new();
  size_t in = scribe_open(s), out = scribe_open(s);
  for (int i = 0; i < 2; i++) {
    scribed_line(s, in, CLIENT, "sasl_auth");
    scribed_line(s, in, SERVER, i ? "sasl_auth" : "sasl_auth status=auth_error");
  }
  scribed_line(s, out, CLIENT, "sasl_auth");
  scribed_line(s, out, SERVER, "sasl_auth status=auth_error");
  scribe_end(s, in, SCRIBE_CLIENT_ENDED);
  scribe_end(s, out, SCRIBE_CLIENT_ENDED);
  scribe_end(s, in, SCRIBE_SERVER_CLOSED);
  scribe_end(s, out, SCRIBE_SERVER_CLOSED);
  scribed_is(s, "c1 > sasl_auth\nc1 < sasl_auth status=auth_error\nc1 > sasl_auth\nc1 < sasl_auth\n"
                "c2 > sasl_auth\nc2 < sasl_auth status=auth_error\nc2 half-close\nc2 < closed\n");
  scribe_free(s);
}
END_TEST

START_TEST(a_client_that_does_not_wait_for_its_answer_closes) {
  struct scribe *s = scribed_new();
  size_t c = scribed_request(s, "get key=\"k\"", NULL);
  scribe_end(s, c, SCRIBE_CLIENT_GONE);
  scribed_is(s, "c1 > get key=\"k\"\nc1 close\n");
  scribe_free(s);
}
END_TEST

/* The recording ends while an answer is on its way, and within another one. */
START_TEST(what_is_not_whole_at_the_end_is_bytes) {
  struct scribe *s = scribed_new();
  size_t a = scribe_open(s), b = scribe_open(s);
  scribed_line(s, a, CLIENT, "get key=\"k\"");
  scribed_line(s, b, CLIENT, "noop");
  scribe_bytes(s, b, SERVER, span_str("\x81\x0a"));
  scribe_bytes(s, b, CLIENT, span_str("\x80"));
  scribed_is(s, "c1 > get key=\"k\"\n"
                "c2 > noop\n"
                "c2 > raw hex(80)\n"
                "c2 < raw \"\\x81\\n\"\n"
                "c1 close\n"
                "c2 close\n");
  scribe_free(s);
}
END_TEST

/* Bytes of either side are missing from here on: the answer that is owed can't be known. */
START_TEST(what_is_not_whole_when_bytes_are_missing_is_left_out) {
  struct scribe *s = scribed_new();
  size_t a = scribe_open(s);
  scribed_line(s, a, CLIENT, "noop");
  scribed_line(s, a, SERVER, "noop");
  scribed_line(s, a, CLIENT, "get key=\"k\"");
  scribe_bytes(s, a, CLIENT, span_str("\x80\x01"));
  scribe_bytes(s, a, SERVER, span_str("\x81"));
  ck_assert(scribe_end(s, a, SCRIBE_LOST));
  scribed_line(s, a, CLIENT, "noop");
  scribe_end(s, a, SCRIBE_SERVER_CLOSED);
  scribed_is(s, "c1 > noop\nc1 < noop\nc1 > get key=\"k\"\nc1 close\n");
  scribe_free(s);
}
END_TEST

START_TEST(what_is_no_frame_is_bytes) {
  struct scribe *s = scribed_new();
  size_t c = scribe_open(s);
  scribed_line(s, c, CLIENT, "noop");
  scribed_line(s, c, SERVER, "noop");
  scribe_bytes(s, c, CLIENT, span_str("GET / "));
  scribe_bytes(s, c, CLIENT, span_str("HTTP/1.1"));
  scribe_bytes(s, c, SERVER, span_str("ERROR"));
  scribe_end(s, c, SCRIBE_SERVER_CLOSED);
  scribed_is(s, "c1 > noop\nc1 < noop\n"
                "c1 > raw \"GET / HTTP/1.1\"\n"
                "c1 < raw \"ERROR\"\n"
                "c1 < closed\n");
  scribe_free(s);
}
END_TEST

/* The first 62 stay open, so that they are proven quiet; the others take turns. */
START_TEST(numbers_are_used_again) {
  enum { CONNS = 200 };
  struct scribe *s = scribed_new();
  for (int i = 0; i < CONNS; i++) {
    size_t c = scribe_open(s);
    scribed_line(s, c, CLIENT, "noop");
    scribed_line(s, c, SERVER, "noop");
    scribe_end(s, c, SCRIBE_CLIENT_ENDED);
  }
  char *steps = scribed_steps(s);
  ck_assert_ptr_nonnull(strstr(steps, "c63 > noop\nc63 < noop\nc1 close\nc1 connect\nc1 > noop\n"));
  free(steps);
  scribe_free(s);
}
END_TEST

START_TEST(too_many_open_connections_are_refused) {
  enum { CONNS = 64 };
  struct scribe *s = scribed_new();
  struct buf out, why;
  for (int i = 0; i < CONNS; i++)
    scribed_line(s, scribe_open(s), CLIENT, "noop");
  buf_init(&out, COMPILED_MAX);
  buf_init(&why, 4096);
  ck_assert(!scribe_write(s, &scribed_head, &out, &why));
  ck_assert_ptr_nonnull(strstr(buf_cstr(&why), "more than 63 connections are open at once"));
  buf_fini(&out);
  buf_fini(&why);
  scribe_free(s);
}
END_TEST

START_TEST(nothing_makes_no_session) {
  struct scribe *s = scribed_new();
  struct buf out, why;
  scribe_end(s, scribe_open(s), SCRIBE_CLIENT_ENDED);
  buf_init(&out, COMPILED_MAX);
  buf_init(&why, 4096);
  ck_assert(!scribe_write(s, &scribed_head, &out, &why));
  ck_assert_str_eq(buf_cstr(&why), "nothing has passed that a session could tell");
  buf_fini(&out);
  buf_fini(&why);
  scribe_free(s);
}
END_TEST

START_TEST(a_session_too_large_is_refused) {
  struct scribe *s = scribed_new();
  struct buf out, why;
  scribed_line(s, scribe_open(s), CLIENT, "set key=\"k\" value=random(1, 2000000)");
  buf_init(&out, 1 << 20);
  buf_init(&why, 4096);
  ck_assert(!scribe_write(s, &scribed_head, &out, &why));
  ck_assert_str_eq(buf_cstr(&why), "a session of it would be larger than 1 MiB");
  buf_fini(&out);
  buf_fini(&why);
  scribe_free(s);
}
END_TEST

START_TEST(the_cap_ends_what_is_taken) {
  struct scribe *s = scribe_new(DIALECT_STOCK, 200);
  size_t c = scribe_open(s);
  scribed_line(s, c, CLIENT, "noop");
  scribed_line(s, c, SERVER, "noop");
  ck_assert(!scribe_bytes(s, c, CLIENT, (struct span){(const uint8_t[200]){0x80}, 200}));
  ck_assert(!scribe_bytes(s, c, CLIENT, span_str("x")));
  ck_assert(!scribe_end(s, c, SCRIBE_SERVER_CLOSED));
  scribed_is(s, "c1 > noop\nc1 < noop\n");
  scribe_free(s);
}
END_TEST

START_TEST(the_head_names_what_the_session_needs) {
  struct scribe *s = scribe_new(DIALECT_COUCHBASE, COMPILED_MAX);
  struct buf out, why;
  size_t c = scribe_open(s);
  scribed_line(s, c, CLIENT, "sasl_auth key=\"PLAIN\" value=\"\\x00u\\x00p\"");
  scribed_line(s, c, SERVER, "sasl_auth status=auth_error value=\"Auth failure\"");
  scribed_line(s, c, CLIENT, "noop");
  scribed_line(s, c, CLIENT, "op0xea");
  scribed_line(s, c, CLIENT, "noop");
  const struct scribe_head head = {"a # b\x01", "one\ntwo # three"};
  buf_init(&out, COMPILED_MAX);
  buf_init(&why, 4096);
  ck_assert_msg(scribe_write(s, &head, &out, &why), "%s", buf_cstr(&why));
  const char *want = "case  a ? b?\n# one\n# two ? three\ndialect couchbase\n"
                     "spec  sasl_auth, noop, op0xea\nneeds sasl\n"
                     "isolated\n";
  ck_assert_msg(strncmp(buf_cstr(&out), want, strlen(want)) == 0, "%s", buf_cstr(&out));
  buf_fini(&out);
  buf_fini(&why);
  scribe_free(s);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("scribe");
  TCase *t = tcase_create("scribe");
  tcase_add_test(t, answers_get_holes_where_the_protocol_leaves_freedom);
  tcase_add_test(t, a_cas_that_is_sent_back_is_captured);
  tcase_add_test(t, names_for_captures_are_used_again_when_they_are_free);
  tcase_add_test(t, figures_become_an_each);
  tcase_add_test(t, figures_without_their_end_stand_alone);
  tcase_add_test(t, a_request_stands_where_it_begins_and_an_answer_where_it_ends);
  tcase_add_test(t, an_end_behind_the_last_answer_is_not_told);
  tcase_add_test(t, an_end_before_the_last_answer_is_a_half_close);
  tcase_add_test(t, a_server_that_closes_is_told);
  tcase_add_test(t, a_connection_that_was_told_to_quit_is_told_to_its_end);
  tcase_add_test(t, a_quit_that_is_refused_ends_nothing);
  tcase_add_test(t, a_client_that_is_not_let_in_is_told_to_its_end);
  tcase_add_test(t, a_client_that_does_not_wait_for_its_answer_closes);
  tcase_add_test(t, what_is_not_whole_at_the_end_is_bytes);
  tcase_add_test(t, what_is_not_whole_when_bytes_are_missing_is_left_out);
  tcase_add_test(t, what_is_no_frame_is_bytes);
  tcase_add_test(t, numbers_are_used_again);
  tcase_add_test(t, too_many_open_connections_are_refused);
  tcase_add_test(t, nothing_makes_no_session);
  tcase_add_test(t, a_session_too_large_is_refused);
  tcase_add_test(t, the_cap_ends_what_is_taken);
  tcase_add_test(t, the_head_names_what_the_session_needs);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
