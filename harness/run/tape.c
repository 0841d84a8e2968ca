#include "run/tape.h"

#include "base/check.h"
#include "run/stream.h"

static void forget(struct tape *t) {
  t->full = false;
  t->reads = t->read_bytes = 0;
  for (size_t i = 0; i < SESSION_CONNS; i++)
    t->ends[i] = TAPE_CLOSED;
}

void tape_init(struct tape *t, size_t cap) {
  *t = (struct tape){.cap = cap};
  vec_init(&t->entries, sizeof(struct tape_entry));
  buf_init(&t->bytes, cap);
  forget(t);
}

void tape_fini(struct tape *t) {
  vec_fini(&t->entries);
  buf_fini(&t->bytes);
}

void tape_reset(struct tape *t) {
  t->entries.n = 0;
  buf_reset(&t->bytes);
  forget(t);
}

void tape_add(struct tape *t, enum tape_kind kind, unsigned conn, bool own, uint64_t usec,
              struct span bytes) {
  size_t off = t->bytes.n;
  CHECK(conn < SESSION_CONNS);
  if (kind == TAPE_CAME) {
    t->reads++;
    t->read_bytes += bytes.n;
  }
  if (kind >= TAPE_CLOSED || kind == TAPE_OPENED)
    t->ends[conn] = kind == TAPE_OPENED ? TAPE_CLOSED : kind;
  size_t room = t->cap - off - t->entries.n * t->entries.size;
  if (t->full || room < t->entries.size || room - t->entries.size < bytes.n) {
    t->full = true;
    return;
  }
  buf_add_span(&t->bytes, bytes);
  struct tape_entry *e = vec_push(&t->entries);
  *e = (struct tape_entry){kind, conn, own, usec, off, bytes.n};
}

const struct tape_entry *tape_entry(const struct tape *t, size_t i) {
  return vec_at(&t->entries, i);
}

struct span tape_bytes(const struct tape *t, const struct tape_entry *e) {
  return span_sub(buf_span(&t->bytes), e->off, e->n);
}

void tape_stream(const struct tape *t, unsigned conn, bool from_server, struct buf *out) {
  bool fenced = false;
  size_t start = out->n;
  for (size_t i = 0; i < t->entries.n; i++) {
    const struct tape_entry *e = tape_entry(t, i);
    if (e->conn != conn)
      continue;
    fenced |= e->own;
    if (e->kind == (from_server ? TAPE_CAME : TAPE_SENT) && !e->own)
      buf_add_span(out, tape_bytes(t, e));
  }
  uint8_t fence[HEADER_BYTES];
  stream_fence_answer(conn, fence);
  if (from_server && fenced && out->n - start >= HEADER_BYTES &&
      memcmp(out->p + out->n - HEADER_BYTES, fence, HEADER_BYTES) == 0)
    out->n -= HEADER_BYTES;
}

enum tape_kind tape_end(const struct tape *t, unsigned conn) {
  return t->ends[conn];
}
