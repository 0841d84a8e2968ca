#include <stdlib.h>

#include "base/check.h"
#include "run/ddmin.h"
#include "run/shrink_internal.h"
#include "session/depend.h"
#include "session/token.h"

enum {
  TEXT_MAX = 256 << 20,
  UNROLL_MOST = 4,     /* turns that are written out */
  FOLD_MOST = 16 << 20 /* bytes that a value is made longer to */
};

struct pass {
  struct shrink *s;
  struct draft *base; /* what the best was when the pass began */
  struct vec tokens;  /* of it */
  const struct token *token, *value;
  uint64_t turns;
};

static void pass_begin(struct pass *p, struct shrink *s) {
  *p = (struct pass){.s = s, .base = shrink_draft(s)};
  vec_init(&p->tokens, sizeof(struct token));
  tokens_scan(buf_span(&p->base->text), p->base->first, &p->tokens);
}

static void pass_end(struct pass *p) {
  vec_fini(&p->tokens);
  draft_free(p->base);
}

static bool holds_units(void *arg, bool *keep) {
  struct pass *p = arg;
  if (p->s->r->voucher == VOUCHER_NONE)
    depend_close(p->base, keep);
  size_t requests = 0, kept = 0;
  for (size_t i = 0; i < p->base->nunits; i++) {
    requests += keep[i] && p->base->units[i].send;
    kept += keep[i];
  }
  if (requests == 0 || kept == p->base->nunits)
    return false;
  struct buf text;
  buf_init(&text, TEXT_MAX);
  draft_without(p->base, keep, &text);
  bool holds = shrink_try(p->s, &text);
  buf_fini(&text);
  return holds;
}

static void drop_units(struct shrink *s) {
  struct pass p;
  pass_begin(&p, s);
  bool *keep = xcalloc(p.base->nunits, sizeof *keep);
  memset(keep, true, p.base->nunits * sizeof *keep);
  ddmin(keep, p.base->nunits, holds_units, &p);
  free(keep);
  pass_end(&p);
}

/* `keep` has a place for each connection. */
static bool holds_conns(void *arg, bool *keep) {
  struct pass *p = arg;
  bool *units = xcalloc(p->base->nunits, sizeof *units);
  for (size_t i = 0; i < p->base->nunits; i++)
    units[i] = keep[p->base->units[i].conn];
  bool holds = holds_units(p, units);
  free(units);
  return holds;
}

static void drop_conns(struct shrink *s) {
  struct pass p;
  bool keep[SESSION_CONNS] = {false};
  pass_begin(&p, s);
  for (size_t i = 0; i < p.base->nunits; i++)
    keep[p.base->units[i].conn] = true;
  ddmin(keep, SESSION_CONNS, holds_conns, &p);
  pass_end(&p);
}

/* The loop of that number in the text, if its turns may be fewer. */
static const struct token *loop_at(const struct pass *p, size_t number, bool *any) {
  *any = false;
  for (size_t i = 0; i < p->tokens.n; i++) {
    const struct token *t = vec_at(&p->tokens, i);
    if (t->kind != TOKEN_LOOP || number-- > 0)
      continue;
    *any = true;
    bool may = p->s->r->voucher != VOUCHER_NONE || depend_allows_fewer(p->base, t->line);
    return may && t->number > 1 ? t : NULL;
  }
  return NULL;
}

static bool try_change(struct pass *p, struct change a, struct change b) {
  struct buf text;
  buf_init(&text, TEXT_MAX);
  shrink_change(p->base, &p->tokens, &a, b.token ? &b : NULL, &text);
  bool holds = shrink_try(p->s, &text);
  buf_fini(&text);
  return holds;
}

static bool holds_turns(void *arg, uint64_t turns) {
  struct pass *p = arg;
  return try_change(p, (struct change){p->token, turns}, (struct change){0});
}

/* Fewer turns, and a value longer by as much: a jam needs bytes, not requests. */
static bool fold(struct pass *p, uint64_t turns) {
  for (size_t i = 0; i < p->tokens.n; i++) {
    const struct token *t = vec_at(&p->tokens, i);
    uint64_t factor = (p->token->number + turns - 1) / turns;
    bool grows = (t->kind == TOKEN_REPEAT || t->kind == TOKEN_RANDOM) && t->sent &&
                 t->number <= FOLD_MOST / factor;
    if (grows &&
        try_change(p, (struct change){p->token, turns}, (struct change){t, t->number * factor}))
      return true;
  }
  return false;
}

static bool unroll(struct pass *p) {
  if (p->token->number > UNROLL_MOST)
    return false;
  struct buf text;
  buf_init(&text, TEXT_MAX);
  draft_unroll(p->base, p->token->line, &text);
  bool holds = shrink_try(p->s, &text);
  buf_fini(&text);
  return holds;
}

/* Does something to each loop, as often as that helps. */
static void each_loop(struct shrink *s, bool (*act)(struct pass *p)) {
  bool any = true;
  for (size_t number = 0; any && !s->over;) {
    struct pass p;
    pass_begin(&p, s);
    p.token = loop_at(&p, number, &any);
    if (!p.token || !act(&p))
      number++;
    pass_end(&p);
  }
}

static bool act_fewer(struct pass *p) {
  ddmin_least(1, p->token->number, holds_turns, p);
  return false; /* it can't be less */
}

static bool act_fold(struct pass *p) {
  if (!shrink_may_change(p->s))
    return false;
  return fold(p, 1) || (p->token->number > 2 && fold(p, (p->token->number + 1) / 2));
}

/* Loops of one turn are written out as well, with the others. */
static void unroll_all(struct shrink *s) {
  bool any = true;
  for (size_t number = 0; any && !s->over;) {
    struct pass p;
    pass_begin(&p, s);
    any = false;
    size_t loops = number;
    for (size_t i = 0; i < p.tokens.n && !any; i++) {
      p.token = vec_at(&p.tokens, i);
      any = p.token->kind == TOKEN_LOOP && loops-- == 0;
    }
    if (any && !unroll(&p))
      number++;
    pass_end(&p);
  }
}

void shrink_frames(struct shrink *s) {
  uint64_t before;
  do {
    before = s->best->requests;
    drop_conns(s);
    each_loop(s, act_fewer);
    drop_units(s);
    each_loop(s, act_fold);
    unroll_all(s);
    drop_units(s);
  } while (!s->over && s->best->requests < before);
}
