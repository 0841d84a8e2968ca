#include <stdlib.h>

#include "base/check.h"
#include "mcbp/frame.h"
#include "run/play_internal.h"

static void take_bytes(struct play *p, unsigned conn, const struct step *step, struct span bytes) {
  if (p->options.transcript)
    transcript_add(p->options.transcript, ANSWER_BYTES, conn,
                   step ? (size_t)(step - p->options.session->steps) : ANSWER_UNEXPECTED, bytes);
  if (p->golden)
    golden_check_answer(p->golden, conn, step, bytes);
}

static void take_end(struct play *p, unsigned conn, const struct step *step, enum conn_end end) {
  if (p->options.transcript)
    transcript_add(p->options.transcript, end == CONN_EOF ? ANSWER_END : ANSWER_RESET, conn,
                   step ? (size_t)(step - p->options.session->steps) : ANSWER_UNEXPECTED,
                   (struct span){0});
  if (p->golden)
    golden_check_end(p->golden, conn, step, end);
}

static void met_cb(void *arg, const struct stream *s, const struct step *step, struct span bytes,
                   bool ended) {
  if (ended)
    take_end(arg, s->id, step, s->end);
  else
    take_bytes(arg, s->id, step, bytes);
}

void answers_init(struct play *p) {
  const struct play_options *o = &p->options;
  p->listener = (struct stream_listener){met_cb, p};
  if (o->golden)
    p->golden = golden_check_new(o->golden, o->session, o->ns);
  if (o->transcript)
    memcpy(o->transcript->ns, o->ns, sizeof o->ns);
  for (unsigned i = 0; i < o->session->nconns; i++)
    p->streams[i].listener = o->golden || o->transcript ? &p->listener : NULL;
}

/* Its first frame, or all there is of it; and an end. */
void answers_failure(struct play *p) {
  const struct stream *s = p->failure.stream;
  struct span in = buf_span(&s->in);
  struct frame f;
  if (frame_cut(span_from(in, p->failure.shift), &f) == FRAME_WHOLE)
    in = span_sub(in, 0, p->failure.shift + f.len);
  if (in.n)
    take_bytes(p, s->id, NULL, in);
  if (p->failure.kind == KIND_UNEXPECTED_CLOSE)
    take_end(p, s->id, NULL, s->end);
}

void answers_judge(struct play *p) {
  struct verdict *v = &p->verdict;
  if (!p->golden)
    return;
  if (!p->failed)
    golden_check_done(p->golden);
  bool differs = golden_check_differs(p->golden);
  if (!p->failed && differs)
    *v = golden_check_verdict(p->golden);
  if (!p->failed)
    return;
  v->golden = differs ? GOLDEN_DIFFERS : GOLDEN_AGREES;
  const char *word = differs ? "the golden differs, too: the server has answered otherwise before"
                             : "the golden agrees: the server has answered so before";
  char *detail = xasprintf("%s          %s\n", v->detail, word);
  free(v->detail);
  v->detail = detail;
}
