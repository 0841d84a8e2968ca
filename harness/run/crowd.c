#include "run/crowd.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/check.h"
#include "mcbp/header.h"
#include "net/conn.h"
#include "net/tls.h"

enum {
  SLOW_EACH = 4,       /* every fourth play is a slow reader */
  CHURNS = 2,          /* connections that come and reset at any time .. */
  CHURN_ROUNDS = 12,   /* .. and so often each .. */
  CHURN_TLS_ROUNDS = 2 /* .. on TLS, where each costs a handshake */
};

struct member {
  struct crowd *crowd;
  struct play *play;
};

/* A connection that sends half a get and resets, again and again while the crowd plays. On TLS
 * every other one resets in the middle of the handshake. */
struct churn {
  struct crowd *crowd;
  struct conn *conn;
  unsigned rounds;
};

struct crowd {
  struct event_base *base;
  struct play_options options;
  struct delivery fast, slow;
  struct member *members;
  size_t n, playing;
  struct churn churns[CHURNS];
  uint8_t half[HEADER_BYTES / 2];
  struct addr bare; /* where TLS is spoken, for those that don't finish their first words */
  struct tls *tls;  /* these words; NULL without TLS */
  void (*done)(void *arg);
  void *arg;
};

static void churn_start(struct churn *c);

static void churn_end(struct churn *c) {
  conn_free(c->conn);
  c->conn = NULL;
}

static void churn_data(void *arg, struct conn *c, struct span bytes) {
  (void)arg, (void)c, (void)bytes;
}

static void churn_sent(void *arg, struct conn *conn) {
  struct churn *c = arg;
  const struct linger reset = {.l_onoff = 1};
  CHECK(setsockopt(conn_fd(conn), SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
  churn_end(c);
  bool tls = c->crowd->options.to->transport == TRANSPORT_TLS;
  if (++c->rounds < (tls ? CHURN_TLS_ROUNDS : CHURN_ROUNDS) && c->crowd->playing > 0)
    churn_start(c);
}

static void churn_closed(void *arg, struct conn *conn, enum conn_end end) {
  (void)conn, (void)end;
  churn_end(arg);
}

static void churn_progress(void *arg, struct conn *c) {
  (void)arg, (void)c;
}

static const struct conn_handler churn_handler = {churn_data, churn_sent, churn_closed,
                                                  churn_progress};

static void churn_start(struct churn *c) {
  struct crowd *crowd = c->crowd;
  bool shakes = crowd->tls && c->rounds % 2;
  struct span hello = shakes ? tls_wire(crowd->tls) : (struct span){0};
  c->conn = conn_new(crowd->base, shakes ? &crowd->bare : crowd->options.to, &churn_handler, c);
  conn_send(c->conn,
            shakes ? span_sub(hello, 0, hello.n / 2) : span_of(crowd->half, sizeof crowd->half),
            true);
}

static void member_done(void *arg) {
  struct member *m = arg;
  if (--m->crowd->playing == 0)
    m->crowd->done(m->crowd->arg);
}

static struct delivery kind_named(const char *name) {
  struct delivery d;
  struct buf why;
  buf_init(&why, 1024);
  if (!delivery_parse(span_str(name), &d, &why))
    DIE("%s", buf_cstr(&why));
  buf_fini(&why);
  return d;
}

struct crowd *crowd_new(struct event_base *base, const struct play_options *options, size_t n,
                        const char (*ns)[4], void (*done)(void *arg), void *arg) {
  struct crowd *c = xcalloc(1, sizeof *c);
  uint8_t whole[HEADER_BYTES];
  const struct header get = {.magic = MAGIC_REQUEST, .keylen = 1, .bodylen = 1};
  c->base = base;
  c->options = *options;
  c->done = done;
  c->arg = arg;
  c->n = c->playing = n;
  c->fast = kind_named("pipelined");
  c->slow = kind_named("slow-read");
  c->members = xcalloc(n, sizeof *c->members);
  header_pack(&get, whole);
  memcpy(c->half, whole, sizeof c->half);
  for (size_t i = 0; i < n; i++) {
    struct play_options o = *options;
    memcpy(o.ns, ns[i], sizeof o.ns);
    o.delivery = i % SLOW_EACH == SLOW_EACH - 1 ? &c->slow : &c->fast;
    o.seed += i;
    if (i > 0) {
      o.tape = NULL;
      o.transcript = NULL;
    }
    c->members[i] = (struct member){c, NULL};
    c->members[i].play = play_new(base, &o, member_done, &c->members[i]);
  }
  if (options->to->transport == TRANSPORT_TLS) {
    c->bare = *options->to;
    addr_lay_bare(&c->bare);
    c->tls = tls_new(options->to->trust, "localhost");
  }
  for (size_t i = 0; i < CHURNS; i++) {
    c->churns[i] = (struct churn){.crowd = c};
    churn_start(&c->churns[i]);
  }
  return c;
}

void crowd_free(struct crowd *c) {
  if (!c)
    return;
  for (size_t i = 0; i < c->n; i++)
    play_free(c->members[i].play);
  for (size_t i = 0; i < CHURNS; i++)
    churn_end(&c->churns[i]);
  tls_free(c->tls);
  free(c->members);
  free(c);
}

struct verdict crowd_verdict(struct crowd *c) {
  for (size_t i = 0; i < c->n; i++) {
    struct verdict v = play_verdict(c->members[i].play);
    if (v.status == VERDICT_PASS)
      continue;
    char *detail = xasprintf("          player %zu of %zu%s\n%s", i + 1, c->n,
                             i % SLOW_EACH == SLOW_EACH - 1 ? ", a slow reader" : "", v.detail);
    free(v.detail);
    v.detail = detail;
    return v;
  }
  return (struct verdict){.status = VERDICT_PASS};
}
