/* Tokens: what in a session's text stands for an amount, and so can be made smaller: numbers of
 * fields, quoted text, the counts of `repeat(N, ..)`, `random(SEED, N)` and `repeat N {`. Found by
 * their form alone, so that text can be changed and is compiled again. Pure. */
#ifndef SESSION_TOKEN_H
#define SESSION_TOKEN_H

#include "base/buf.h"
#include "base/vec.h"

enum token_kind {
  TOKEN_FIELD,  /* ` name=NUMBER`, with one blank before it if there is any */
  TOKEN_TEXT,   /* "..", with its quotes */
  TOKEN_REPEAT, /* N of repeat(N, ..) */
  TOKEN_RANDOM, /* N of random(SEED, N) */
  TOKEN_LOOP    /* N of `repeat N {` */
};

struct token {
  enum token_kind kind;
  size_t line;      /* from 0 */
  size_t at, n;     /* in the whole text */
  struct span name; /* TOKEN_FIELD */
  uint64_t number;  /* all but TOKEN_TEXT */
  bool sent;        /* stands in a line of the client's */
};

/* Adds the tokens of the lines from `first` on, in their order; `text` is that of a draft. */
void tokens_scan(struct span text, size_t first, struct vec *tokens);

/* Whether two stand for the same thing, so that what one becomes the other becomes as well: the
 * same kind, name and number or text. A loop stands for itself. */
bool tokens_same(struct span text, const struct token *a, const struct token *b);

/* Appends the text; where `replace` returns true, what it has appended stands instead of the token.
 */
void tokens_replace(struct span text, const struct vec *tokens,
                    bool (*replace)(void *arg, size_t token, struct buf *out), void *arg,
                    struct buf *out);

/* How many characters a quoted text holds, an escape and {ns} being one each. */
size_t token_length(struct span quoted);

/* Appends its first `n` characters, in quotes. */
void token_cut(struct span quoted, size_t n, struct buf *out);

#endif
