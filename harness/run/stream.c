#include "run/stream.h"

#include <stdlib.h>

#include "base/check.h"

enum { IN_MAX = FRAME_LIMIT + (1 << 20) };

enum take {
  TAKE_YES,    /* an expectation was met; bytes were used up */
  TAKE_CLOSED, /* the same, and by the server's close: nothing can follow */
  TAKE_MORE,   /* more bytes are needed */
  TAKE_NO      /* the failure is set */
};

void stream_init(struct stream *s, unsigned id, const struct session *session, struct bindings *env,
                 const struct stream *all) {
  *s = (struct stream){.id = id, .env = env, .all = all, .cursor = cursor_of(session)};
  buf_init(&s->in, IN_MAX);
}

void stream_fini(struct stream *s) {
  conn_free(s->conn);
  buf_fini(&s->in);
  free(s->seen);
}

void stream_restart(struct stream *s) {
  conn_free(s->conn);
  s->conn = NULL;
  s->state = STREAM_NEW;
  s->half_closed = false;
  s->off = 0;
  s->checked = 0;
  buf_reset(&s->in);
}

static void pack_fence(uint8_t magic, unsigned conn, uint8_t out[HEADER_BYTES]) {
  enum { OPAQUE = 0xfe9ce000u, NOOP = 0x0a };
  const struct header h = {.magic = magic, .opcode = NOOP, .opaque = OPAQUE + conn};
  header_pack(&h, out);
}

void stream_fence(unsigned conn, uint8_t request[HEADER_BYTES]) {
  pack_fence(MAGIC_REQUEST, conn, request);
}

void stream_fence_answer(unsigned conn, uint8_t answer[HEADER_BYTES]) {
  pack_fence(MAGIC_RESPONSE, conn, answer);
}

static void fail(struct failure *f, const struct stream *s, enum verdict_kind kind,
                 const struct step *step, const struct expected *e) {
  *f = (struct failure){.kind = kind, .stream = s, .counters = s->cursor.counters};
  if (e) {
    f->pattern = e->pattern;
    f->text = e->text;
    f->line = e->line;
  } else if (step) {
    f->pattern = step->pattern;
    f->text = step->text;
    f->line = step->line;
  }
}

static void meet(struct stream *s) {
  cursor_next(&s->cursor);
  s->matched++;
}

static enum take take_frame(struct stream *s, const struct step *step, struct span in, size_t *used,
                            struct failure *f) {
  struct match m = pattern_match(step->pattern, s->env, s->cursor.counters, in, s->checked);
  if (m.result == MATCH_MORE && m.need > FRAME_LIMIT) {
    fail(f, s, KIND_NONCONFORMANCE, step, NULL);
    f->note = "the answer claims more bytes than the driver takes";
    return TAKE_NO;
  }
  if (m.result == MATCH_MORE) {
    s->checked = m.checked;
    return TAKE_MORE;
  }
  if (m.result == MATCH_NO) {
    fail(f, s, KIND_NONCONFORMANCE, step, NULL);
    return TAKE_NO;
  }
  pattern_capture(step->pattern, s->env, span_sub(in, 0, m.len));
  s->checked = 0;
  *used = m.len;
  meet(s);
  return TAKE_YES;
}

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

/* The first alternative that fits wholly, as soon as none before it can fit any more. */
static enum take take_either(struct stream *s, const struct step *step, struct span in, bool ended,
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
      meet(s);
      return a.take;
    }
    if (!best.at || a.used > best.used)
      best = a;
  }
  fail(f, s, ended ? KIND_UNEXPECTED_CLOSE : KIND_NONCONFORMANCE, step, best.at);
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
    fail(f, s, KIND_NONCONFORMANCE, step, missing);
    f->note = "the end of the each has come without this answer";
    return TAKE_NO;
  }
  free(s->seen);
  s->seen = NULL;
  s->others = 0;
  meet(s);
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
  fail(f, s, KIND_NONCONFORMANCE, step, &step->each->terminator);
  f->note = note;
  return TAKE_NO;
}

/* One frame of an `each`: a line that has not come yet, else the terminator, else `others`. What
 * may still become an earlier one of these is waited for, so that the outcome does not hang on how
 * the bytes are cut. */
static enum take take_each(struct stream *s, const struct step *step, struct span in, size_t *used,
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

/* What comes when no expectation is left: the answer to the fence, or what should not be there. */
static enum take take_fence(struct stream *s, struct span in, size_t *used, struct failure *f) {
  uint8_t want[HEADER_BYTES];
  stream_fence_answer(s->id, want);
  size_t n = in.n < HEADER_BYTES ? in.n : HEADER_BYTES;
  if (s->proof == PROOF_FENCE_SENT && memcmp(in.p, want, n) == 0) {
    if (n < HEADER_BYTES)
      return TAKE_MORE;
    s->proof = PROOF_FENCED;
    *used = n;
    return TAKE_YES;
  }
  fail(f, s, KIND_LEFTOVER, NULL, NULL);
  return TAKE_NO;
}

static bool line_uses_capture(const struct expected *e) {
  return e->pattern && pattern_uses_capture(e->pattern);
}

static bool step_uses_capture(const struct step *step) {
  if (step->kind == STEP_EXPECT)
    return pattern_uses_capture(step->pattern);
  for (size_t i = 0; step->choice && i < step->choice->n; i++)
    for (size_t k = 0; k < step->choice->alternatives[i].n; k++)
      if (line_uses_capture(&step->choice->alternatives[i].items[k]))
        return true;
  for (size_t i = 0; step->each && i < step->each->n; i++)
    if (line_uses_capture(&step->each->items[i]))
      return true;
  return step->each && line_uses_capture(&step->each->terminator);
}

/* Whether a captured value that the step speaks of may still be on its way on another connection:
 * an expectation that comes first in the file is not met there. */
static bool must_wait(struct stream *s, const struct step *step) {
  if (!s->all || !step_uses_capture(step))
    return false;
  for (unsigned i = 0; i < s->cursor.session->nconns; i++) {
    if (i == s->id)
      continue;
    struct cursor other = s->all[i].cursor;
    if (cursor_expect(&other, i) && cursor_before(&other, &s->cursor))
      return true;
  }
  return false;
}

static enum take take_one(struct stream *s, struct span in, bool ended, size_t *used,
                          struct failure *f) {
  const struct step *step = cursor_expect(&s->cursor, s->id);
  if (!step)
    return take_fence(s, in, used, f);
  s->waits = must_wait(s, step);
  if (s->waits)
    return TAKE_MORE;
  switch (step->kind) {
  case STEP_CLOSE:
    *used = in.n;
    return TAKE_YES;
  case STEP_EXPECT:
    return take_frame(s, step, in, used, f);
  case STEP_EXPECT_EITHER:
    return take_either(s, step, in, ended, used, f);
  case STEP_EXPECT_EACH:
    return take_each(s, step, in, used, f);
  default:
    fail(f, s, KIND_LEFTOVER, step, NULL);
    return TAKE_NO;
  }
}

bool stream_data(struct stream *s, struct span bytes, struct failure *f) {
  bool kept = s->in.n > 0;
  if (kept && !buf_add_span(&s->in, bytes))
    DIE("more than %d bytes kept of one answer", IN_MAX);
  struct span in = kept ? buf_span(&s->in) : bytes;
  enum take take = TAKE_YES;
  size_t done = 0;
  while (done < in.n && take == TAKE_YES) {
    size_t used = 0;
    take = take_one(s, span_from(in, done), false, &used, f);
    done += used;
  }
  s->off += done;
  if (kept)
    buf_drop(&s->in, done);
  else
    buf_add_span(&s->in, span_from(in, done));
  return take != TAKE_NO;
}

/* What a block waits for, as one of its lines; NULL for a step that is no block. */
static const struct expected *awaited(const struct stream *s, const struct step *step) {
  if (step && step->kind == STEP_EXPECT_EITHER)
    return &step->choice->alternatives[0].items[0];
  if (!step || step->kind != STEP_EXPECT_EACH)
    return NULL;
  const struct expected *missing = missing_line(s, step->each);
  return missing ? missing : &step->each->terminator;
}

bool stream_closed(struct stream *s, enum conn_end end, struct failure *f) {
  s->state = STREAM_ENDED;
  s->end = end;
  const struct step *step = cursor_expect(&s->cursor, s->id);
  /* The end can decide an `either`; then what came behind that, and the end itself, are judged. */
  while (end != CONN_FAILED) {
    if (step && step->kind == STEP_CLOSE)
      return true; /* the client was about to close, and takes no interest */
    if (!step && s->in.n == 0 && s->half_closed && s->proof != PROOF_FENCE_SENT)
      return true;
    if (step && step->kind == STEP_EXPECT_CLOSED && s->in.n == 0) {
      meet(s);
      return true;
    }
    if (s->in.n == 0 && !(step && step->kind == STEP_EXPECT_EITHER))
      break;
    size_t used = 0;
    enum take take = take_one(s, buf_span(&s->in), true, &used, f);
    s->off += used;
    buf_drop(&s->in, used);
    if (take == TAKE_NO)
      return false;
    if (take == TAKE_MORE && s->waits) {
      s->end_waits = true;
      return true;
    }
    if (take == TAKE_MORE)
      break;
    step = cursor_expect(&s->cursor, s->id);
    if (take == TAKE_CLOSED && !step)
      return true;
  }
  fail(f, s, KIND_UNEXPECTED_CLOSE, step, awaited(s, step));
  return false;
}

bool stream_resume(struct stream *s, struct failure *f) {
  if (!s->waits)
    return true;
  s->waits = false;
  if (!stream_data(s, (struct span){0}, f))
    return false;
  if (s->waits || !s->end_waits)
    return true;
  s->end_waits = false;
  return stream_closed(s, s->end, f);
}

void stream_drop(struct stream *s) {
  const struct step *step = cursor_expect(&s->cursor, s->id);
  CHECK(step && step->kind == STEP_CLOSE);
  cursor_next(&s->cursor);
  conn_free(s->conn);
  s->conn = NULL;
  s->state = STREAM_CLOSED;
  buf_reset(&s->in);
}

void stream_overdue(struct stream *s, struct failure *f) {
  const struct step *step = cursor_expect(&s->cursor, s->id);
  fail(f, s, KIND_TIMEOUT, step && step->kind == STEP_CLOSE ? NULL : step, awaited(s, step));
}
