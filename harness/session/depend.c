#include "session/depend.h"

#include <stdlib.h>

#include "base/check.h"
#include "mcbp/effect.h"
#include "mcbp/frame.h"

struct touch {
  enum effect effect;
  struct span key;
};

/* Whether a patch other than {ns} stands in the bytes from `off` on. */
static bool is_patched(const struct pattern *p, size_t off, size_t n) {
  for (size_t i = 0; i < p->npatches; i++)
    if (p->patches[i].kind != PATCH_NS && p->patches[i].off < off + n &&
        p->patches[i].off + p->patches[i].len > off)
      return true;
  return false;
}

static struct touch touch_of(const struct draft_unit *u) {
  struct frame f;
  const struct pattern *p = u->send;
  if (!p) /* `clock` stands on connection 0 */
    return (struct touch){.effect = u->conn ? EFFECT_NONE : EFFECT_ALL};
  struct span bytes = span_of(p->bytes, p->n);
  if (p->server || frame_cut(bytes, &f) != FRAME_WHOLE || f.len != p->n ||
      f.h.magic != MAGIC_REQUEST || is_patched(p, 0, 2))
    return (struct touch){.effect = EFFECT_ALL};
  enum effect effect = effect_of(f.h.opcode);
  if (effect == EFFECT_CONNECTION) /* whatever follows on it may not be answered without */
    effect = EFFECT_ALL;
  if (effect != EFFECT_NONE && is_patched(p, (size_t)(f.key.p - p->bytes), f.key.n))
    effect = EFFECT_ALL; /* any key */
  return (struct touch){effect, f.key};
}

/* Whether the answers to the one may be others without the other before it. */
static bool concerns(const struct touch *before, const struct touch *after) {
  if (before->effect == EFFECT_ALL)
    return true;
  if (before->effect <= EFFECT_READ || after->effect == EFFECT_NONE)
    return false;
  return after->effect == EFFECT_ALL || span_eq(before->key, after->key);
}

static bool is_inside(const struct session *s, const struct step *loop,
                      const struct draft_unit *u) {
  return u->line > loop->line && u->line < s->steps[loop->partner].line;
}

/* For each unit the outermost loop of several turns around it, or NULL: units in the same one go
 * before each other. */
static const struct step **rounds_of(const struct draft *d) {
  const struct session *s = d->session;
  const struct step **rounds = xcalloc(d->nunits ? d->nunits : 1, sizeof *rounds);
  for (size_t i = 0; i < s->nsteps; i++)
    for (size_t k = 0; s->steps[i].kind == STEP_LOOP && s->steps[i].count > 1 && k < d->nunits; k++)
      if (!rounds[k] && is_inside(s, &s->steps[i], &d->units[k]))
        rounds[k] = &s->steps[i];
  return rounds;
}

static struct touch *touches_of(const struct draft *d) {
  struct touch *touches = xcalloc(d->nunits ? d->nunits : 1, sizeof *touches);
  for (size_t i = 0; i < d->nunits; i++)
    touches[i] = touch_of(&d->units[i]);
  return touches;
}

void depend_close(const struct draft *d, bool *keep) {
  struct touch *touches = touches_of(d);
  const struct step **rounds = rounds_of(d);
  bool more = true;
  while (more) {
    more = false;
    for (size_t i = d->nunits; i > 0; i--)
      for (size_t k = 0; keep[i - 1] && k < d->nunits; k++) {
        bool before = k < i - 1 || (rounds[k] && rounds[k] == rounds[i - 1]);
        if (!keep[k] && before && concerns(&touches[k], &touches[i - 1]))
          keep[k] = more = true;
      }
  }
  free(rounds);
  free(touches);
}

bool depend_allows_fewer(const struct draft *d, size_t line) {
  const struct session *s = d->session;
  struct touch *touches = touches_of(d);
  const struct step *loop = NULL;
  bool same = true, free_of = true; /* each turn does the same; nobody behind minds */
  for (size_t i = 0; i < s->nsteps; i++)
    if (s->steps[i].kind == STEP_LOOP && s->steps[i].line == line + 1)
      loop = &s->steps[i];
  for (size_t i = 0; loop && i < d->nunits; i++) {
    if (!is_inside(s, loop, &d->units[i]))
      continue;
    const struct pattern *p = d->units[i].send;
    same = same && touches[i].effect <= EFFECT_WHOLE && !(p && is_patched(p, 0, p->n));
    for (size_t k = i + 1; k < d->nunits; k++)
      free_of =
          free_of && (is_inside(s, loop, &d->units[k]) || !concerns(&touches[i], &touches[k]));
  }
  free(touches);
  return loop && (same || free_of);
}

bool depend_is_plain(const struct draft *d) {
  for (size_t i = 0; i < d->nunits; i++)
    if (touch_of(&d->units[i]).effect > EFFECT_WHOLE)
      return false;
  return true;
}
