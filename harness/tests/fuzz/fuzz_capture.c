/* Whatever packets a capture holds, connections are told as they should be: opened first and once,
 * nothing behind what ends them, and no byte that was not in a packet. Each packet of the input is
 * either a segment made of its fields, so that the streams are reached, or bytes of any link layer.
 */
#include <netinet/tcp.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/vec.h"
#include "fuzz.h"
#include "mcbp/header.h"
#include "net/capture_flow.h"

enum { PACKET_MAX = 64 };

/* What has been told of a connection. */
struct seen {
  bool over;
};

struct world {
  struct vec conns; /* of struct seen */
  size_t in, out;   /* bytes of data */
};

static void event_cb(void *arg, const struct capture_event *e) {
  struct world *w = arg;
  CHECK(e->conn <= w->conns.n && (e->what == CAPTURE_OPENED) == (e->conn == w->conns.n));
  if (e->what == CAPTURE_OPENED)
    vec_push(&w->conns);
  struct seen *s = vec_at(&w->conns, e->conn);
  CHECK(!s->over);
  s->over = e->what == CAPTURE_RESET || e->what == CAPTURE_LOST;
  CHECK((e->what == CAPTURE_DATA) == (e->bytes.n > 0));
  w->out += e->bytes.n;
  CHECK(w->out <= w->in);
}

static void note_cb(void *arg, const char *text) {
  (void)arg;
  CHECK(text[0] && !strchr(text, '\n'));
}

static struct span take(struct span *in, size_t n) {
  struct span taken = span_sub(*in, 0, n);
  *in = span_from(*in, n);
  return taken;
}

/* A segment on one of a few connections, its numbers near to each other. */
static void take_segment(struct span *in, struct packet *p) {
  static const uint8_t flags[] = {TH_SYN, TH_SYN | TH_ACK, TH_ACK, TH_ACK,
                                  TH_ACK, TH_FIN | TH_ACK, TH_RST, TH_RST | TH_ACK};
  struct span head = take(in, 5);
  if (head.n < 5)
    return;
  bool server = head.p[0] & 1;
  struct packet_end client = {4, {1}, (uint16_t)(40000 + (head.p[0] >> 1 & 1))};
  struct packet_end other = {4, {2}, (uint16_t)(head.p[0] & 4 ? 11211 : 9000)};
  *p = (struct packet){.from = server ? other : client,
                       .to = server ? client : other,
                       .seq = 0xfffffff0u + head.p[1],
                       .ack = 0xfffffff0u + head.p[2],
                       .flags = flags[head.p[3] & 7],
                       .missing = head.p[3] >> 6 == 3,
                       .data = take(in, head.p[4] % PACKET_MAX)};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const int links[] = {1, 0, 108, 113, 276, 12};
  struct span in = span_of(data, size);
  struct world w = {0};
  vec_init(&w.conns, sizeof(struct seen));
  struct flows *flows = flows_new(0, (struct flows_sink){event_cb, note_cb, &w});
  while (in.n > 1) {
    struct packet p = {0};
    uint8_t kind = take(&in, 1).p[0];
    enum packet_kind parsed = PACKET_TCP;
    if (kind & 0xf0)
      take_segment(&in, &p);
    else
      parsed = packet_parse(links[kind % 6], take(&in, 1 + in.p[0] % (2 * PACKET_MAX)), &p);
    if (parsed == PACKET_TCP) {
      w.in += p.data.n;
      flows_add(flows, in.n, &p);
    }
  }
  flows_end(flows);
  flows_free(flows);
  vec_fini(&w.conns);
  return 0;
}
