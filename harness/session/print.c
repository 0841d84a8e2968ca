#include "session/print.h"

#include "session/render.h"

static void add_list(struct buf *out, const char *word, const char *const *list) {
  if (!*list)
    return;
  buf_addf(out, "%-5s ", word);
  for (const char *const *item = list; *item; item++)
    buf_addf(out, "%s%s", item == list ? "" : ", ", *item);
  buf_add_byte(out, '\n');
}

static void indent(struct buf *out, unsigned depth) {
  buf_fill(out, ' ', 2 * depth);
}

static void add_line(struct buf *out, const struct session *s, struct span text,
                     const struct pattern *p, unsigned conn, bool sends, unsigned depth) {
  indent(out, depth);
  if (!p || p->mask || p->npatches || p->ngaps) {
    buf_add_span(out, text);
  } else {
    buf_addf(out, "c%u %c ", conn, sends ? '>' : '<');
    render_line(out, s->dialect, sends, span_of(p->bytes, p->n));
  }
  buf_add_byte(out, '\n');
}

static void add_expected(struct buf *out, const struct session *s, const struct expected *e,
                         unsigned conn, unsigned depth) {
  /* `others` is no part of the bytes. */
  add_line(out, s, e->text, e->others ? NULL : e->pattern, conn, false, depth);
}

static void add_choice(struct buf *out, const struct session *s, const struct step *step,
                       unsigned depth) {
  indent(out, depth);
  buf_add_str(out, "either {\n");
  for (size_t i = 0; i < step->choice->n; i++) {
    if (i) {
      indent(out, depth);
      buf_add_str(out, "} or {\n");
    }
    const struct sequence *q = &step->choice->alternatives[i];
    for (size_t k = 0; k < q->n; k++)
      add_expected(out, s, &q->items[k], step->conn, depth + 1);
  }
  indent(out, depth);
  buf_add_str(out, "}\n");
}

static void add_each(struct buf *out, const struct session *s, const struct step *step,
                     unsigned depth) {
  indent(out, depth);
  buf_add_str(out, "each {\n");
  for (size_t i = 0; i < step->each->n; i++)
    add_expected(out, s, &step->each->items[i], step->conn, depth + 1);
  indent(out, depth);
  buf_add_str(out, "}\n");
  add_expected(out, s, &step->each->terminator, step->conn, depth);
}

void print_session(struct buf *out, const struct session *s) {
  buf_addf(out, "case  %s\n", s->title);
  if (s->dialect == DIALECT_COUCHBASE)
    buf_add_str(out, "dialect couchbase\n");
  add_list(out, "spec", s->spec);
  add_list(out, "tag", s->tags);
  add_list(out, "needs", s->needs);
  if (s->isolated)
    buf_add_str(out, "isolated\n");
  for (size_t i = 0; i < s->nnot_under; i++)
    buf_addf(out, "not-under %s \"%s\"\n", s->not_under[i].pattern, s->not_under[i].reason);
  unsigned depth = 0, clock_line = 0;
  for (size_t i = 0; i < s->nsteps; i++) {
    const struct step *step = &s->steps[i];
    if (step->conn == 0 && (step->kind == STEP_SEND || step->kind == STEP_EXPECT)) {
      /* The two halves of a `clock` line. */
      if (step->line != clock_line)
        add_line(out, s, step->text, NULL, 0, false, depth);
      clock_line = step->line;
      continue;
    }
    switch (step->kind) {
    case STEP_SEND:
    case STEP_EXPECT:
      add_line(out, s, step->text, step->pattern, step->conn, step->kind == STEP_SEND, depth);
      break;
    case STEP_EXPECT_EITHER:
      add_choice(out, s, step, depth);
      break;
    case STEP_EXPECT_EACH:
      add_each(out, s, step, depth);
      break;
    case STEP_LOOP:
      add_line(out, s, step->text, NULL, 0, false, depth++);
      break;
    case STEP_LOOP_END:
      indent(out, --depth);
      buf_add_str(out, "}\n");
      break;
    default:
      add_line(out, s, step->text, NULL, step->conn, false, depth);
      break;
    }
  }
}
