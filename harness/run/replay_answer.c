#include "run/replay_answer.h"

#include "base/check.h"
#include "session/explain.h"
#include "session/freedom.h"
#include "session/render.h"

enum { BODYLEN_AT = 8 };

bool replay_answer_same(const struct frame *recorded, struct span recorded_bytes,
                        const struct frame *now, struct span now_bytes) {
  bool answer = frame_is_answer(recorded);
  if (!answer)
    return span_eq(recorded_bytes, now_bytes);
  bool free_value = recorded->value.n > 0 && frame_value_is_free(recorded);
  size_t value = recorded->len - recorded->value.n;
  return memcmp(recorded_bytes.p, now_bytes.p, BODYLEN_AT) == 0 &&
         (free_value || recorded->h.bodylen == now->h.bodylen) &&
         recorded->h.opaque == now->h.opaque && !recorded->h.cas == !now->h.cas &&
         now_bytes.n >= value &&
         memcmp(recorded_bytes.p + HEADER_BYTES, now_bytes.p + HEADER_BYTES,
                value - HEADER_BYTES) == 0 &&
         (free_value || span_eq(recorded->value, now->value));
}

/* The line that a session would expect it with, compiled. */
static struct session *expectation(enum dialect dialect, struct span recorded) {
  struct frame f;
  struct diag diag;
  struct buf text;
  struct render_holes holes = {0};
  if (frame_cut(recorded, &f) == FRAME_WHOLE && frame_is_answer(&f)) {
    holes.cas = f.h.cas != 0;
    holes.value = f.value.n > 0 && frame_value_is_free(&f);
  }
  diag_init(&diag);
  buf_init(&text, SIZE_MAX / 2);
  buf_addf(&text, "case  replay\n%sspec  noop\nc1 < ",
           dialect == DIALECT_COUCHBASE ? "dialect couchbase\n" : "");
  render_line_with(&text, dialect, false, recorded, &holes);
  struct session *s = session_compile(buf_span(&text), "replay", (struct session_loader){0}, &diag);
  buf_fini(&text);
  diag_fini(&diag);
  return s;
}

void replay_answer_explain(struct buf *out, enum dialect dialect, struct span recorded,
                           struct span now, uint64_t stream_off, unsigned conn) {
  struct session *s = expectation(dialect, recorded);
  const struct step *step = s ? &s->steps[s->nsteps - 1] : NULL;
  const struct bindings env = {.ns = "0000"};
  static const uint64_t counters[SESSION_LOOPS];
  if (step)
    explain_difference(out, &(struct explain_input){.text = step->text,
                                                    .pattern = step->pattern,
                                                    .env = &env,
                                                    .counters = counters,
                                                    .actual = now,
                                                    .stream_off = stream_off,
                                                    .conn = conn,
                                                    .dialect = dialect});
  else /* more than a session's line holds */
    buf_addf(out, "  an answer of %zu bytes differs\n", recorded.n);
  session_free(s);
}
