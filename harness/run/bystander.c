#include "run/bystander.h"

#include <stdlib.h>

#include "base/check.h"
#include "mcbp/header.h"
#include "net/conn.h"

enum {
  OPAQUE = 0xb7570000,
  VERSION = 0x0b,
  ANSWER_MAX = HEADER_BYTES + 256,
  ACTS_EACH = 16 /* of a connection, then comes another: on TLS each costs a handshake */
};

struct bystander {
  struct event_base *base;
  const struct addr *to;
  struct conn *conn; /* NULL: none yet */
  void (*done)(void *arg, const char *wrong);
  void *arg;
  uint8_t request[HEADER_BYTES], answer[ANSWER_MAX];
  size_t have;   /* of the answer, bytes */
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

/* The length of the answer that begins with what has come, as far as that tells; 0 when it can't be
 * the right one. */
static size_t answer_len(const struct bystander *b) {
  uint8_t want[HEADER_BYTES];
  struct header h;
  bool whole = b->have >= HEADER_BYTES;
  header_unpack(b->answer, &h);
  h = (struct header){
      .magic = MAGIC_RESPONSE, .opcode = VERSION, .bodylen = h.bodylen, .opaque = OPAQUE};
  header_pack(&h, want);
  if (memcmp(b->answer, want, whole ? HEADER_BYTES : b->have) != 0 ||
      (whole && h.bodylen > ANSWER_MAX - HEADER_BYTES))
    return 0;
  return whole ? HEADER_BYTES + h.bodylen : HEADER_BYTES;
}

static void on_data(void *arg, struct conn *c, struct span bytes) {
  struct bystander *b = arg;
  (void)c;
  size_t room = b->acting ? ANSWER_MAX - b->have : 0;
  size_t taken = bytes.n < room ? bytes.n : room;
  memcpy(b->answer + b->have, bytes.p, taken);
  b->have += taken;
  size_t len = answer_len(b);
  if (taken < bytes.n || !len || b->have > len)
    finish(b, "another connection got a wrong answer to its version");
  else if (b->have == len)
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
  const struct header h = {.magic = MAGIC_REQUEST, .opcode = VERSION, .opaque = OPAQUE};
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
