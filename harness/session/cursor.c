#include "session/cursor.h"

struct cursor cursor_of(const struct session *s) {
  return (struct cursor){.session = s};
}

bool step_expects(const struct step *s) {
  return s->kind >= STEP_EXPECT && s->kind <= STEP_EXPECT_CLOSED;
}

/* Leaves or repeats the loop that ends at the cursor. */
static void loop_end(struct cursor *c, const struct step *end) {
  const struct step *loop = &c->session->steps[end->partner];
  if (++c->counters[end->loop] < loop->count)
    c->pc = end->partner + 1;
  else
    c->pc++;
}

const struct step *cursor_step(struct cursor *c) {
  while (c->pc < c->session->nsteps) {
    const struct step *s = &c->session->steps[c->pc];
    if (s->kind == STEP_LOOP) {
      c->counters[s->loop] = 0;
      c->pc++;
    } else if (s->kind == STEP_LOOP_END) {
      loop_end(c, s);
    } else {
      return s;
    }
  }
  return NULL;
}

void cursor_next(struct cursor *c) {
  c->pc++;
}

const struct step *cursor_expect(struct cursor *c, unsigned conn) {
  while (c->pc < c->session->nsteps) {
    const struct step *s = &c->session->steps[c->pc];
    if (s->kind == STEP_LOOP && !(s->awaits >> conn & 1)) {
      c->pc = s->partner + 1;
    } else if (s->kind == STEP_LOOP) {
      c->counters[s->loop] = 0;
      c->pc++;
    } else if (s->kind == STEP_LOOP_END) {
      loop_end(c, s);
    } else if (s->conn == conn && step_expects(s)) {
      return s;
    } else {
      c->pc++;
    }
  }
  return NULL;
}
