#include "run/stream_take.h"

#include <stdlib.h>

#include "base/check.h"

enum { IN_MAX = FRAME_LIMIT + (1 << 20) };

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

void stream_fail(struct failure *f, const struct stream *s, enum verdict_kind kind,
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

void stream_meet(struct stream *s) {
  cursor_next(&s->cursor);
  s->matched++;
}

static void tell(const struct stream *s, const struct step *step, struct span bytes, bool ended) {
  if (s->listener)
    s->listener->met(s->listener->arg, s, step, bytes, ended);
}

static enum take take_frame(struct stream *s, const struct step *step, struct span in, size_t *used,
                            struct failure *f) {
  struct match m = pattern_match(step->pattern, s->env, s->cursor.counters, in, s->checked);
  if (m.result == MATCH_MORE && m.need > FRAME_LIMIT) {
    stream_fail(f, s, KIND_NONCONFORMANCE, step, NULL);
    f->note = "the answer claims more bytes than the driver takes";
    return TAKE_NO;
  }
  if (m.result == MATCH_MORE) {
    s->checked = m.checked;
    return TAKE_MORE;
  }
  if (m.result == MATCH_NO) {
    stream_fail(f, s, KIND_NONCONFORMANCE, step, NULL);
    return TAKE_NO;
  }
  pattern_capture(step->pattern, s->env, span_sub(in, 0, m.len));
  s->checked = 0;
  *used = m.len;
  stream_meet(s);
  return TAKE_YES;
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
  stream_fail(f, s, KIND_LEFTOVER, NULL, NULL);
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

/* What an expectation takes of the bytes. */
static enum take take_step(struct stream *s, const struct step *step, struct span in, bool ended,
                           size_t *used, struct failure *f) {
  switch (step->kind) {
  case STEP_EXPECT:
    return take_frame(s, step, in, used, f);
  case STEP_EXPECT_EITHER:
    return take_either(s, step, in, ended, used, f);
  case STEP_EXPECT_EACH:
    return take_each(s, step, in, used, f);
  default:
    stream_fail(f, s, KIND_LEFTOVER, step, NULL);
    return TAKE_NO;
  }
}

static enum take take_one(struct stream *s, struct span in, bool ended, size_t *used,
                          struct failure *f) {
  const struct step *step = cursor_expect(&s->cursor, s->id);
  if (!step)
    return take_fence(s, in, used, f);
  s->waits = must_wait(s, step);
  if (s->waits)
    return TAKE_MORE;
  if (step->kind == STEP_CLOSE) {
    *used = in.n;
    return TAKE_YES;
  }
  enum take take = take_step(s, step, in, ended, used, f);
  if (*used)
    tell(s, step, span_sub(in, 0, *used), false);
  if (take == TAKE_CLOSED)
    tell(s, step, (struct span){0}, true);
  return take;
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
      tell(s, step, (struct span){0}, true);
      stream_meet(s);
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
  stream_fail(f, s, KIND_UNEXPECTED_CLOSE, step, take_awaited(s, step));
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
  if (s->conn)
    conn_notify_close(s->conn);
  conn_free(s->conn);
  s->conn = NULL;
  s->state = STREAM_CLOSED;
  buf_reset(&s->in);
}

void stream_overdue(struct stream *s, struct failure *f) {
  const struct step *step = cursor_expect(&s->cursor, s->id);
  stream_fail(f, s, KIND_TIMEOUT, step && step->kind == STEP_CLOSE ? NULL : step,
              take_awaited(s, step));
}
