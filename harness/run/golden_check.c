#include "run/golden_check.h"

#include <stdlib.h>

#include "base/check.h"
#include "mcbp/frame.h"
#include "run/blame.h"
#include "run/stream_take.h"

struct golden_check {
  const struct session *golden, *session;
  struct bindings env;
  struct stream *streams;
  unsigned nstreams;
  struct failure failure;
  const struct step *step; /* of the case, that the answer in hand has met */
  bool differs;
};

struct golden_check *golden_check_new(const struct session *golden, const struct session *session,
                                      const char ns[4]) {
  struct golden_check *g = xcalloc(1, sizeof *g);
  g->golden = golden;
  g->session = session;
  memcpy(g->env.ns, ns, sizeof g->env.ns);
  g->nstreams = session->nconns > golden->nconns ? session->nconns : golden->nconns;
  g->streams = xcalloc(g->nstreams, sizeof *g->streams);
  for (unsigned i = 0; i < g->nstreams; i++)
    stream_init(&g->streams[i], i, golden, &g->env, NULL);
  return g;
}

void golden_check_free(struct golden_check *g) {
  if (!g)
    return;
  for (unsigned i = 0; i < g->nstreams; i++)
    stream_fini(&g->streams[i]);
  free(g->streams);
  free(g);
}

/* The golden expects more than has come. */
static void missing(struct golden_check *g, struct stream *s) {
  const struct step *step = cursor_expect(&s->cursor, s->id);
  CHECK(step);
  stream_fail(&g->failure, s, KIND_NONCONFORMANCE, step, take_awaited(s, step));
  g->failure.note = "the answer ends here";
  g->differs = true;
}

/* Whether what has come may be less than the golden's answer: where the server's close, which is
 * told next, makes it whole; or what the case failed at is no frame, and no more of it was waited
 * for. */
static bool may_be_less(struct stream *s, const struct step *met) {
  const struct step *step = cursor_expect(&s->cursor, s->id);
  struct frame f;
  return (step && step->kind == STEP_EXPECT_EITHER) ||
         (!met && frame_cut(buf_span(&s->in), &f) == FRAME_NOT);
}

void golden_check_answer(struct golden_check *g, unsigned conn, const struct step *step,
                         struct span bytes) {
  struct stream *s = &g->streams[conn];
  if (g->differs || conn == 0) /* c0 is the driver's own */
    return;
  if (s->in.n > 0) { /* no end has come behind it */
    missing(g, s);
    return;
  }
  g->step = step;
  g->differs = !stream_data(s, bytes, &g->failure);
  if (!g->differs && s->in.n > 0 && !may_be_less(s, step))
    missing(g, s);
}

void golden_check_end(struct golden_check *g, unsigned conn, const struct step *step,
                      enum conn_end end) {
  if (g->differs || conn == 0)
    return;
  g->step = step;
  g->differs = !stream_closed(&g->streams[conn], end, &g->failure);
}

void golden_check_done(struct golden_check *g) {
  for (unsigned i = 1; i < g->nstreams && !g->differs; i++)
    if (cursor_expect(&g->streams[i].cursor, i)) {
      g->step = NULL;
      missing(g, &g->streams[i]);
    }
}

bool golden_check_differs(const struct golden_check *g) {
  return g->differs;
}

struct verdict golden_check_verdict(const struct golden_check *g) {
  CHECK(g->differs);
  struct verdict v = blame(g->golden, &g->failure, NULL);
  char *detail = xasprintf("golden    %s:%u\n%s", g->golden->file, g->failure.line, v.detail);
  free(v.detail);
  v.detail = detail;
  v.kind = KIND_REGRESSION;
  blame_place(g->session, g->step, &v);
  return v;
}
