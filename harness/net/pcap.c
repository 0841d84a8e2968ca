#include "net/pcap.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

enum {
  SNAPLEN = 65535,
  DATA_MAX = 65000, /* of one packet */
  WINDOW = 65535,
  FIRST_SEQ = 1000, /* of the first client; its server's is twice that */
  PORTS = 65536 - PCAP_CLIENT_PORT,
  REOPENED = 64,         /* ports further is where a connection looks for another one */
  BUFFERED = 256 * 1024, /* bytes of packets between two flushes */
};

_Static_assert((int)PCAP_CONNS < (int)PORTS, "each open connection has a port");

enum side { CLIENT, SERVER };

struct talk {
  bool open, ended[2];
  unsigned openings;
  uint16_t port;   /* the client's */
  uint32_t seq[2]; /* of the next byte of each side */
};

struct pcap_writer {
  pcap_t *format;
  pcap_dumper_t *out;
  uint64_t usec; /* of the last event */
  uint16_t packets;
  uint32_t opened;   /* openings in all, which tell sequence numbers on the same port apart */
  bool taken[PORTS]; /* ports of connections that are open */
  struct talk talks[PCAP_CONNS];
  char room[BUFFERED]; /* the file's; the C library makes its own as small as a page */
};

struct packet {
  struct ip ip;
  struct tcphdr tcp;
  uint8_t data[DATA_MAX];
};

_Static_assert(sizeof(struct packet) == 40 + DATA_MAX, "headers without options");

struct pcap_writer *pcap_writer_open(const char *path) {
  FILE *file = fopen(path, "we");
  if (!file)
    return NULL;
  struct pcap_writer *w = xcalloc(1, sizeof *w);
  setvbuf(file, w->room, _IOFBF, BUFFERED);
  w->format = pcap_open_dead(DLT_RAW, SNAPLEN);
  w->out = w->format ? pcap_dump_fopen(w->format, file) : NULL;
  if (w->out)
    return w;
  int err = errno;
  if (w->format)
    pcap_close(w->format);
  fclose(file);
  free(w);
  errno = err;
  return NULL;
}

/* The sum that the Internet checksum is made of (RFC 1071), in the machine's order of bytes, which
 * does not matter to it, and in words that are as wide as it allows. */
static uint64_t sum_words(uint64_t sum, const void *p, size_t n) {
  const uint8_t *bytes = p;
  uint32_t word;
  for (; n >= sizeof word; n -= sizeof word, bytes += sizeof word) {
    memcpy(&word, bytes, sizeof word);
    sum += word;
  }
  word = 0;
  memcpy(&word, bytes, n);
  return sum + word;
}

/* As it stands in the packet. */
static uint16_t checksum(uint64_t sum) {
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

static void put(struct pcap_writer *w, struct talk *t, enum side from, uint8_t flags,
                struct span data) {
  static struct packet p;
  const size_t tcp_bytes = sizeof p.tcp + data.n, bytes = sizeof p.ip + tcp_bytes;
  const uint16_t ports[] = {[CLIENT] = t->port, [SERVER] = PCAP_SERVER_PORT};
  p.ip = (struct ip){.ip_v = 4,
                     .ip_hl = sizeof p.ip / 4,
                     .ip_len = htons((uint16_t)bytes),
                     .ip_id = htons(w->packets++),
                     .ip_off = htons(IP_DF),
                     .ip_ttl = IPDEFTTL,
                     .ip_p = IPPROTO_TCP,
                     .ip_src.s_addr = htonl(INADDR_LOOPBACK),
                     .ip_dst.s_addr = htonl(INADDR_LOOPBACK)};
  p.ip.ip_sum = checksum(sum_words(0, &p.ip, sizeof p.ip));
  p.tcp = (struct tcphdr){.th_sport = htons(ports[from]),
                          .th_dport = htons(ports[!from]),
                          .th_seq = htonl(t->seq[from]),
                          .th_ack = htonl(flags & TH_ACK ? t->seq[!from] : 0),
                          .th_off = sizeof p.tcp / 4,
                          .th_flags = flags,
                          .th_win = htons(WINDOW)};
  if (data.n)
    memcpy(p.data, data.p, data.n);
  /* The pseudo header: both addresses, the protocol, the segment's length (RFC 9293, 3.1). */
  uint64_t sum = sum_words(htons((uint16_t)(IPPROTO_TCP + tcp_bytes)), &p.ip.ip_src, 8);
  p.tcp.th_sum = checksum(sum_words(sum, &p.tcp, tcp_bytes));
  const struct pcap_pkthdr header = {
      .ts = {.tv_sec = (time_t)(w->usec / 1000000), .tv_usec = (suseconds_t)(w->usec % 1000000)},
      .caplen = (bpf_u_int32)bytes,
      .len = (bpf_u_int32)bytes};
  pcap_dump((u_char *)w->out, &header, (const u_char *)&p);
  t->seq[from] += (uint32_t)data.n + !!(flags & (TH_SYN | TH_FIN));
}

static const struct span none = {0};

static void close_talk(struct pcap_writer *w, struct talk *t) {
  t->open = false;
  w->taken[t->port - PCAP_CLIENT_PORT] = false;
}

static void end_side(struct pcap_writer *w, struct talk *t, enum side side) {
  if (!t->open || t->ended[side])
    return;
  t->ended[side] = true;
  put(w, t, side, TH_FIN | TH_ACK, none);
  put(w, t, !side, TH_ACK, none);
  if (t->ended[!side])
    close_talk(w, t);
}

static uint16_t take_port(struct pcap_writer *w, unsigned first) {
  unsigned n = first % PORTS;
  while (w->taken[n])
    n = (n + 1) % PORTS;
  w->taken[n] = true;
  return (uint16_t)(PCAP_CLIENT_PORT + n);
}

static void open_talk(struct pcap_writer *w, struct talk *t, unsigned conn) {
  end_side(w, t, CLIENT);
  if (t->open)
    close_talk(w, t);
  unsigned openings = t->openings;
  *t = (struct talk){.open = true,
                     .openings = openings + 1,
                     .port = take_port(w, conn + openings * REOPENED),
                     .seq = {FIRST_SEQ + w->opened, 2 * FIRST_SEQ + w->opened}};
  w->opened++;
  put(w, t, CLIENT, TH_SYN, none);
  put(w, t, SERVER, TH_SYN | TH_ACK, none);
  put(w, t, CLIENT, TH_ACK, none);
}

void pcap_writer_add(struct pcap_writer *w, const struct pcap_event *e) {
  CHECK(e->conn < PCAP_CONNS);
  struct talk *t = &w->talks[e->conn];
  enum side side = e->from_server ? SERVER : CLIENT;
  w->usec = e->usec;
  if (e->what == PCAP_OPENED)
    open_talk(w, t, e->conn);
  if (!t->open || t->ended[side])
    return;
  if (e->what == PCAP_ENDED)
    end_side(w, t, side);
  if (e->what == PCAP_RESET) {
    put(w, t, side, TH_RST | TH_ACK, none);
    close_talk(w, t);
  }
  if (e->what != PCAP_DATA)
    return;
  for (struct span rest = e->bytes; rest.n > 0; rest = span_from(rest, DATA_MAX)) {
    put(w, t, side, TH_PUSH | TH_ACK, span_sub(rest, 0, DATA_MAX));
    put(w, t, !side, TH_ACK, none);
  }
}

bool pcap_writer_flush(struct pcap_writer *w) {
  return pcap_dump_flush(w->out) == 0 && !ferror(pcap_dump_file(w->out));
}

bool pcap_writer_close(struct pcap_writer *w) {
  for (size_t i = 0; i < PCAP_CONNS; i++)
    end_side(w, &w->talks[i], CLIENT);
  bool ok = pcap_writer_flush(w);
  int err = errno;
  pcap_dump_close(w->out);
  pcap_close(w->format);
  free(w);
  errno = err;
  return ok;
}
