/* Answers that fit one of several sequences, or come in any order. */
#include "run/stream_take.h"

#include <stdlib.h>

#include "base/check.h"

/* Tries a pattern of a block behind `before` bytes that are kept as well. One that waits for more
 * than will be kept does not match. */
static struct match try_pattern(const struct stream *s, const struct pattern *p, struct span in,
                                size_t before) {
  struct match m = pattern_match(p, s->env, s->cursor.counters, in, 0);
  if (m.result == MATCH_MORE && before + m.need > FRAME_LIMIT)
    m.result = MATCH_NO;
  return m;
}

/* How a sequence of an `either` fares with the bytes so far. */
struct attempt {
  enum take take;
  size_t used;               /* bytes of whole frames that matched */
  const struct expected *at; /* the item that is not met yet */
};

static struct attempt try_sequence(struct stream *s, const struct sequence *q, struct span in,
                                   bool ended) {
  struct attempt a = {.take = TAKE_YES};
  for (size_t i = 0; i < q->n; i++) {
    struct span rest = span_from(in, a.used);
    a.at = &q->items[i];
    if (!a.at->pattern) {
      a.take = rest.n ? TAKE_NO : ended ? TAKE_CLOSED : TAKE_MORE;
      return a;
    }
    struct match m = try_pattern(s, a.at->pattern, rest, a.used);
    if (m.result != MATCH_YES) {
      a.take = m.result == MATCH_MORE && !ended ? TAKE_MORE : TAKE_NO;
      return a;
    }
    a.used += m.len;
  }
  return a;
}

static void capture_sequence(struct stream *s, const struct sequence *q, struct span in) {
  size_t used = 0;
  for (size_t i = 0; i < q->n && q->items[i].pattern; i++) {
    struct span rest = span_from(in, used);
    struct match m = pattern_match(q->items[i].pattern, s->env, s->cursor.counters, rest, 0);
    pattern_capture(q->items[i].pattern, s->env, span_sub(rest, 0, m.len));
    used += m.len;
  }
}

enum take take_either(struct stream *s, const struct step *step, struct span in, bool ended,
                      size_t *used, struct failure *f) {
  const struct choice *c = step->choice;
  struct attempt best = {.take = TAKE_NO};
  for (size_t i = 0; i < c->n; i++) {
    struct attempt a = try_sequence(s, &c->alternatives[i], in, ended);
    if (a.take == TAKE_MORE)
      return TAKE_MORE;
    if (a.take != TAKE_NO) {
      capture_sequence(s, &c->alternatives[i], in);
      *used = a.used;
      stream_meet(s);
      return a.take;
    }
    if (!best.at || a.used > best.used)
      best = a;
  }
  stream_fail(f, s, ended ? KIND_UNEXPECTED_CLOSE : KIND_NONCONFORMANCE, step, best.at);
  f->shift = best.used;
  f->note = "no alternative of the either fits; this is the one that came furthest";
  return TAKE_NO;
}

static bool *seen_lines(struct stream *s, const struct unordered *each) {
  if (!s->seen)
    s->seen = xcalloc(each->n, sizeof *s->seen);
  return s->seen;
}

static const struct expected *missing_line(const struct stream *s, const struct unordered *each) {
  for (size_t i = 0; i < each->n; i++)
    if (!each->items[i].others && !(s->seen && s->seen[i]))
      return &each->items[i];
  return NULL;
}

static enum match_result try_line(struct stream *s, const struct expected *e, struct span in,
                                  size_t *len) {
  struct match m = try_pattern(s, e->pattern, in, 0);
  if (m.result == MATCH_YES)
    pattern_capture(e->pattern, s->env, span_sub(in, 0, m.len));
  *len = m.len;
  return m.result;
}

/* The answer that ends an `each` has come. */
static enum take end_each(struct stream *s, const struct step *step, struct failure *f) {
  const struct expected *missing = missing_line(s, step->each);
  if (missing) {
    stream_fail(f, s, KIND_NONCONFORMANCE, step, missing);
    f->note = "the end of the each has come without this answer";
    return TAKE_NO;
  }
  free(s->seen);
  s->seen = NULL;
  s->others = 0;
  stream_meet(s);
  return TAKE_YES;
}

/* Tries the lines that have come already, or else the `others`. */
static enum match_result try_lines(struct stream *s, const struct unordered *each, bool others,
                                   struct span in, size_t *len) {
  for (size_t i = 0; i < each->n; i++) {
    if (each->items[i].others != others || (!others && !s->seen[i]))
      continue;
    enum match_result result = try_line(s, &each->items[i], in, len);
    if (result != MATCH_NO)
      return result;
  }
  return MATCH_NO;
}

/* An answer that is no line that is still to come, nor the end: one of the others, or a fault. */
static enum take take_other(struct stream *s, const struct step *step, struct span in, size_t *used,
                            struct failure *f) {
  enum { OTHERS_MAX = 100000 };
  size_t len;
  const char *note = "this answer of the each has come before; each of its lines comes once";
  enum match_result result = try_lines(s, step->each, false, in, &len);
  if (result == MATCH_NO) {
    note = "this answer fits no line of the each, nor its end";
    result = try_lines(s, step->each, true, in, &len);
    if (result == MATCH_YES && ++s->others <= OTHERS_MAX) {
      *used = len;
      return TAKE_YES;
    }
    if (result == MATCH_YES)
      note = "more than 100000 further answers have come and not the one that ends the each";
  }
  if (result == MATCH_MORE)
    return TAKE_MORE;
  stream_fail(f, s, KIND_NONCONFORMANCE, step, &step->each->terminator);
  f->note = note;
  return TAKE_NO;
}

enum take take_each(struct stream *s, const struct step *step, struct span in, size_t *used,
                    struct failure *f) {
  const struct unordered *each = step->each;
  bool *seen = seen_lines(s, each);
  size_t len;
  for (size_t i = 0; i < each->n; i++) {
    if (seen[i] || each->items[i].others)
      continue;
    enum match_result result = try_line(s, &each->items[i], in, &len);
    if (result == MATCH_MORE)
      return TAKE_MORE;
    if (result == MATCH_YES) {
      seen[i] = true;
      *used = len;
      return TAKE_YES;
    }
  }
  enum match_result result = try_line(s, &each->terminator, in, &len);
  if (result == MATCH_MORE)
    return TAKE_MORE;
  if (result == MATCH_NO)
    return take_other(s, step, in, used, f);
  enum take take = end_each(s, step, f);
  *used = take == TAKE_YES ? len : 0;
  return take;
}

const struct expected *take_awaited(const struct stream *s, const struct step *step) {
  if (step && step->kind == STEP_EXPECT_EITHER)
    return &step->choice->alternatives[0].items[0];
  if (!step || step->kind != STEP_EXPECT_EACH)
    return NULL;
  const struct expected *missing = missing_line(s, step->each);
  return missing ? missing : &step->each->terminator;
}
