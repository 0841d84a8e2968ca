#include "run/blame.h"

#include "session/explain.h"
#include "session/render.h"

enum { DETAIL_MAX = 64 << 10 };

/* The place of a line's step among the steps, both counted without the ends of blocks. */
static void place(const struct session *session, unsigned line, struct verdict *v) {
  for (size_t i = 0; i < session->nsteps; i++) {
    const struct step *s = &session->steps[i];
    if (s->kind == STEP_LOOP_END)
      continue;
    v->steps++;
    if (s->line <= line && line > 0)
      v->step = v->steps;
  }
}

void blame_place(const struct session *session, const struct step *step, struct verdict *v) {
  v->line = step ? step->line : 0;
  v->step = v->steps = 0;
  place(session, v->line, v);
}

static void tell_stall(struct buf *out, const struct failure *f, const struct stall *stall) {
  double seconds = stall->timeout_ms / 1000.0;
  if (stall->send && stall->unsent)
    buf_addf(out, "the server reads no more: %zu bytes of the request are unsent after %.1f s",
             stall->unsent, seconds);
  else if (stall->send)
    buf_addf(out, "the server has not read the request for %.1f s", seconds);
  else if (f->text.n && !f->pattern)
    buf_addf(out, "the server has not closed c%u for %.1f s", f->stream->id, seconds);
  else if (f->text.n && f->stream->in.n)
    buf_addf(out, "the answer on c%u is incomplete after %.1f s", f->stream->id, seconds);
  else if (f->text.n)
    buf_addf(out, "no answer on c%u for %.1f s", f->stream->id, seconds);
  else if (f->stream->proof == PROOF_FENCE_SENT)
    buf_addf(out, "no answer to the driver's own noop on c%u for %.1f s", f->stream->id, seconds);
  else
    buf_addf(out, "c%u has not ended for %.1f s after the client's half-close", f->stream->id,
             seconds);
}

static void tell_close(struct buf *out, const struct failure *f) {
  const char *how = f->stream->end == CONN_RESET ? "reset" : "closed";
  if (f->stream->end == CONN_FAILED)
    buf_addf(out, "c%u: %s", f->stream->id,
             f->stream->conn ? conn_error(f->stream->conn) : "the connection failed");
  else if (f->stream->proof == PROOF_FENCE_SENT)
    buf_addf(out, "the server %s c%u instead of answering the driver's own noop", how,
             f->stream->id);
  else if (f->text.n == 0)
    buf_addf(out, "the server %s c%u, which nothing asked for", how, f->stream->id);
  else if (f->stream->in.n)
    buf_addf(out, "the server %s c%u in the middle of an answer", how, f->stream->id);
  else
    buf_addf(out, "the server %s c%u before its answer", how, f->stream->id);
}

struct verdict blame(const struct session *session, const struct failure *f,
                     const struct stall *stall) {
  const struct stream *s = f->stream;
  struct explain_input in = {
      .text = f->text,
      .pattern = f->pattern,
      .env = s->env,
      .counters = f->counters,
      .actual = span_from(buf_span(&s->in), f->shift),
      .stream_off = s->off + f->shift,
      .conn = s->id,
      .dialect = session->dialect,
  };
  struct verdict v = {.status = VERDICT_FAIL, .kind = f->kind, .line = f->line};
  struct buf brief, detail, fence;
  buf_init(&brief, 1024);
  buf_init(&fence, 256);
  buf_init(&detail, DETAIL_MAX);
  place(session, stall && stall->send ? stall->send->line : f->line, &v);
  if (f->aside)
    buf_addf(&brief, "%s while c%u stood still", f->aside, s->id);
  else if (f->kind == KIND_TIMEOUT)
    tell_stall(&brief, f, stall);
  else if (f->kind == KIND_UNEXPECTED_CLOSE)
    tell_close(&brief, f);
  else
    explain_brief(&brief, &in);
  if (f->kind == KIND_NONCONFORMANCE && !f->aside)
    v.field = explain_field(&in);
  if (stall && stall->send)
    buf_addf(&detail, "request   %.*s\n",
             (int)(stall->send->text.n < 200 ? stall->send->text.n : 200),
             (const char *)stall->send->text.p);
  if (f->text.n == 0 && s->proof == PROOF_FENCE_SENT && f->kind != KIND_LEFTOVER) {
    uint8_t answer[HEADER_BYTES];
    stream_fence_answer(s->id, answer);
    buf_addf(&fence, "c%u < ", s->id);
    render_line(&fence, session->dialect, false, span_of(answer, sizeof answer));
    buf_add_str(&fence, "  (answers the driver's own)");
    in.text = buf_span(&fence);
  }
  if (f->aside && !stall) /* a difference is told by the detail alone */
    buf_addf(&detail, "%s\n", buf_cstr(&brief));
  if (f->aside && in.text.n)
    buf_addf(&detail, "next on c%u  %.*s\n", s->id, (int)(in.text.n < 200 ? in.text.n : 200),
             (const char *)in.text.p);
  else if (in.text.n || in.actual.n) /* otherwise the brief has said it all */
    explain_difference(&detail, &in);
  if (f->note)
    buf_addf(&detail, "          %s\n", f->note);
  buf_fini(&fence);
  v.brief = buf_take(&brief);
  v.detail = buf_take(&detail);
  return v;
}
