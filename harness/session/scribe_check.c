/* Whether a scribe's session says what was seen: compiled, it sends the client's bytes, and what it
 * expects is met by the server's. */
#include <stdlib.h>

#include "base/check.h"
#include "session/scribe_internal.h"
#include "session/session.h"

/* What a connection's streams have left to be told. */
struct rest {
  struct span sides[2];
};

struct checker {
  const struct scribe_plan *plan;
  struct bindings env;
  struct rest *rests;          /* by connection */
  size_t turns[SESSION_CONNS]; /* by number: whose turn it is, as a place in the plan's order */
  struct buf bytes;
};

/* Takes what a pattern matches off the server's stream; false when it doesn't. */
static bool meet(struct checker *c, struct rest *r, const struct pattern *p) {
  struct match m = pattern_match(p, &c->env, NULL, r->sides[1], 0);
  if (m.result != MATCH_YES)
    return false;
  pattern_capture(p, &c->env, span_sub(r->sides[1], 0, m.len));
  r->sides[1] = span_from(r->sides[1], m.len);
  return true;
}

static bool meet_each(struct checker *c, struct rest *r, const struct unordered *each) {
  while (!meet(c, r, each->terminator.pattern))
    if (!meet(c, r, each->items[0].pattern))
      return false;
  return true;
}

static bool send(struct checker *c, struct rest *r, const struct pattern *p) {
  buf_reset(&c->bytes);
  if (!pattern_bytes(p, &c->env, NULL, &c->bytes) ||
      !span_eq(buf_span(&c->bytes), span_sub(r->sides[0], 0, c->bytes.n)))
    return false;
  r->sides[0] = span_from(r->sides[0], c->bytes.n);
  return true;
}

/* The next connection that has the number, from this place on. */
static size_t next_of(const struct scribe_plan *p, unsigned number, size_t turn) {
  while (turn < p->order.n && p->told[*(size_t *)vec_at(&p->order, turn)].number != number)
    turn++;
  return turn;
}

static bool follow(struct checker *c, const struct step *step) {
  size_t *turn = &c->turns[step->conn];
  if (step->kind == STEP_CONNECT)
    *turn = next_of(c->plan, step->conn, *turn + 1);
  struct rest *r = &c->rests[*(size_t *)vec_at(&c->plan->order, *turn)];
  switch (step->kind) {
  case STEP_SEND:
    return send(c, r, step->pattern);
  case STEP_EXPECT:
    return meet(c, r, step->pattern);
  case STEP_EXPECT_EACH:
    return meet_each(c, r, step->each);
  default:
    return true;
  }
}

static bool play(struct checker *c, const struct session *session, struct buf *why) {
  for (size_t i = 0; i < session->nsteps; i++)
    if (!follow(c, &session->steps[i])) {
      buf_addf(why, "its line %u does not say what was seen", session->steps[i].line);
      return false;
    }
  for (size_t i = 0; i < c->plan->scribe->conns.n; i++)
    if (c->rests[i].sides[0].n || c->rests[i].sides[1].n) {
      buf_addf(why, "it does not tell all of connection %zu", i + 1);
      return false;
    }
  return true;
}

static bool check(const struct scribe_plan *p, const struct session *session, struct buf *why) {
  const struct scribe *s = p->scribe;
  struct checker c = {.plan = p,
                      .env = {.var_off = session->var_off, .var_size = session->var_size}};
  c.env.vars = xcalloc(session->vars_bytes + 1, 1);
  c.rests = xcalloc(s->conns.n + 1, sizeof *c.rests);
  for (size_t i = 0; i < s->conns.n; i++)
    for (int side = 0; side < 2; side++)
      c.rests[i].sides[side] =
          buf_span(&((struct scribe_conn *)vec_at(&s->conns, i))->sides[side].bytes);
  for (unsigned i = 1; i < SESSION_CONNS; i++)
    c.turns[i] = next_of(p, i, 0);
  buf_init(&c.bytes, SIZE_MAX / 2);
  bool ok = play(&c, session, why);
  buf_fini(&c.bytes);
  free(c.rests);
  free(c.env.vars);
  return ok;
}

bool scribe_check(const struct scribe_plan *p, struct span text, struct buf *why) {
  struct diag diag;
  diag_init(&diag);
  struct session *session = session_compile(text, "session", (struct session_loader){0}, &diag);
  bool ok = session && check(p, session, why);
  if (!session)
    buf_addf(why, "the session made of it does not compile: %s", diag_text(&diag));
  session_free(session);
  diag_fini(&diag);
  return ok;
}
