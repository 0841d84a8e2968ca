/* Captures written with libpcap: what passed comes out, and what is wrong with them is told. */
#include "net/capture.h"

#include <stdio.h>
#include <unistd.h>

#include "net/pcap.h"
#include "packets.h"

static char path[] = "/tmp/test_capture.XXXXXX";
static pcap_t *format;
static pcap_dumper_t *out;
static int link_type;
static unsigned family;
static uint64_t usec;

static struct diag diag;
static struct buf events; /* as text, what is told of each connection */

static void setup(void) {
  int fd = mkstemp(strcpy(path, "/tmp/test_capture.XXXXXX"));
  CHECK(fd >= 0);
  close(fd);
  diag_init(&diag);
  buf_init(&events, 1 << 26);
  usec = 5;
}

static void teardown(void) {
  unlink(path);
  diag_fini(&diag);
  buf_fini(&events);
}

static void begin(int link, unsigned ip) {
  link_type = link;
  family = ip;
  format = pcap_open_dead(link, 1 << 18);
  out = pcap_dump_open(format, path);
  CHECK(out);
}

static void end(void) {
  pcap_dump_close(out);
  pcap_close(format);
}

static void put_cut(struct made m, size_t cut) {
  struct buf b;
  buf_init(&b, PACKET_MAX);
  m.link = link_type;
  m.family = family;
  put_packet(&b, &m);
  const struct pcap_pkthdr header = {.ts = {.tv_sec = 1, .tv_usec = (suseconds_t)usec++},
                                     .caplen = (bpf_u_int32)(b.n - cut),
                                     .len = (bpf_u_int32)b.n};
  pcap_dump((u_char *)out, &header, b.p);
  buf_fini(&b);
}

static void put(struct made m) {
  put_cut(m, 0);
}

/* Two ends that speak: where each is. */
static uint32_t next[2];
static uint16_t ports[2];
static uint32_t shakes;

static void say(bool server, uint8_t flags, const void *data, size_t n) {
  put((struct made){.from_server = server,
                    .client_port = ports[0],
                    .server_port = ports[1],
                    .seq = next[server],
                    .ack = flags == TH_SYN ? 0 : next[!server],
                    .flags = flags,
                    .data = span_of(data, n)});
  next[server] += (uint32_t)n + !!(flags & (TH_SYN | TH_FIN));
}

static void shake(uint16_t client, uint16_t server) {
  ports[0] = client;
  ports[1] = server;
  next[0] = 0xfffffff0 - 8 * shakes++; /* its numbers start again at 2^32 */
  next[1] = 77;
  say(false, TH_SYN, "", 0);
  say(true, TH_SYN | TH_ACK, "", 0);
  say(false, TH_ACK, "", 0);
}

/* A frame without a body but for a key. */
static struct span frame(uint8_t magic, uint8_t opcode, uint32_t opaque, const char *key) {
  static uint8_t bytes[256];
  const struct header h = {.magic = magic,
                           .opcode = opcode,
                           .keylen = (uint16_t)strlen(key),
                           .bodylen = (uint32_t)strlen(key),
                           .opaque = opaque};
  header_pack(&h, bytes);
  memcpy(bytes + HEADER_BYTES, key, strlen(key));
  return span_of(bytes, HEADER_BYTES + strlen(key));
}

static void ask(uint8_t opcode, uint32_t opaque, const char *key) {
  struct span f = frame(MAGIC_REQUEST, opcode, opaque, key);
  say(false, TH_ACK | TH_PUSH, f.p, f.n);
}

static void answer(uint8_t opcode, uint32_t opaque) {
  struct span f = frame(MAGIC_RESPONSE, opcode, opaque, "");
  say(true, TH_ACK | TH_PUSH, f.p, f.n);
}

static void put_event(const struct capture_event *e) {
  static const char *const words[] = {[CAPTURE_OPENED] = "opened",
                                      [CAPTURE_DATA] = "",
                                      [CAPTURE_ENDED] = "ended",
                                      [CAPTURE_RESET] = "reset",
                                      [CAPTURE_LOST] = "lost"};
  buf_addf(&events, "%zu%c%s", e->conn, e->from_server ? '<' : '>', words[e->what]);
  for (struct span rest = e->bytes; rest.n >= HEADER_BYTES;) {
    struct header h;
    header_unpack(rest.p, &h);
    buf_addf(&events, "%02x:%u", h.opcode, h.opaque);
    rest = span_from(rest, HEADER_BYTES + h.bodylen);
  }
  buf_add_byte(&events, ' ');
}

/* The whole capture as text; the caller frees its notes. */
static char *read_capture(uint16_t port) {
  struct capture_event e;
  struct capture *c = capture_open(path, port, &diag);
  ck_assert_msg(c != NULL, "%s", diag_text(&diag));
  enum capture_read read;
  uint64_t before = 0;
  while ((read = capture_next(c, &e, &diag)) == CAPTURE_READ) {
    ck_assert_uint_ge(e.usec, before);
    before = e.usec;
    put_event(&e);
  }
  ck_assert_msg(read == CAPTURE_END, "%s", diag_text(&diag));
  char *notes = xstrdup(capture_notes(c));
  capture_close(c);
  return notes;
}

static void expect(uint16_t port, const char *want, const char *note) {
  char *notes = read_capture(port);
  ck_assert_str_eq(buf_cstr(&events), want);
  if (note)
    ck_assert_msg(strstr(notes, note) != NULL, "%s", notes);
  else
    ck_assert_str_eq(notes, "");
  free(notes);
}

START_TEST(each_link_layer_and_both_ip_are_read) {
  static const int links[] = {DLT_EN10MB,    DLT_NULL,       DLT_LOOP,
                              DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_RAW};
  for (size_t i = 0; i < sizeof links / sizeof *links; i++)
    for (unsigned ip = 4; ip <= 6; ip += 2) {
      begin(links[i], ip);
      shake(40000, 11211);
      ask(0x0a, 1, "");
      answer(0x0a, 1);
      say(false, TH_FIN | TH_ACK, "", 0);
      say(true, TH_FIN | TH_ACK, "", 0);
      end();
      buf_reset(&events);
      expect(0, "0>opened 0>0a:1 0<0a:1 0>ended 0<ended ", NULL);
    }
}
END_TEST

START_TEST(what_mcreplay_writes_is_read) {
  struct pcap_writer *w = pcap_writer_open(path);
  struct buf large;
  CHECK(w);
  buf_init(&large, 1 << 20);
  buf_fill(&large, 'x', 200000);
  const struct pcap_event all[] = {
      {PCAP_OPENED, 3, false, 10, {0}},
      {PCAP_DATA, 3, false, 11, frame(MAGIC_REQUEST, 0x0a, 9, "")},
      {PCAP_DATA, 3, true, 12, buf_span(&large)},
      {PCAP_RESET, 3, true, 13, {0}},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    pcap_writer_add(w, &all[i]);
  CHECK(pcap_writer_close(w));
  struct capture *c = capture_open(path, 0, &diag);
  struct capture_event e;
  size_t came = 0;
  while (capture_next(c, &e, &diag) == CAPTURE_READ)
    came += e.from_server ? e.bytes.n : 0;
  ck_assert_uint_eq(came, large.n);
  ck_assert_int_eq(e.what, CAPTURE_RESET);
  uint64_t size;
  ck_assert_uint_eq(capture_position(c, &size), size);
  ck_assert_uint_gt(size, large.n);
  capture_close(c);
  ck_assert(capture_is(path));
  buf_fini(&large);
}
END_TEST

/* On any port, by what the client sends first; by the port that is asked for, whatever is sent. */
START_TEST(the_server_is_found) {
  begin(DLT_RAW, 4);
  shake(40000, 9000);
  ask(0x0a, 1, "");
  shake(40001, 9001);
  say(false, TH_ACK, "GET / HTTP/1.1\r\n", 16);
  say(true, TH_ACK, "HTTP/1.1 200 OK\r\n", 17);
  shake(40002, 9002);
  say(true, TH_ACK, "220 a server that speaks first", 30);
  shake(40003, 11210);
  say(false, TH_ACK, "x", 1);
  end();
  expect(0, "0>opened 0>0a:1 1>opened 1> ", NULL);
  buf_reset(&events);
  expect(9001, "0>opened 0> 0< ", NULL);
}
END_TEST

START_TEST(tls_is_left_out) {
  begin(DLT_RAW, 4);
  shake(40000, 11211);
  say(false, TH_ACK, "\x16\x03\x01\x02\x00", 5);
  say(true, TH_ACK, "\x16\x03\x03\x02\x00", 5);
  end();
  expect(0, "", "10.0.0.1:40000 to 10.0.0.2:11211 speaks TLS");
}
END_TEST

/* From the first request on that must be answered, and the answer to that. */
START_TEST(a_connection_that_was_open_is_told_from_where_it_can_be) {
  begin(DLT_RAW, 6);
  ports[0] = 40000;
  ports[1] = 9000;
  next[0] = 500;
  next[1] = 900;
  answer(0x0a, 4); /* to what was not captured */
  say(false, TH_ACK, "the rest of a value", 19);
  ask(0x09, 5, "quiet");
  answer(0x0a, 4);
  ask(0x0a, 6, "");
  answer(0x0a, 5);
  say(true, TH_ACK, "more of that", 12);
  answer(0x0a, 6);
  ask(0x00, 7, "k");
  answer(0x00, 7);
  end();
  expect(9000, "0>opened 0>0a:6 0<0a:6 0>00:7 0<00:7 ",
         "[fe80::1]:40000 to [fe80::2]:9000 was open before the capture began");
}
END_TEST

/* Headers in pieces of one byte. */
START_TEST(a_start_is_found_in_pieces) {
  begin(DLT_RAW, 4);
  ports[0] = 40000;
  ports[1] = 11211;
  struct span f = frame(MAGIC_REQUEST, 0x0a, 6, "");
  say(false, TH_ACK, "junk", 4);
  for (size_t i = 0; i < f.n; i++)
    say(false, TH_ACK, f.p + i, 1);
  f = frame(MAGIC_RESPONSE, 0x0a, 6, "");
  say(true, TH_ACK, f.p, 5);
  say(true, TH_ACK, f.p + 5, f.n - 5);
  end();
  struct capture *c = capture_open(path, 0, &diag);
  struct capture_event e;
  size_t bytes[2] = {0};
  while (capture_next(c, &e, &diag) == CAPTURE_READ)
    bytes[e.from_server] += e.bytes.n;
  ck_assert_uint_eq(bytes[0], HEADER_BYTES);
  ck_assert_uint_eq(bytes[1], HEADER_BYTES);
  capture_close(c);
}
END_TEST

START_TEST(lost_packets_are_told_and_what_follows_left_out) {
  begin(DLT_EN10MB, 4);
  shake(40000, 11211);
  ask(0x0a, 1, "");
  answer(0x0a, 1);
  next[0] += 40; /* not captured */
  answer(0x0a, 2);
  ask(0x0a, 3, "");
  answer(0x0a, 3);
  end();
  expect(0, "0>opened 0>0a:1 0<0a:1 0>lost ", "lacks 40 bytes of the client's");
}
END_TEST

START_TEST(packets_cut_short_are_told) {
  begin(DLT_EN10MB, 4);
  shake(40000, 11211);
  ask(0x0a, 1, "");
  struct span f = frame(MAGIC_RESPONSE, 0x0a, 1, "value");
  put_cut((struct made){.from_server = true,
                        .client_port = 40000,
                        .seq = next[1],
                        .ack = next[0],
                        .flags = TH_ACK,
                        .data = f},
          3);
  next[1] += (uint32_t)f.n;
  ask(0x0a, 2, "");
  end();
  char *notes = read_capture(0);
  ck_assert_ptr_nonnull(strstr(notes, "lacks 3 bytes of the server's"));
  ck_assert_ptr_nonnull(strstr(notes, "1 packets were cut short"));
  free(notes);
}
END_TEST

START_TEST(a_port_is_used_again) {
  begin(DLT_RAW, 4);
  for (uint32_t i = 0; i < 3; i++) {
    shake(40000, 11211);
    ask(0x0a, i, "");
    answer(0x0a, i);
    if (i != 1) /* one never ends */
      say(false, TH_RST | TH_ACK, "", 0);
  }
  end();
  char *notes = read_capture(0);
  ck_assert_str_eq(buf_cstr(&events), "0>opened 0>0a:0 0<0a:0 0>reset "
                                      "1>opened 1>0a:1 1<0a:1 2>opened 2>0a:2 2<0a:2 2>reset ");
  free(notes);
}
END_TEST

/* More than are still known when they are over. */
START_TEST(many_connections_are_told) {
  enum { CONNS = 5000 };
  begin(DLT_RAW, 4);
  for (unsigned i = 0; i < CONNS; i++) {
    shake((uint16_t)(20000 + i), 11211);
    ask(0x0a, i, "");
    answer(0x0a, i);
    say(true, TH_FIN | TH_ACK, "", 0);
    say(false, TH_FIN | TH_ACK, "", 0);
    say(true, TH_ACK, "", 0);
  }
  end();
  char *notes = read_capture(0);
  ck_assert_ptr_nonnull(strstr(buf_cstr(&events), " 4999>opened 4999>0a:4999 4999<0a:4999 "));
  ck_assert_ptr_null(strstr(buf_cstr(&events), "5000>"));
  ck_assert_str_eq(notes, "");
  free(notes);
}
END_TEST

static void expect_refused(const char *why) {
  ck_assert(!capture_open(path, 0, &diag));
  ck_assert_msg(strstr(diag_text(&diag), why) != NULL, "%s", diag_text(&diag));
}

static void write_text(const char *text) {
  FILE *f = fopen(path, "w");
  fputs(text, f);
  fclose(f);
}

START_TEST(what_is_no_capture_is_refused) {
  write_text("case  a session\n");
  ck_assert(!capture_is(path));
  expect_refused("no capture that can be read");
}
END_TEST

START_TEST(a_file_that_is_missing_is_refused) {
  unlink(path);
  ck_assert(!capture_is(path));
  expect_refused("can't read it: No such file");
}
END_TEST

START_TEST(a_link_layer_that_is_not_read_is_refused) {
  begin(DLT_IEEE802_11, 4);
  end();
  ck_assert(capture_is(path));
  expect_refused("its link type IEEE802_11 is not read");
}
END_TEST

START_TEST(a_capture_that_was_cut_off_is_malformed) {
  struct capture_event e;
  begin(DLT_RAW, 4);
  shake(40000, 11211);
  ask(0x0a, 1, "");
  answer(0x0a, 1);
  end();
  FILE *f = fopen(path, "r+");
  fseek(f, 0, SEEK_END);
  CHECK(ftruncate(fileno(f), ftell(f) - 3) == 0);
  fclose(f);
  struct capture *c = capture_open(path, 0, &diag);
  enum capture_read read;
  while ((read = capture_next(c, &e, &diag)) == CAPTURE_READ)
    put_event(&e);
  ck_assert_int_eq(read, CAPTURE_BAD);
  ck_assert_str_eq(buf_cstr(&events), "0>opened 0>0a:1 ");
  ck_assert_msg(strstr(diag_text(&diag), "malformed: truncated dump file") != NULL, "%s",
                diag_text(&diag));
  capture_close(c);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("capture");
  TCase *t = tcase_create("capture");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, each_link_layer_and_both_ip_are_read);
  tcase_add_test(t, what_mcreplay_writes_is_read);
  tcase_add_test(t, the_server_is_found);
  tcase_add_test(t, tls_is_left_out);
  tcase_add_test(t, a_connection_that_was_open_is_told_from_where_it_can_be);
  tcase_add_test(t, a_start_is_found_in_pieces);
  tcase_add_test(t, lost_packets_are_told_and_what_follows_left_out);
  tcase_add_test(t, packets_cut_short_are_told);
  tcase_add_test(t, a_port_is_used_again);
  tcase_add_test(t, many_connections_are_told);
  tcase_add_test(t, what_is_no_capture_is_refused);
  tcase_add_test(t, a_file_that_is_missing_is_refused);
  tcase_add_test(t, a_link_layer_that_is_not_read_is_refused);
  tcase_add_test(t, a_capture_that_was_cut_off_is_malformed);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
