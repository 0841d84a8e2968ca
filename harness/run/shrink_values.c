#include <stdlib.h>

#include "base/check.h"
#include "run/ddmin.h"
#include "run/shrink_internal.h"
#include "session/token.h"

enum { TEXT_MAX = 256 << 20 };

struct changes {
  struct span text;
  const struct vec *tokens;
  const struct change *a, *b;
};

static bool replace_number(void *arg, size_t i, struct buf *out) {
  const struct changes *c = arg;
  const struct token *t = vec_at(c->tokens, i);
  const struct change *change = tokens_same(c->text, t, c->a->token)           ? c->a
                                : c->b && tokens_same(c->text, t, c->b->token) ? c->b
                                                                               : NULL;
  return change && buf_addf(out, "%llu", (unsigned long long)change->number);
}

void shrink_change(const struct draft *base, const struct vec *tokens, const struct change *a,
                   const struct change *b, struct buf *out) {
  struct changes c = {buf_span(&base->text), tokens, a, b};
  tokens_replace(c.text, tokens, replace_number, &c, out);
}

struct values {
  struct shrink *s;
  struct draft *base;
  struct span text; /* of the base */
  struct vec tokens;
  const struct token *token;   /* in hand */
  size_t length;               /* TOKEN_TEXT: what is left of it */
  const struct token **fields; /* one of each class */
  size_t nfields;
  const bool *keep; /* of these */
};

static void values_begin(struct values *v, struct shrink *s) {
  *v = (struct values){.s = s, .base = shrink_draft(s)};
  v->text = buf_span(&v->base->text);
  vec_init(&v->tokens, sizeof(struct token));
  tokens_scan(v->text, v->base->first, &v->tokens);
}

static void values_end(struct values *v) {
  free(v->fields);
  vec_fini(&v->tokens);
  draft_free(v->base);
}

static bool try_replaced(struct values *v,
                         bool (*replace)(void *arg, size_t token, struct buf *out)) {
  struct buf text;
  buf_init(&text, TEXT_MAX);
  tokens_replace(v->text, &v->tokens, replace, v, &text);
  bool holds = shrink_try(v->s, &text);
  buf_fini(&text);
  return holds;
}

static bool holds_size(void *arg, uint64_t size) {
  struct values *v = arg;
  struct change change = {v->token, size};
  struct buf text;
  buf_init(&text, TEXT_MAX);
  shrink_change(v->base, &v->tokens, &change, NULL, &text);
  bool holds = shrink_try(v->s, &text);
  buf_fini(&text);
  return holds;
}

static struct span token_text(const struct values *v, const struct token *t) {
  return span_sub(v->text, t->at, t->n);
}

static bool replace_text(void *arg, size_t i, struct buf *out) {
  const struct values *v = arg;
  const struct token *t = vec_at(&v->tokens, i);
  if (!tokens_same(v->text, t, v->token))
    return false;
  token_cut(token_text(v, t), v->length, out);
  return true;
}

/* A text that becomes equal to another one, such as another key, is not tried. */
static bool holds_length(void *arg, uint64_t length) {
  struct values *v = arg;
  struct buf cut;
  buf_init(&cut, TEXT_MAX);
  token_cut(token_text(v, v->token), (size_t)length, &cut);
  bool taken = false;
  for (size_t i = 0; i < v->tokens.n; i++) {
    const struct token *t = vec_at(&v->tokens, i);
    taken |= t->kind == TOKEN_TEXT && span_eq(token_text(v, t), buf_span(&cut));
  }
  buf_fini(&cut);
  v->length = (size_t)length;
  return !taken && try_replaced(v, replace_text);
}

/* Whether the token stands for something that the client sends, and is the first to. */
static bool is_first_sent(const struct values *v, size_t i) {
  const struct token *t = vec_at(&v->tokens, i);
  if (!t->sent)
    return false;
  for (size_t k = 0; k < i; k++) {
    const struct token *earlier = vec_at(&v->tokens, k);
    if (earlier->sent && tokens_same(v->text, t, earlier))
      return false;
  }
  return true;
}

static void shorten(struct values *v) {
  const struct token *t = v->token;
  if (t->kind == TOKEN_REPEAT || t->kind == TOKEN_RANDOM)
    ddmin_least(1, t->number, holds_size, v);
  else if (t->kind == TOKEN_TEXT && token_length(token_text(v, t)) > 1)
    ddmin_least(1, token_length(token_text(v, t)), holds_length, v);
}

/* Lengths, those of one kind after the other. A change leaves the number of tokens as it was. */
static void shorten_all(struct shrink *s, bool texts) {
  bool any = true;
  for (size_t i = 0; any && !s->over; i++) {
    struct values v;
    values_begin(&v, s);
    any = i < v.tokens.n;
    if (any) {
      v.token = vec_at(&v.tokens, i);
      if ((v.token->kind == TOKEN_TEXT) == texts && is_first_sent(&v, i))
        shorten(&v);
    }
    values_end(&v);
  }
}

static bool replace_field(void *arg, size_t i, struct buf *out) {
  const struct values *v = arg;
  (void)out; /* left out, it is zero */
  for (size_t k = 0; k < v->nfields; k++)
    if (!v->keep[k] && tokens_same(v->text, vec_at(&v->tokens, i), v->fields[k]))
      return true;
  return false;
}

static bool holds_fields(void *arg, bool *keep) {
  struct values *v = arg;
  v->keep = keep;
  return try_replaced(v, replace_field);
}

/* Without somebody to vouch for it, an item may be there no more because it has expired. */
static bool can_be_zero(const struct values *v, const struct token *t) {
  bool vouched = v->s->r->voucher != VOUCHER_NONE;
  return t->kind == TOKEN_FIELD && (span_is(t->name, "flags") || span_is(t->name, "opaque") ||
                                    (vouched && span_is(t->name, "expiry")));
}

static void zero_fields(struct shrink *s) {
  struct values v;
  values_begin(&v, s);
  v.fields = xcalloc(v.tokens.n ? v.tokens.n : 1, sizeof(struct token *));
  bool *keep = xcalloc(v.tokens.n ? v.tokens.n : 1, sizeof *keep);
  for (size_t i = 0; i < v.tokens.n; i++) {
    const struct token *t = vec_at(&v.tokens, i);
    if (!can_be_zero(&v, t) || !is_first_sent(&v, i))
      continue;
    keep[v.nfields] = true;
    v.fields[v.nfields++] = t;
  }
  ddmin(keep, v.nfields, holds_fields, &v);
  free(keep);
  values_end(&v);
}

void shrink_values(struct shrink *s) {
  if (!shrink_may_change(s))
    return;
  shorten_all(s, false);
  shorten_all(s, true);
  zero_fields(s);
}
