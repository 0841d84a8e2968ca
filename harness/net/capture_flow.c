#include "net/capture_flow.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <search.h>
#include <stdlib.h>

#include "base/check.h"
#include "net/capture_start.h"
#include "net/tcp_order.h"

enum {
  PORT_COUCHBASE = 11210,
  PORT_MEMCACHED = 11211,
  OVER_MAX = 1024 /* connections that are over and still known, for what comes late */
};

enum flow_state {
  FLOW_UNDECIDED, /* it may be MCBP's */
  FLOW_TAKEN,
  FLOW_OVER /* or none of MCBP's */
};

/* A connection; its ends by side, 0 the lower one. */
struct flow {
  struct packet_end ends[2];
  unsigned server; /* which side it is */
  enum flow_state state;
  bool whole;     /* its beginning was captured */
  uint32_t first; /* the number of its SYN */
  bool ended[2];
  bool told;
  size_t conn;
  struct tcp_order order;
  struct capture_start start;
  struct flows *all;
};

struct flows {
  uint16_t port;
  struct flows_sink sink;
  void *tree; /* of struct flow, by their ends */
  struct flow *over[OVER_MAX];
  size_t nover; /* how many have been over, in all */
  size_t conns;
  uint64_t last; /* packet's time */
};

struct flows *flows_new(uint16_t port, struct flows_sink sink) {
  struct flows *f = xcalloc(1, sizeof *f);
  f->port = port;
  f->sink = sink;
  return f;
}

static void flow_free(void *p) {
  struct flow *flow = p;
  tcp_order_fini(&flow->order);
  free(flow);
}

void flows_free(struct flows *f) {
  if (!f)
    return;
  tdestroy(f->tree, flow_free);
  free(f);
}

static int compare_ends(const struct packet_end *a, const struct packet_end *b) {
  if (a->family != b->family)
    return a->family - b->family;
  int address = memcmp(a->address, b->address, sizeof a->address);
  return address ? address : (a->port > b->port) - (a->port < b->port);
}

static int by_ends(const void *a, const void *b) {
  const struct flow *x = a, *y = b;
  int lower = compare_ends(&x->ends[0], &y->ends[0]);
  return lower ? lower : compare_ends(&x->ends[1], &y->ends[1]);
}

static void put_end(struct buf *out, const struct packet_end *e) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(e->family == 4 ? AF_INET : AF_INET6, e->address, text, sizeof text);
  buf_addf(out, e->family == 4 ? "%s:%u" : "[%s]:%u", text, e->port);
}

static void note(struct flow *flow, const char *what) {
  struct buf text;
  buf_init(&text, 512);
  buf_add_str(&text, "the connection ");
  put_end(&text, &flow->ends[!flow->server]);
  buf_add_str(&text, " to ");
  put_end(&text, &flow->ends[flow->server]);
  buf_addf(&text, " %s", what);
  flow->all->sink.note(flow->all->sink.arg, buf_cstr(&text));
  buf_fini(&text);
}

/* Lets go what a connection holds that is over, and in time what is known of it. */
static void retire(struct flow *flow) {
  struct flows *f = flow->all;
  struct flow **place = &f->over[f->nover++ % OVER_MAX];
  tcp_order_fini(&flow->order);
  tcp_order_init(&flow->order);
  if (*place) {
    tdelete(*place, &f->tree, by_ends);
    flow_free(*place);
  }
  *place = flow;
}

static void emit(struct flow *flow, enum capture_what what, unsigned side, uint64_t usec,
                 struct span bytes) {
  struct flows *f = flow->all;
  if (!flow->told) {
    flow->told = true;
    flow->conn = f->conns++;
    f->sink.event(f->sink.arg, &(struct capture_event){CAPTURE_OPENED, flow->conn, false, usec,
                                                       (struct span){0}});
  }
  f->sink.event(f->sink.arg,
                &(struct capture_event){what, flow->conn, side == flow->server, usec, bytes});
}

/* Whether the connection's first bytes are MCBP's; else it is over. */
static bool decide(struct flow *flow, bool from_server, struct span bytes) {
  bool tls = bytes.n > 1 && bytes.p[0] == 0x16 && bytes.p[1] == 0x03;
  if (flow->state == FLOW_TAKEN && !(tls && !flow->told))
    return true;
  if (flow->state == FLOW_UNDECIDED && !from_server && start_is_request(bytes)) {
    flow->state = FLOW_TAKEN;
    return true;
  }
  if (flow->state == FLOW_TAKEN)
    note(flow, "speaks TLS, which can't be read here, and is left out");
  flow->state = FLOW_OVER;
  return false;
}

static void tell_data(struct flow *flow, unsigned side, uint64_t usec, struct span bytes) {
  bool from_server = side == flow->server, had = flow->start.found[0];
  struct span front = {0};
  if (!decide(flow, from_server, bytes))
    return;
  if (!flow->whole && !start_find(&flow->start, from_server, &bytes, &front))
    return;
  if (!flow->whole && !had)
    note(flow, "was open before the capture began; it is told from the first request on that can "
               "be made out");
  if (front.n)
    emit(flow, CAPTURE_DATA, side, usec, front);
  emit(flow, CAPTURE_DATA, side, usec, bytes);
}

static void tell_end(struct flow *flow, enum tcp_what what, unsigned side, uint64_t usec) {
  if (flow->told)
    emit(flow, what == TCP_ENDED ? CAPTURE_ENDED : CAPTURE_RESET, side, usec, (struct span){0});
  flow->ended[side] = true;
  if (what == TCP_RESET || flow->ended[!side])
    flow->state = FLOW_OVER;
}

static void told_cb(void *arg, enum tcp_what what, unsigned side, uint64_t usec,
                    struct span bytes) {
  struct flow *flow = arg;
  if (flow->state == FLOW_OVER)
    return;
  if (what == TCP_DATA)
    tell_data(flow, side, usec, bytes);
  else if (what != TCP_DIFFERS)
    tell_end(flow, what, side, usec);
  else if (flow->state == FLOW_TAKEN)
    note(flow, "sent bytes again that differ from those before; the first count");
}

/* Tells what is missing, if anything. */
static void tell_lost(struct flow *flow, uint64_t usec) {
  unsigned side;
  size_t bytes;
  if (flow->state != FLOW_TAKEN || !tcp_order_lacks(&flow->order, &side, &bytes))
    return;
  char *what = xasprintf("lacks %zu bytes of the %s's that were not captured; what follows is left "
                         "out",
                         bytes, side == flow->server ? "server" : "client");
  note(flow, what);
  free(what);
  if (flow->told)
    emit(flow, CAPTURE_LOST, side, usec, (struct span){0});
}

static bool is_mcbp_port(uint16_t port) {
  return port == PORT_COUCHBASE || port == PORT_MEMCACHED;
}

/* Which end of a packet is the server's, if that can be told; `*sure` when it speaks MCBP. */
static bool find_server(const struct flows *f, const struct packet *p, bool *is_to, bool *sure) {
  bool syn = p->flags & TH_SYN, ack = p->flags & TH_ACK;
  bool from_known = f->port ? p->from.port == f->port : is_mcbp_port(p->from.port);
  bool to_known = f->port ? p->to.port == f->port : is_mcbp_port(p->to.port);
  *sure = from_known || to_known;
  if (f->port && !*sure)
    return false;
  *is_to = syn ? !ack : *sure ? to_known : true;
  return syn || (*sure && p->data.n) || start_is_request(p->data);
}

static struct flow *flow_new(struct flows *f, const struct flow *key, const struct packet *p) {
  bool is_to, sure;
  if (!find_server(f, p, &is_to, &sure))
    return NULL;
  struct flow *flow = xcalloc(1, sizeof *flow);
  *flow = *key;
  flow->all = f;
  flow->server = (compare_ends(&p->from, &key->ends[0]) == 0) == is_to;
  flow->whole = p->flags & TH_SYN;
  flow->first = p->seq;
  flow->state = sure || !flow->whole ? FLOW_TAKEN : FLOW_UNDECIDED;
  tcp_order_init(&flow->order);
  CHECK(tsearch(flow, &f->tree, by_ends));
  return flow;
}

/* Forgets a connection; another one has its ends now. */
static void forget(struct flows *f, struct flow *flow) {
  for (size_t i = 0; i < OVER_MAX; i++)
    if (f->over[i] == flow)
      f->over[i] = NULL;
  tdelete(flow, &f->tree, by_ends);
  flow_free(flow);
}

void flows_add(struct flows *f, uint64_t usec, const struct packet *p) {
  bool opens = (p->flags & (TH_SYN | TH_ACK)) == TH_SYN;
  bool lower = compare_ends(&p->from, &p->to) < 0;
  struct flow key = {.ends = {lower ? p->from : p->to, lower ? p->to : p->from}};
  struct flow **found = tfind(&key, &f->tree, by_ends), *flow = found ? *found : NULL;
  if (flow && opens && (flow->state == FLOW_OVER || flow->first != p->seq)) {
    tell_lost(flow, usec);
    forget(f, flow);
    flow = NULL;
  }
  if (!flow)
    flow = flow_new(f, &key, p);
  if (!flow || flow->state == FLOW_OVER)
    return;
  const struct tcp_sink sink = {told_cb, flow};
  f->last = usec;
  if (!tcp_order_add(&flow->order, !lower, usec, p, &sink)) {
    tell_lost(flow, usec);
    flow->state = FLOW_OVER;
  }
  if (flow->state == FLOW_OVER)
    retire(flow);
}

static void end_cb(const void *node, VISIT visit, void *arg) {
  uint64_t *usec = arg;
  if (visit == postorder || visit == leaf)
    tell_lost(*(struct flow *const *)node, *usec);
}

void flows_end(struct flows *f) {
  uint64_t usec = f->last;
  twalk_r(f->tree, end_cb, &usec);
}
