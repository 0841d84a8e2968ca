#include "session/token.h"

#include "base/text.h"
#include "session/scan.h"

/* Skips a quoted text; the scanner stands at its first quote. */
static void skip_text(struct scan *s) {
  size_t i = s->pos + 1;
  while (i < s->line.n && s->line.p[i] != '"')
    i += s->line.p[i] == '\\' ? 2 : 1;
  s->pos = i < s->line.n ? i + 1 : s->line.n;
}

struct line {
  struct vec *tokens;
  size_t number, base; /* of the line, and where it begins in the text */
  bool sent;
};

static struct token *add(const struct line *l, enum token_kind kind, size_t from, size_t to) {
  struct token *t = vec_push(l->tokens);
  *t = (struct token){.kind = kind, .line = l->number, .at = l->base + from, .n = to - from};
  t->sent = l->sent;
  return t;
}

/* Adds the number that is next, if there is one. `from` is where the token begins. */
static struct token *add_number(const struct line *l, struct scan *s, enum token_kind kind,
                                bool with_name, size_t from) {
  uint64_t number;
  scan_blanks(s);
  size_t at = s->pos;
  if (!text_number(scan_word(s), &number))
    return NULL;
  struct token *t = add(l, kind, with_name ? from : at, s->pos);
  t->number = number;
  return t;
}

static void scan_a_word(const struct line *l, struct scan *s) {
  size_t from = s->pos;
  struct span word = scan_word(s);
  bool repeat = span_is(word, "repeat"), random = span_is(word, "random");
  int next = s->pos < s->line.n ? s->line.p[s->pos] : 0;
  if (repeat && next == '(') {
    s->pos++;
    add_number(l, s, TOKEN_REPEAT, false, 0);
  } else if (repeat && from == 0) {
    add_number(l, s, TOKEN_LOOP, false, 0);
  } else if (random && next == '(') {
    s->pos++;
    scan_blanks(s);
    scan_word(s);
    scan_blanks(s);
    if (scan_take(s, ','))
      add_number(l, s, TOKEN_RANDOM, false, 0);
  } else if (next == '=') {
    s->pos++;
    struct scan ahead = *s;
    bool blank = from > 0 && s->line.p[from - 1] == ' ';
    struct token *t = add_number(l, &ahead, TOKEN_FIELD, true, from - blank);
    if (t)
      t->name = word;
  }
}

static void scan_line(const struct line *l, struct span text) {
  struct scan s = {.line = text};
  while (s.pos < text.n) {
    size_t from = s.pos;
    if (text.p[from] == '"') {
      skip_text(&s);
      add(l, TOKEN_TEXT, from, s.pos);
      continue;
    }
    scan_a_word(l, &s);
    if (s.pos == from)
      s.pos++;
  }
}

void tokens_scan(struct span text, size_t first, struct vec *tokens) {
  struct line l = {.tokens = tokens};
  while (l.base < text.n) {
    struct span rest = span_from(text, l.base);
    const uint8_t *newline = memchr(rest.p, '\n', rest.n);
    struct span line = span_sub(rest, 0, newline ? (size_t)(newline - rest.p) : rest.n);
    struct scan s = {.line = line};
    scan_word(&s);
    scan_blanks(&s);
    l.sent = scan_take(&s, '>');
    if (l.number >= first)
      scan_line(&l, line);
    l.base += line.n + 1;
    l.number++;
  }
}

bool tokens_same(struct span text, const struct token *a, const struct token *b) {
  if (a->kind != b->kind)
    return false;
  switch (a->kind) {
  case TOKEN_TEXT:
    return span_eq(span_sub(text, a->at, a->n), span_sub(text, b->at, b->n));
  case TOKEN_LOOP:
    return a->at == b->at;
  default:
    return a->number == b->number && span_eq(a->name, b->name);
  }
}

void tokens_replace(struct span text, const struct vec *tokens,
                    bool (*replace)(void *arg, size_t token, struct buf *out), void *arg,
                    struct buf *out) {
  size_t done = 0;
  for (size_t i = 0; i < tokens->n; i++) {
    const struct token *t = vec_at(tokens, i);
    buf_add_span(out, span_sub(text, done, t->at - done));
    if (!replace(arg, i, out))
      buf_add_span(out, span_sub(text, t->at, t->n));
    done = t->at + t->n;
  }
  buf_add_span(out, span_from(text, done));
}

/* The length of the character at `i`, in the text's bytes. */
static size_t char_length(struct span quoted, size_t i) {
  if (span_is(span_sub(quoted, i, 4), "{ns}"))
    return 4;
  if (quoted.p[i] != '\\')
    return 1;
  return i + 1 < quoted.n && quoted.p[i + 1] == 'x' ? 4 : 2;
}

size_t token_length(struct span quoted) {
  size_t n = 0;
  for (size_t i = 1; i + 1 < quoted.n; i += char_length(quoted, i))
    n++;
  return n;
}

void token_cut(struct span quoted, size_t n, struct buf *out) {
  size_t end = 1;
  for (; n > 0 && end + 1 < quoted.n; n--)
    end += char_length(quoted, end);
  buf_add_span(out, span_sub(quoted, 0, end));
  buf_add_byte(out, '"');
}
