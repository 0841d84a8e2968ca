#include "run/golden_change.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/vec.h"
#include "mcbp/header.h"
#include "session/explain.h"

enum { CAS_OFF = 16, BRIEF_MAX = 4096 };

struct line {
  struct span text;
  unsigned number; /* in the file, from 1 */
};

static bool is_head(struct span line) {
  static const char *const words[] = {"golden ", "server ", "dialect "};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (line.n >= strlen(words[i]) && memcmp(line.p, words[i], strlen(words[i])) == 0)
      return true;
  return line.n == 0;
}

static void cut_lines(struct vec *lines, struct span text) {
  vec_init(lines, sizeof(struct line));
  for (unsigned number = 1; text.n > 0; number++) {
    const uint8_t *newline = memchr(text.p, '\n', text.n);
    size_t n = newline ? (size_t)(newline - text.p) : text.n;
    struct span line = span_sub(text, 0, n);
    if (!is_head(line))
      *(struct line *)vec_push(lines) = (struct line){line, number};
    text = span_from(text, newline ? n + 1 : n);
  }
}

/* What a line expects; NULL for one that holds no frame. */
static const struct pattern *pattern_at(const struct session *s, unsigned number) {
  for (size_t i = 0; i < s->nsteps; i++) {
    const struct step *step = &s->steps[i];
    if (step->kind == STEP_EXPECT && step->line == number)
      return step->pattern;
    for (size_t a = 0; step->choice && a < step->choice->n; a++)
      for (size_t k = 0; k < step->choice->alternatives[a].n; k++)
        if (step->choice->alternatives[a].items[k].line == number)
          return step->choice->alternatives[a].items[k].pattern;
    for (size_t k = 0; step->each && k < step->each->n; k++)
      if (step->each->items[k].line == number)
        return step->each->items[k].pattern;
    if (step->each && step->each->terminator.line == number)
      return step->each->terminator.pattern;
  }
  return NULL;
}

/* The parts in which a pattern has holes, a bit each: of the sections, and of the header. */
static unsigned holes_of(const struct pattern *p) {
  enum { CAS = 1 << 8, HEADER = 1 << 9, RAW = 1 << 10 };
  unsigned holes = 0;
  for (size_t i = 0; i < p->ngaps; i++)
    holes |= 1u << p->gaps[i].section;
  for (uint32_t i = 0; p->mask && i < p->n; i++) {
    if (p->mask[i] == 0xff)
      continue;
    uint32_t end = HEADER_BYTES;
    unsigned section = 0;
    while (i >= HEADER_BYTES && section < 3 && i >= (end += p->section_len[section]))
      section++;
    holes |= p->raw ? RAW : i >= HEADER_BYTES ? 1u << section : i >= CAS_OFF ? CAS : HEADER;
  }
  return holes;
}

static void put_line(struct buf *out, char sign, const struct line *l) {
  buf_addf(out, "%c ", sign);
  buf_add_span(out, l->text);
  buf_add_byte(out, '\n');
}

/* The field in which two lines differ first, where the new one tells its bytes and the old one did
 * not leave them open. */
static void put_field(struct buf *out, const struct pattern *before, const struct pattern *after,
                      enum dialect dialect) {
  const struct bindings env = {.ns = {'{', 'n', 's', '}'}};
  const uint64_t counters[SESSION_LOOPS] = {0};
  struct buf bytes, brief;
  if (after->ngaps || after->mask)
    return;
  buf_init(&bytes, SIZE_MAX / 2);
  buf_init(&brief, BRIEF_MAX);
  CHECK(pattern_bytes(after, &env, counters, &bytes));
  const struct explain_input in = {.pattern = before,
                                   .env = &env,
                                   .counters = counters,
                                   .actual = buf_span(&bytes),
                                   .dialect = dialect};
  explain_brief(&brief, &in);
  if (pattern_match(before, &env, counters, in.actual, 0).result != MATCH_YES)
    buf_addf(out, "    %s\n", buf_cstr(&brief));
  buf_fini(&bytes);
  buf_fini(&brief);
}

/* A line in the place of another; false when it leaves more open. */
static bool put_pair(struct buf *out, const struct line *old, struct golden_text before,
                     const struct line *new, struct golden_text after) {
  if (span_eq(old->text, new->text))
    return true;
  const struct pattern *p = pattern_at(before.session, old->number);
  const struct pattern *q = pattern_at(after.session, new->number);
  put_line(out, '-', old);
  put_line(out, '+', new);
  if (p && q)
    put_field(out, p, q, after.session->dialect);
  return !q || !(holes_of(q) & ~(p ? holes_of(p) : 0u));
}

/* How many lines of blocks there are: answers of which the order or the number is open. */
static size_t blocks_of(const struct session *s) {
  size_t n = 0;
  for (size_t i = 0; i < s->nsteps; i++)
    n += s->steps[i].choice || s->steps[i].each;
  return n;
}

bool golden_change(struct buf *out, struct golden_text before, struct golden_text after) {
  struct vec old, new;
  cut_lines(&old, before.text);
  cut_lines(&new, after.text);
  const struct line *a = old.items, *b = new.items;
  size_t na = old.n, nb = new.n, i = 0;
  while (na > 0 && nb > 0 && span_eq(a[na - 1].text, b[nb - 1].text))
    na--, nb--;
  bool kept = blocks_of(after.session) <= blocks_of(before.session);
  for (; i < na && i < nb; i++)
    kept &= put_pair(out, &a[i], before, &b[i], after);
  for (size_t k = i; k < na; k++)
    put_line(out, '-', &a[k]);
  for (size_t k = i; k < nb; k++)
    put_line(out, '+', &b[k]);
  vec_fini(&old);
  vec_fini(&new);
  return kept;
}
