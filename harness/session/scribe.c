#include "session/scribe.h"

#include <stdlib.h>

#include "base/check.h"
#include "session/scribe_internal.h"

enum { CLIENT, SERVER };

struct scribe *scribe_new(enum dialect dialect, size_t cap) {
  struct scribe *s = xcalloc(1, sizeof *s);
  s->dialect = dialect;
  s->cap = cap;
  vec_init(&s->conns, sizeof(struct scribe_conn));
  vec_init(&s->marks, sizeof(struct mark));
  return s;
}

void scribe_free(struct scribe *s) {
  if (!s)
    return;
  for (size_t i = 0; i < s->conns.n; i++) {
    struct scribe_conn *c = vec_at(&s->conns, i);
    buf_fini(&c->sides[CLIENT].bytes);
    buf_fini(&c->sides[SERVER].bytes);
  }
  vec_fini(&s->conns);
  vec_fini(&s->marks);
  free(s);
}

size_t scribe_open(struct scribe *s) {
  struct scribe_conn *c = vec_push(&s->conns);
  for (int side = CLIENT; side <= SERVER; side++) {
    buf_init(&c->sides[side].bytes, SIZE_MAX / 2);
    c->sides[side].begun = SCRIBE_NONE;
  }
  return s->conns.n - 1;
}

struct span mark_bytes(const struct scribe *s, const struct mark *m) {
  const struct scribe_conn *c = vec_at(&s->conns, m->conn);
  return span_sub(buf_span(&c->sides[m->from_server].bytes), m->off, m->n);
}

bool mark_frame(const struct scribe *s, const struct mark *m, struct frame *f) {
  return m->kind == MARK_FRAME && frame_cut(mark_bytes(s, m), f) == FRAME_WHOLE;
}

static void add_mark(struct scribe *s, enum mark_kind kind, size_t conn, bool from_server,
                     size_t off, size_t n) {
  struct mark *m = vec_push(&s->marks);
  *m = (struct mark){kind, from_server, conn, off, n};
  s->used += sizeof *m;
}

/* What is no frame, to the end of what there is; pieces with nothing between them are one. */
static void tell_raw(struct scribe *s, size_t conn, bool from_server, struct scribe_side *side) {
  struct mark *last = s->marks.n ? vec_last(&s->marks) : NULL;
  size_t n = side->bytes.n - side->cut;
  if (side->begun != SCRIBE_NONE) {
    struct mark *m = vec_at(&s->marks, side->begun);
    m->kind = MARK_RAW;
    m->n = n;
    side->begun = SCRIBE_NONE;
  } else if (last && last->kind == MARK_RAW && last->conn == conn &&
             last->from_server == from_server) {
    last->n += n;
  } else if (n > 0) {
    add_mark(s, MARK_RAW, conn, from_server, side->cut, n);
  }
  side->cut = side->bytes.n;
}

static void tell_frame(struct scribe *s, size_t conn, struct scribe_side *side, size_t n) {
  if (side->begun != SCRIBE_NONE)
    ((struct mark *)vec_at(&s->marks, side->begun))->n = n;
  else
    add_mark(s, MARK_FRAME, conn, true, side->cut, n);
  side->begun = SCRIBE_NONE;
  side->cut += n;
}

static void cut_frames(struct scribe *s, size_t conn, bool from_server, struct scribe_side *side) {
  while (side->cut < side->bytes.n) {
    struct frame f;
    enum frame_cut cut =
        side->lost ? FRAME_NOT : frame_cut(span_from(buf_span(&side->bytes), side->cut), &f);
    if (!side->lost && !from_server && side->begun == SCRIBE_NONE) {
      side->begun = s->marks.n;
      add_mark(s, MARK_FRAME, conn, false, side->cut, 0);
    }
    if (cut == FRAME_SHORT)
      return;
    side->lost = cut == FRAME_NOT;
    if (side->lost)
      tell_raw(s, conn, from_server, side);
    else
      tell_frame(s, conn, side, f.len);
  }
}

bool scribe_bytes(struct scribe *s, size_t conn, bool from_server, struct span bytes) {
  struct scribe_side *side = &((struct scribe_conn *)vec_at(&s->conns, conn))->sides[from_server];
  if (s->full || s->used + bytes.n > s->cap) {
    s->full = true;
    return false;
  }
  if (side->ended)
    return true;
  s->used += bytes.n;
  buf_add_span(&side->bytes, bytes);
  cut_frames(s, conn, from_server, side);
  return true;
}

/* Nothing more is told of a side: what it holds and is no whole frame is bytes. */
static void end_side(struct scribe *s, size_t conn, bool from_server) {
  struct scribe_side *side = &((struct scribe_conn *)vec_at(&s->conns, conn))->sides[from_server];
  if (side->cut < side->bytes.n)
    tell_raw(s, conn, from_server, side);
  side->ended = true;
}

/* What is in hand is not told, and nothing more is. */
static void leave_side(struct scribe *s, struct scribe_side *side) {
  if (side->begun != SCRIBE_NONE)
    ((struct mark *)vec_at(&s->marks, side->begun))->kind = MARK_NOTHING;
  side->begun = SCRIBE_NONE;
  side->bytes.n = side->cut;
  side->ended = true;
}

bool scribe_end(struct scribe *s, size_t conn, enum scribe_end how) {
  static const enum mark_kind kinds[] = {[SCRIBE_CLIENT_ENDED] = MARK_CLIENT_ENDED,
                                         [SCRIBE_CLIENT_GONE] = MARK_CLIENT_GONE,
                                         [SCRIBE_SERVER_CLOSED] = MARK_SERVER_CLOSED};
  struct scribe_conn *c = vec_at(&s->conns, conn);
  if (s->full)
    return false;
  if (how == SCRIBE_LOST) {
    leave_side(s, &c->sides[CLIENT]);
    leave_side(s, &c->sides[SERVER]);
    return true;
  }
  /* The server's side ends with either's close; only the client's can end alone. */
  if (c->sides[SERVER].ended || (how == SCRIBE_CLIENT_ENDED && c->sides[CLIENT].ended))
    return true;
  end_side(s, conn, false);
  if (how != SCRIBE_CLIENT_ENDED)
    end_side(s, conn, true);
  add_mark(s, kinds[how], conn, how == SCRIBE_SERVER_CLOSED, 0, 0);
  return true;
}
