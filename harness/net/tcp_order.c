#include "net/tcp_order.h"

#include <netinet/tcp.h>
#include <stdlib.h>

#include "base/check.h"

enum { HELD_BYTES_MAX = 1 << 20, HELD_MAX = 1024, HISTORY = 4096 };

/* A segment. */
struct held {
  unsigned side;
  uint64_t usec;
  uint32_t seq, ack;
  bool has_ack, fin, reset;
  size_t missing; /* of its end, cut off by the capture */
  uint8_t *data;
  size_t n;
};

void tcp_order_init(struct tcp_order *o) {
  *o = (struct tcp_order){0};
  vec_init(&o->held, sizeof(struct held));
  buf_init(&o->streams[0].history, SIZE_MAX / 2);
  buf_init(&o->streams[1].history, SIZE_MAX / 2);
}

void tcp_order_fini(struct tcp_order *o) {
  for (size_t i = 0; i < o->held.n; i++)
    free(((struct held *)vec_at(&o->held, i))->data);
  vec_fini(&o->held);
  buf_fini(&o->streams[0].history);
  buf_fini(&o->streams[1].history);
}

/* How far `a` is behind `b` in a stream whose numbers start again at 2^32. */
static int32_t ahead(uint32_t a, uint32_t b) {
  return (int32_t)(a - b);
}

static void remember(struct tcp_stream *s, struct span bytes) {
  if (bytes.n > HISTORY)
    bytes = span_from(bytes, bytes.n - HISTORY);
  buf_add_span(&s->history, bytes);
  if (s->history.n > 2 * HISTORY)
    buf_drop(&s->history, s->history.n - HISTORY);
}

/* Whether bytes from `seq` on are as they were told, as far as that is remembered. */
static bool same_as_told(const struct tcp_stream *s, uint32_t seq, struct span bytes) {
  size_t back = (size_t)(s->next - s->ended - seq);
  if (back > s->history.n) {
    bytes = span_from(bytes, back - s->history.n);
    back = s->history.n;
  }
  struct span told = span_sub(buf_span(&s->history), s->history.n - back, bytes.n);
  return told.n == 0 || memcmp(told.p, bytes.p, told.n) == 0;
}

static bool is_ready(const struct tcp_order *o, const struct held *h) {
  const struct tcp_stream *own = &o->streams[h->side], *other = &o->streams[!h->side];
  return ahead(h->seq, own->next) <= 0 &&
         (h->reset || !h->has_ack || !other->known || ahead(h->ack, other->next) <= 0);
}

/* Bytes of a segment that may be told now: up to where one begins that came before it. */
static size_t tellable(const struct tcp_order *o, const struct held *h, size_t index) {
  uint32_t end = h->seq + (uint32_t)h->n;
  for (size_t i = 0; i < index && i < o->held.n; i++) {
    const struct held *earlier = vec_at(&o->held, i);
    if (earlier->side == h->side && earlier->n > 0 &&
        ahead(earlier->seq, o->streams[h->side].next) > 0 && ahead(earlier->seq, end) < 0)
      end = earlier->seq;
  }
  return (size_t)(end - h->seq);
}

/* Tells of a segment what is new; true when there is no more to it. `index` is its place among
 * those held. */
static bool tell(struct tcp_order *o, const struct held *h, size_t index,
                 const struct tcp_sink *sink) {
  struct tcp_stream *s = &o->streams[h->side];
  size_t old = (size_t)(s->next - h->seq), may = tellable(o, h, index);
  struct span all = span_of(h->data, h->n), again = span_sub(all, 0, old);
  bool probe = h->n <= 1 && old == 1; /* of an idle connection: its byte means nothing */
  if (again.n && !probe && !same_as_told(s, h->seq, again))
    sink->told(sink->arg, TCP_DIFFERS, h->side, h->usec, again);
  struct span bytes = span_from(span_sub(all, 0, may), old);
  if (bytes.n) {
    s->next += (uint32_t)bytes.n;
    remember(s, bytes);
    sink->told(sink->arg, TCP_DATA, h->side, h->usec, bytes);
  }
  if (may < h->n)
    return false;
  if (h->fin && s->next == h->seq + (uint32_t)(h->n + h->missing)) {
    s->next++;
    s->ended = true;
    sink->told(sink->arg, TCP_ENDED, h->side, h->usec, (struct span){0});
  }
  if (h->reset)
    sink->told(sink->arg, TCP_RESET, h->side, h->usec, (struct span){0});
  return true;
}

/* Tells what has become possible, the first that came first. */
static void tell_held(struct tcp_order *o, const struct tcp_sink *sink) {
  for (size_t i = 0; i < o->held.n;) {
    struct held h = *(struct held *)vec_at(&o->held, i);
    uint32_t before = o->streams[h.side].next;
    bool done = is_ready(o, &h) && tell(o, &h, i, sink);
    if (done) {
      free(h.data);
      o->held_bytes -= h.n;
      o->held.n--;
      struct held *all = o->held.items;
      memmove(all + i, all + i + 1, (o->held.n - i) * sizeof *all);
    }
    i = done || o->streams[h.side].next != before ? 0 : i + 1;
  }
}

static bool hold(struct tcp_order *o, const struct held *h) {
  if (o->held.n == HELD_MAX || o->held_bytes + h->n > HELD_BYTES_MAX)
    return false;
  struct held *kept = vec_push(&o->held);
  *kept = *h;
  kept->data = NULL;
  if (h->n) {
    kept->data = xmalloc(h->n);
    memcpy(kept->data, h->data, h->n);
  }
  o->held_bytes += h->n;
  return true;
}

/* What a segment says of where the streams are. */
static void learn(struct tcp_order *o, struct held *h, bool syn) {
  struct tcp_stream *own = &o->streams[h->side], *other = &o->streams[!h->side];
  if (syn)
    h->seq++;
  if (!own->known) {
    own->known = true;
    own->next = h->seq;
  }
  if (syn && h->has_ack && !other->known) {
    other->known = true;
    other->next = h->ack;
  }
  if (h->has_ack && !h->reset && (!other->has_acked || ahead(h->ack, other->acked) > 0)) {
    other->has_acked = true;
    other->acked = h->ack;
  }
}

bool tcp_order_add(struct tcp_order *o, unsigned side, uint64_t usec, const struct packet *p,
                   const struct tcp_sink *sink) {
  struct held h = {.side = side,
                   .usec = usec,
                   .seq = p->seq,
                   .ack = p->ack,
                   .has_ack = p->flags & TH_ACK,
                   .fin = p->flags & TH_FIN,
                   .reset = p->flags & TH_RST,
                   .missing = p->missing,
                   .data = (uint8_t *)p->data.p,
                   .n = p->data.n};
  learn(o, &h, p->flags & TH_SYN);
  if (h.n == 0 && !h.fin && !h.reset)
    return true; /* all that it says is where the streams are */
  if (!is_ready(o, &h) || !tell(o, &h, o->held.n, sink)) {
    if (!hold(o, &h))
      return false;
  }
  tell_held(o, sink);
  return true;
}

/* Up to where a side's stream is there without a gap, also of what is held. */
static uint32_t whole_until(const struct tcp_order *o, unsigned side) {
  uint32_t end = o->streams[side].next;
  for (size_t i = 0; i < o->held.n;) {
    const struct held *h = vec_at(&o->held, i++);
    uint32_t own_end = h->seq + (uint32_t)h->n + (h->fin && h->missing == 0);
    if (h->side == side && ahead(h->seq, end) <= 0 && ahead(own_end, end) > 0) {
      end = own_end;
      i = 0;
    }
  }
  return end;
}

bool tcp_order_lacks(const struct tcp_order *o, unsigned *side, size_t *bytes) {
  for (*side = 0; *side < 2; ++*side) {
    const struct tcp_stream *s = &o->streams[*side];
    uint32_t end = whole_until(o, *side);
    int32_t least = s->known && s->has_acked ? ahead(s->acked, end) : 0;
    for (size_t i = 0; i < o->held.n; i++) {
      const struct held *h = vec_at(&o->held, i);
      int32_t gap = h->side == *side ? ahead(h->seq, end) : 0;
      if (gap > 0 && (least <= 0 || gap < least))
        least = gap;
    }
    if (least > 0) {
      *bytes = (size_t)least;
      return true;
    }
  }
  return false;
}
