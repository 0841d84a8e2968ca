#include "mcbp/near.h"

enum { EDITS_MAX = 2, WORD_MAX = 64 };

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Optimal string alignment, one row of the table at a time; `b` has at most WORD_MAX characters. */
static size_t edits(struct span a, struct span b) {
  size_t rows[3][WORD_MAX + 1];
  size_t *before = rows[0], *last = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b.n; j++)
    row[j] = j;
  for (size_t i = 1; i <= a.n; i++) {
    size_t *oldest = before;
    before = last;
    last = row;
    row = oldest;
    row[0] = i;
    for (size_t j = 1; j <= b.n; j++) {
      size_t replaced = last[j - 1] + (a.p[i - 1] != b.p[j - 1]);
      row[j] = least(replaced, least(last[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
        row[j] = least(row[j], before[j - 2] + 1);
    }
  }
  return row[b.n];
}

struct near near_of(struct span word) {
  return (struct near){.word = word, .bound = least(word.n, EDITS_MAX + 1)};
}

void near_offer(struct near *n, const char *name) {
  if (!name)
    return;
  struct span candidate = span_str(name);
  if (candidate.n > WORD_MAX || n->word.n > WORD_MAX)
    return;
  size_t distance = edits(n->word, candidate);
  if (distance < n->bound) {
    n->best = name;
    n->bound = distance;
  }
}
