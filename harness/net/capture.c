#include "net/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/vec.h"
#include "net/capture_flow.h"

enum { NOTES_MAX = 64 << 10, READ_BYTES = 256 << 10 };

struct capture {
  const char *path;
  FILE *file; /* pcap's.. */
  char *room; /* .. and what it reads into */
  pcap_t *pcap;
  int link;
  struct flows *flows;
  struct vec events; /* of one packet, the bytes of each by their place in `bytes` */
  struct buf bytes;
  size_t told, told_bytes; /* of them */
  bool ended;
  struct buf notes;
  uint64_t size, fragments, cut, unread;
};

/* The magic numbers of pcap, in both byte orders and with either unit of time, and of pcapng. */
static bool is_magic(uint32_t magic) {
  uint32_t swapped = __builtin_bswap32(magic);
  return magic == 0xa1b2c3d4 || swapped == 0xa1b2c3d4 || magic == 0xa1b23c4d ||
         swapped == 0xa1b23c4d || magic == 0x0a0d0d0a;
}

bool capture_is(const char *path) {
  uint32_t magic = 0;
  FILE *file = fopen(path, "re");
  bool read = file && fread(&magic, sizeof magic, 1, file) == 1;
  if (file)
    fclose(file);
  return read && is_magic(magic);
}

static void event_cb(void *arg, const struct capture_event *e) {
  struct capture *c = arg;
  struct capture_event *kept = vec_push(&c->events);
  *kept = *e;
  buf_add_span(&c->bytes, e->bytes);
}

static void note_cb(void *arg, const char *text) {
  struct capture *c = arg;
  buf_addf(&c->notes, "%s\n", text);
}

struct capture *capture_open(const char *path, uint16_t port, struct diag *diag) {
  char why[PCAP_ERRBUF_SIZE];
  struct stat st;
  FILE *file = fopen(path, "re");
  if (!file) {
    diag_at(diag, path, 0, 0, "can't read it: %s", strerror(errno));
    return NULL;
  }
  char *room = xmalloc(READ_BYTES); /* the C library makes its own as small as a page */
  setvbuf(file, room, _IOFBF, READ_BYTES);
  pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_MICRO, why);
  if (!pcap) {
    diag_at(diag, path, 0, 0, "no capture that can be read: %s; give a pcap or pcapng file", why);
    fclose(file);
    free(room);
    return NULL;
  }
  int link = pcap_datalink(pcap);
  if (!packet_link_known(link)) {
    const char *name = pcap_datalink_val_to_name(link);
    diag_at(diag, path, 0, 0,
            "its link type %s is not read; capture on Ethernet, loopback or \"any\"",
            name ? name : "(unknown)");
    pcap_close(pcap);
    free(room);
    return NULL;
  }
  struct capture *c = xcalloc(1, sizeof *c);
  c->room = room;
  c->path = path;
  c->file = file;
  c->pcap = pcap;
  c->link = link;
  c->size = fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
  c->flows = flows_new(port, (struct flows_sink){event_cb, note_cb, c});
  vec_init(&c->events, sizeof(struct capture_event));
  buf_init(&c->bytes, SIZE_MAX / 2);
  buf_init(&c->notes, NOTES_MAX);
  return c;
}

void capture_close(struct capture *c) {
  if (!c)
    return;
  pcap_close(c->pcap);
  free(c->room);
  flows_free(c->flows);
  vec_fini(&c->events);
  buf_fini(&c->bytes);
  buf_fini(&c->notes);
  free(c);
}

static void add_packet(struct capture *c, const struct pcap_pkthdr *header, const uint8_t *bytes) {
  struct packet p;
  uint64_t usec = (uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec;
  switch (packet_parse(c->link, span_of(bytes, header->caplen), &p)) {
  case PACKET_TCP:
    c->cut += p.missing > 0;
    flows_add(c->flows, usec, &p);
    break;
  case PACKET_FRAGMENT:
    c->fragments++;
    break;
  case PACKET_SHORT:
    c->unread++;
    break;
  case PACKET_OTHER:
    break;
  }
}

static void note_counts(struct capture *c) {
  if (c->cut)
    buf_addf(&c->notes,
             "%" PRIu64 " packets were cut short when they were captured; capture them whole "
             "(tcpdump -s 0)\n",
             c->cut);
  if (c->fragments)
    buf_addf(&c->notes, "%" PRIu64 " fragments of IP packets are left out\n", c->fragments);
  if (c->unread)
    buf_addf(&c->notes, "%" PRIu64 " packets end within their headers, and are left out\n",
             c->unread);
}

/* Reads packets until one makes something known. */
static enum capture_read fill(struct capture *c, struct diag *diag) {
  struct pcap_pkthdr *header;
  const uint8_t *bytes;
  c->told = c->told_bytes = 0;
  c->events.n = 0;
  buf_reset(&c->bytes);
  while (c->events.n == 0 && !c->ended) {
    int got = pcap_next_ex(c->pcap, &header, &bytes);
    if (got == 1) {
      add_packet(c, header, bytes);
    } else if (got == PCAP_ERROR_BREAK) {
      c->ended = true;
      flows_end(c->flows);
      note_counts(c);
    } else {
      diag_at(diag, c->path, 0, 0,
              "malformed: %s; \"editcap %s FILE\" keeps the packets before that",
              pcap_geterr(c->pcap), c->path);
      return CAPTURE_BAD;
    }
  }
  return c->events.n ? CAPTURE_READ : CAPTURE_END;
}

enum capture_read capture_next(struct capture *c, struct capture_event *e, struct diag *diag) {
  if (c->told == c->events.n) {
    enum capture_read read = fill(c, diag);
    if (read != CAPTURE_READ)
      return read;
  }
  *e = *(const struct capture_event *)vec_at(&c->events, c->told++);
  e->bytes = span_sub(buf_span(&c->bytes), c->told_bytes, e->bytes.n);
  c->told_bytes += e->bytes.n;
  return CAPTURE_READ;
}

const char *capture_notes(struct capture *c) {
  return buf_cstr(&c->notes);
}

uint64_t capture_position(const struct capture *c, uint64_t *size) {
  long at = ftell(c->file);
  *size = c->size;
  return at < 0 ? 0 : (uint64_t)at;
}
