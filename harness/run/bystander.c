#include "run/bystander.h"

#include <stdlib.h>

#include "base/check.h"
#include "mcbp/header.h"
#include "net/conn.h"

enum {
  OPAQUE = 0xb7570000,
  NOOP = 0x0a,
  ACTS_EACH = 16 /* of a connection, then comes another: on TLS each costs a handshake */
};

struct bystander {
  struct event_base *base;
  const struct addr *to;
  struct conn *conn; /* NULL: none yet */
  void (*done)(void *arg, const char *wrong);
  void *arg;
  uint8_t request[HEADER_BYTES], answer[HEADER_BYTES];
  size_t have;
  unsigned acts; /* of the connection */
  bool acting, over;
};

static void finish(struct bystander *b, const char *wrong) {
  if (b->over)
    return;
  b->acting = false;
  b->over = wrong != NULL;
  b->done(b->arg, wrong);
}

static void on_data(void *arg, struct conn *c, struct span bytes) {
  struct bystander *b = arg;
  uint8_t want[HEADER_BYTES];
  const struct header h = {.magic = MAGIC_RESPONSE, .opcode = NOOP, .opaque = OPAQUE};
  (void)c;
  header_pack(&h, want);
  size_t room = b->acting ? HEADER_BYTES - b->have : 0;
  memcpy(b->answer + b->have, bytes.p, bytes.n < room ? bytes.n : room);
  b->have += bytes.n < room ? bytes.n : room;
  if (memcmp(b->answer, want, b->have) != 0 || bytes.n > room)
    finish(b, "another connection got a wrong answer to its noop");
  else if (b->have == HEADER_BYTES)
    finish(b, NULL);
}

static void on_sent(void *arg, struct conn *c) {
  (void)arg, (void)c;
}

static void on_close(void *arg, struct conn *c, enum conn_end end) {
  (void)c, (void)end;
  finish(arg, "another connection was closed instead of answered");
}

static void on_progress(void *arg, struct conn *c) {
  (void)arg, (void)c;
}

static const struct conn_handler handler = {on_data, on_sent, on_close, on_progress};

struct bystander *bystander_new(struct event_base *base, const struct addr *to,
                                void (*done)(void *arg, const char *wrong), void *arg) {
  struct bystander *b = xcalloc(1, sizeof *b);
  const struct header h = {.magic = MAGIC_REQUEST, .opcode = NOOP, .opaque = OPAQUE};
  b->base = base;
  b->to = to;
  b->done = done;
  b->arg = arg;
  header_pack(&h, b->request);
  return b;
}

void bystander_free(struct bystander *b) {
  if (!b)
    return;
  conn_free(b->conn);
  free(b);
}

void bystander_act(struct bystander *b) {
  CHECK(!b->acting && !b->over);
  if (b->acts == ACTS_EACH) {
    conn_free(b->conn);
    b->conn = NULL;
    b->acts = 0;
  }
  if (!b->conn)
    b->conn = conn_new(b->base, b->to, &handler, b);
  b->acting = true;
  b->have = 0;
  b->acts++;
  conn_send(b->conn, span_of(b->request, sizeof b->request), false);
}

bool bystander_acts(const struct bystander *b) {
  return b && b->acting;
}
