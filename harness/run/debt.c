#include "run/debt.h"

static uint64_t least_of(const struct expected *e) {
  return e->pattern && !e->others ? pattern_min(e->pattern) : 0;
}

static uint64_t least_of_choice(const struct choice *c) {
  uint64_t least = UINT64_MAX;
  for (size_t i = 0; i < c->n; i++) {
    uint64_t n = 0;
    for (size_t k = 0; k < c->alternatives[i].n; k++)
      n += least_of(&c->alternatives[i].items[k]);
    least = n < least ? n : least;
  }
  return least;
}

static uint64_t least_of_each(const struct unordered *each) {
  uint64_t n = least_of(&each->terminator);
  for (size_t i = 0; i < each->n; i++)
    n += least_of(&each->items[i]);
  return n;
}

static void add(struct debt *d, const struct step *step) {
  d->exact &=
      step->kind == STEP_EXPECT_CLOSED || (step->kind == STEP_EXPECT && step->pattern->ngaps == 0);
  if (step->kind == STEP_EXPECT)
    d->bytes += pattern_min(step->pattern);
  else if (step->kind == STEP_EXPECT_EITHER)
    d->bytes += least_of_choice(step->choice);
  else if (step->kind == STEP_EXPECT_EACH)
    d->bytes += least_of_each(step->each);
}

struct debt debt_of(const struct stream *s) {
  struct debt d = {.exact = true};
  struct cursor at = s->cursor;
  for (uint64_t i = s->matched; i < s->needed; i++) {
    const struct step *step = cursor_expect(&at, s->id);
    if (!step || !step_expects(step))
      break;
    add(&d, step);
    cursor_next(&at);
  }
  d.bytes -= d.bytes < s->in.n ? d.bytes : s->in.n;
  return d;
}
