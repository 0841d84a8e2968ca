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
    } else if (s->conn == conn && (step_expects(s) || s->kind == STEP_CLOSE)) {
      return s;
    } else {
      c->pc++;
    }
  }
  return NULL;
}

/* The loop of that depth around both places, or NULL. */
static const struct step *loop_around(const struct session *s, unsigned depth, size_t a, size_t b) {
  for (size_t i = 0; i < s->nsteps; i++) {
    const struct step *loop = &s->steps[i];
    if (loop->kind == STEP_LOOP && loop->loop == depth && i < a && i < b && a <= loop->partner &&
        b <= loop->partner)
      return loop;
  }
  return NULL;
}

bool cursor_before(const struct cursor *a, const struct cursor *b) {
  for (unsigned depth = 0; depth < SESSION_LOOPS; depth++) {
    if (!loop_around(a->session, depth, a->pc, b->pc))
      break;
    if (a->counters[depth] != b->counters[depth])
      return a->counters[depth] < b->counters[depth];
  }
  return a->pc < b->pc;
}

const struct step *step_numbered(const struct session *s, unsigned number, unsigned *steps) {
  const struct step *found = NULL;
  *steps = 0;
  for (size_t i = 0; i < s->nsteps; i++)
    if (s->steps[i].kind != STEP_LOOP_END && ++*steps == number)
      found = &s->steps[i];
  return found;
}
