/* Captures read back with libpcap: both streams put together again, numbers and checksums right. */
#include "net/pcap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "unit.h"

static char path[] = "/tmp/test_pcap.XXXXXX";
static struct pcap_writer *writer;

static void setup(void) {
  int fd = mkstemp(strcpy(path, "/tmp/test_pcap.XXXXXX"));
  CHECK(fd >= 0);
  close(fd);
  writer = pcap_writer_open(path);
  CHECK(writer);
}

static void teardown(void) {
  unlink(path);
}

static void add(enum pcap_what what, unsigned conn, bool from_server, uint64_t usec,
                struct span bytes) {
  const struct pcap_event e = {what, conn, from_server, usec, bytes};
  pcap_writer_add(writer, &e);
}

/* Of a one's complement sum over all words, checksum included. */
static bool sums_up(uint32_t sum, const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

/* A connection as a receiver sees it. */
struct seen {
  uint16_t port; /* the client's */
  struct buf streams[2];
  uint32_t next[2];
  char flags[512]; /* S, F, R and . for data; s, f, r and , from the server */
};

static struct seen seen[4];
static size_t nseen;
static uint64_t times[512];
static size_t npackets;

static struct seen *seen_of(uint16_t port) {
  for (size_t i = 0; i < nseen; i++)
    if (seen[i].port == port)
      return &seen[i];
  CHECK(nseen < 4);
  struct seen *s = &seen[nseen++];
  *s = (struct seen){.port = port};
  buf_init(&s->streams[0], 1 << 20);
  buf_init(&s->streams[1], 1 << 20);
  return s;
}

static void see(const uint8_t *p, size_t n) {
  struct ip ip;
  struct tcphdr tcp;
  ck_assert_uint_ge(n, 40);
  memcpy(&ip, p, sizeof ip);
  memcpy(&tcp, p + 20, sizeof tcp);
  ck_assert_uint_eq(ntohs(ip.ip_len), n);
  ck_assert(sums_up(0, p, 20));
  const uint8_t pseudo[] = {127, 0, 0, 1, 127, 0, 0, 1};
  ck_assert_mem_eq(p + 12, pseudo, 8);
  ck_assert(sums_up(2 * (0x7f00 + 1) + 6 + (uint32_t)n - 20, p + 20, n - 20));
  bool server = ntohs(tcp.th_sport) == 11210;
  ck_assert_uint_eq(ntohs(server ? tcp.th_sport : tcp.th_dport), 11210);
  struct seen *s = seen_of(ntohs(server ? tcp.th_dport : tcp.th_sport));
  if (tcp.th_flags & TH_SYN)
    s->next[server] = ntohl(tcp.th_seq);
  ck_assert_uint_eq(ntohl(tcp.th_seq), s->next[server]);
  if (tcp.th_flags & TH_ACK)
    ck_assert_uint_eq(ntohl(tcp.th_ack), s->next[!server]);
  buf_add(&s->streams[server], p + 40, n - 40);
  s->next[server] += (uint32_t)(n - 40) + !!(tcp.th_flags & (TH_SYN | TH_FIN));
  char flag = 0;
  if (n > 40)
    flag = server ? ',' : '.';
  else if (tcp.th_flags & TH_SYN)
    flag = server ? 's' : 'S';
  else if (tcp.th_flags & TH_FIN)
    flag = server ? 'f' : 'F';
  else if (tcp.th_flags & TH_RST)
    flag = server ? 'r' : 'R';
  size_t len = strlen(s->flags);
  CHECK(len + 1 < sizeof s->flags);
  s->flags[len] = flag; /* nothing for a bare acknowledgement */
}

static void read_back(void) {
  ck_assert(pcap_writer_close(writer));
  char why[PCAP_ERRBUF_SIZE];
  pcap_t *in = pcap_open_offline(path, why);
  ck_assert_msg(in != NULL, "%s", why);
  ck_assert_int_eq(pcap_datalink(in), DLT_RAW);
  struct pcap_pkthdr *header;
  const u_char *bytes;
  int more;
  while ((more = pcap_next_ex(in, &header, &bytes)) == 1) {
    ck_assert_uint_eq(header->caplen, header->len);
    times[npackets++] = (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec;
    see(bytes, header->len);
  }
  ck_assert_int_eq(more, PCAP_ERROR_BREAK);
  pcap_close(in);
}

static void forget(void) {
  for (size_t i = 0; i < nseen; i++) {
    buf_fini(&seen[i].streams[0]);
    buf_fini(&seen[i].streams[1]);
  }
}

static void check_streams(const struct seen *s, const char *client, const char *server) {
  ck_assert(span_is(buf_span(&s->streams[0]), client));
  ck_assert(span_is(buf_span(&s->streams[1]), server));
}

static const struct span none = {0};

START_TEST(both_streams_and_both_ends) {
  add(PCAP_OPENED, 1, false, 10, none);
  add(PCAP_DATA, 1, false, 1000020, span_str("ab"));
  add(PCAP_DATA, 1, false, 1000021, span_str("c"));
  add(PCAP_DATA, 1, true, 2000000, span_str("123"));
  add(PCAP_ENDED, 1, false, 2000001, none);
  add(PCAP_DATA, 1, true, 2000002, span_str("4"));
  add(PCAP_ENDED, 1, true, 2000003, none);
  add(PCAP_DATA, 1, true, 2000004, span_str("not open any more"));
  read_back();
  ck_assert_uint_eq(nseen, 1);
  ck_assert_uint_eq(seen[0].port, 50001);
  check_streams(&seen[0], "abc", "1234");
  ck_assert_str_eq(seen[0].flags, "Ss..,F,f");
  forget();
  ck_assert_uint_eq(times[0], 10);
  ck_assert_uint_eq(times[3], 1000020);
  ck_assert_uint_eq(times[npackets - 1], 2000003);
}
END_TEST

START_TEST(connections_are_told_apart) {
  add(PCAP_OPENED, 1, false, 1, none);
  add(PCAP_OPENED, 63, false, 2, none);
  add(PCAP_DATA, 63, false, 3, span_str("x"));
  add(PCAP_DATA, 1, false, 4, span_str("y"));
  add(PCAP_RESET, 63, true, 5, none);
  add(PCAP_OPENED, 1, false, 6, none); /* again, without an end before */
  add(PCAP_DATA, 1, false, 7, span_str("z"));
  read_back();
  ck_assert_uint_eq(nseen, 3);
  ck_assert_uint_eq(seen[1].port, 50063);
  ck_assert_uint_eq(seen[2].port, 50001 + 64);
  check_streams(&seen[0], "y", "");
  check_streams(&seen[1], "x", "");
  check_streams(&seen[2], "z", "");
  ck_assert_str_eq(seen[0].flags, "Ss.F");
  ck_assert_str_eq(seen[1].flags, "Ss.r");
  ck_assert_str_eq(seen[2].flags, "Ss.F");
  forget();
}
END_TEST

START_TEST(long_chunks_become_several_packets) {
  static const size_t sizes[] = {64999, 65000, 65001, 200000};
  uint8_t *bytes = xmalloc(sizes[_i]);
  for (size_t i = 0; i < sizes[_i]; i++)
    bytes[i] = (uint8_t)(i * 7 + i / 251);
  add(PCAP_OPENED, 2, false, 1, none);
  add(PCAP_DATA, 2, true, 2, span_of(bytes, sizes[_i]));
  read_back();
  ck_assert(span_eq(buf_span(&seen[0].streams[1]), span_of(bytes, sizes[_i])));
  /* The handshake, each part with its acknowledgement, the client's end with the server's. */
  ck_assert_uint_eq(npackets, 3 + 2 * ((sizes[_i] + 64999) / 65000) + 2);
  forget();
  free(bytes);
}
END_TEST

/* A connection that is opened again asks for a port that another one has. */
START_TEST(no_two_open_connections_share_a_port) {
  add(PCAP_OPENED, 1, false, 1, none);
  add(PCAP_OPENED, 65, false, 2, none);
  add(PCAP_RESET, 1, false, 3, none);
  add(PCAP_OPENED, 1, false, 4, none);
  add(PCAP_DATA, 65, false, 5, span_str("x"));
  add(PCAP_DATA, 1, false, 6, span_str("y"));
  read_back();
  ck_assert_uint_eq(nseen, 3);
  ck_assert_uint_eq(seen[1].port, 50065);
  ck_assert_uint_eq(seen[2].port, 50066);
  check_streams(&seen[1], "x", "");
  check_streams(&seen[2], "y", "");
  forget();
}
END_TEST

static off_t size(void) {
  struct stat st;
  CHECK(stat(path, &st) == 0);
  return st.st_size;
}

START_TEST(what_is_flushed_is_in_the_file) {
  add(PCAP_OPENED, 1, false, 1, none);
  ck_assert(pcap_writer_flush(writer));
  off_t before = size();
  add(PCAP_DATA, 1, false, 2, span_str("abc"));
  ck_assert_int_eq(size(), before);
  ck_assert(pcap_writer_flush(writer));
  ck_assert_int_eq(size(), before + 2 * (16 + 40) + 3);
  pcap_writer_close(writer);
}
END_TEST

START_TEST(nothing_is_a_capture_too) {
  read_back();
  ck_assert_uint_eq(npackets, 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_told) {
  pcap_writer_close(writer);
  errno = 0;
  ck_assert_ptr_null(pcap_writer_open("/nonexistent/file"));
  ck_assert_int_eq(errno, ENOENT);
  writer = pcap_writer_open("/dev/full");
  ck_assert_ptr_nonnull(writer);
  add(PCAP_OPENED, 1, false, 1, none);
  errno = 0;
  ck_assert(!pcap_writer_close(writer));
  ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("pcap");
  TCase *t = tcase_create("pcap");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, both_streams_and_both_ends);
  tcase_add_test(t, connections_are_told_apart);
  tcase_add_loop_test(t, long_chunks_become_several_packets, 0, 4);
  tcase_add_test(t, no_two_open_connections_share_a_port);
  tcase_add_test(t, what_is_flushed_is_in_the_file);
  tcase_add_test(t, nothing_is_a_capture_too);
  tcase_add_test(t, a_file_that_cannot_be_written_is_told);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
