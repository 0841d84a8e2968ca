/* How the scribe tells that connections end. A client that ends its side behind its last answer is
 * not told: the driver proves then that nothing else follows. */
#include <stdlib.h>

#include "base/check.h"
#include "mcbp/quiet.h"
#include "session/freedom.h"
#include "session/scribe_internal.h"

/* What matters of a connection's marks. */
struct course {
  size_t ended, gone, closed, last; /* those marks, or SCRIBE_NONE */
  bool answered_behind;             /* something came from the server when the client had ended */
  size_t owed;                      /* answers to the last requests, which were of `opcode` */
  uint8_t opcode;
  bool ragged;  /* one of the streams does not end on a frame's border */
  bool refused; /* the server wants the client to authenticate first, or again */
  bool quits;   /* the server was told to close, and has not refused to */
};

enum { QUIT = 0x07, QUITQ = 0x17, SASL_AUTH = 0x21, SASL_STEP = 0x22, AUTH_ERROR = 0x20 };

static bool asks_to_close(uint8_t opcode) {
  return opcode == QUIT || opcode == QUITQ;
}

static void ask(struct course *c, enum dialect dialect, uint8_t opcode) {
  c->quits |= asks_to_close(opcode);
  if (opcode_is_quiet(dialect, opcode))
    return;
  c->owed = c->opcode == opcode ? c->owed + 1 : 1;
  c->opcode = opcode;
}

static void hear(struct course *c, const struct frame *f) {
  if (c->owed && f->h.opcode == c->opcode && !frame_is_figure(f))
    c->owed--;
  if (f->h.status == AUTH_ERROR)
    c->refused = true;
  else if (f->h.status == 0 && (f->h.opcode == SASL_AUTH || f->h.opcode == SASL_STEP))
    c->refused = false;
  if (f->h.status != 0 && asks_to_close(f->h.opcode))
    c->quits = false;
}

static void follow(struct course *c, const struct scribe *s, const struct mark *m, size_t at) {
  struct frame f;
  bool frame = mark_frame(s, m, &f);
  c->last = at;
  switch (m->kind) {
  case MARK_CLIENT_ENDED:
    c->ended = at;
    break;
  case MARK_CLIENT_GONE:
    c->gone = at;
    break;
  case MARK_SERVER_CLOSED:
    c->closed = at;
    break;
  case MARK_NOTHING:
    break;
  case MARK_FRAME:
  case MARK_RAW:
    c->ragged |= !frame;
    c->answered_behind |= m->from_server && c->ended != SCRIBE_NONE;
    if (frame && !m->from_server)
      ask(c, s->dialect, f.h.opcode);
    else if (frame)
      hear(c, &f);
  }
}

/* A client that has ended its side, and a server that has then ended its own, are not told where
 * all was answered before, and would be again: the driver asks. A server that was told to quit
 * would not answer. */
static void decide(struct told *t, const struct course *c) {
  bool ended = c->ended != SCRIBE_NONE, gone = c->gone != SCRIBE_NONE;
  bool closed = c->closed != SCRIBE_NONE, loose = c->ragged || c->owed || c->refused;
  t->over = ended || gone || closed ? c->last : SCRIBE_NONE;
  t->half_close = ended && (c->answered_behind || (closed && loose));
  t->end = MARK_NOTHING;
  t->end_at = SCRIBE_NONE;
  if (closed && (!ended || t->half_close || c->quits)) {
    t->end = MARK_SERVER_CLOSED;
    t->end_at = c->closed;
  } else if (!closed && (loose || c->quits || (gone && t->half_close))) {
    t->end = MARK_CLIENT_GONE;
    t->end_at = gone || t->half_close ? c->gone : c->ended;
  }
}

void scribe_plan_ends(struct scribe_plan *p) {
  const struct scribe *s = p->scribe;
  struct course *courses = xcalloc(s->conns.n + 1, sizeof *courses);
  for (size_t i = 0; i < s->conns.n; i++)
    courses[i] = (struct course){
        .ended = SCRIBE_NONE, .gone = SCRIBE_NONE, .closed = SCRIBE_NONE, .last = SCRIBE_NONE};
  for (size_t i = 0; i < p->marks.n; i++)
    follow(&courses[plan_mark(p, i)->conn], s, plan_mark(p, i), i);
  for (size_t i = 0; i < s->conns.n; i++)
    decide(&p->told[i], &courses[i]);
  for (size_t i = 0; i < p->marks.n; i++) {
    const struct mark *m = plan_mark(p, i);
    const struct told *t = &p->told[m->conn];
    bool half_close = m->kind == MARK_CLIENT_ENDED && t->half_close;
    bool end = m->kind >= MARK_CLIENT_ENDED;
    p->lines[i].skip = m->kind == MARK_NOTHING || (end && !half_close && t->end_at != i);
  }
  free(courses);
}
