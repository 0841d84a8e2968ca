#include <stdlib.h>

#include "base/check.h"
#include "session/freedom.h"
#include "session/render.h"
#include "session/scribe_internal.h"
#include "session/session.h"

struct writer {
  struct scribe_plan *plan;
  struct buf *out;
  size_t holders[SESSION_CONNS]; /* the connection that a number stands for, or SCRIBE_NONE */
  bool shut[SESSION_CONNS];      /* and that it is told as ended */
};

/* What an answer holds that is the server's own affair. */
static struct render_holes holes_of(const struct frame *f, const struct line_plan *line,
                                    bool from_server) {
  struct render_holes holes = {.cas_text = line->cas[0] ? line->cas : NULL};
  if (from_server && frame_is_answer(f)) {
    holes.cas = f->h.cas != 0;
    holes.value = f->value.n > 0 && frame_value_is_free(f);
  }
  return holes;
}

static void put_bytes(struct writer *w, size_t at) {
  const struct scribe *s = w->plan->scribe;
  const struct mark *m = plan_mark(w->plan, at);
  const struct line_plan *line = &w->plan->lines[at];
  unsigned number = w->plan->told[m->conn].number;
  struct render_holes holes = {0};
  struct frame f;
  if (mark_frame(s, m, &f))
    holes = holes_of(&f, line, m->from_server);
  if (line->ends_each)
    buf_addf(w->out, "each {\n  c%u < others stat key=*{1..} value=* opaque=0x%x\n}\n", number,
             (unsigned)f.h.opaque);
  buf_addf(w->out, "c%u %c ", number, m->from_server ? '<' : '>');
  render_line_with(w->out, s->dialect, !m->from_server, mark_bytes(s, m), &holes);
  buf_add_byte(w->out, '\n');
}

static void put_end(struct writer *w, size_t conn, enum mark_kind kind) {
  static const char *const words[] = {[MARK_CLIENT_ENDED] = "half-close",
                                      [MARK_CLIENT_GONE] = "close",
                                      [MARK_SERVER_CLOSED] = "< closed"};
  unsigned number = w->plan->told[conn].number;
  buf_addf(w->out, "c%u %s\n", number, words[kind]);
  w->shut[number] = kind != MARK_CLIENT_ENDED;
}

/* The number of the connection that has been over for longest; 0 when all are open. */
static unsigned longest_over(const struct writer *w, size_t at) {
  unsigned best = 0;
  size_t since = at;
  for (unsigned i = 1; i < SESSION_CONNS; i++)
    if (w->plan->told[w->holders[i]].over < since) {
      best = i;
      since = w->plan->told[w->holders[i]].over;
    }
  return best;
}

/* Gives a number to a connection that is told from the mark `at` on: one that has not been used, as
 * connections that stay open are proven quiet at the end, else one that is over. */
static bool give_number(struct writer *w, size_t conn, size_t at) {
  unsigned number = 1;
  while (number < SESSION_CONNS && w->holders[number] != SCRIBE_NONE)
    number++;
  if (number == SESSION_CONNS) {
    number = longest_over(w, at);
    if (number == 0)
      return false;
    if (!w->shut[number])
      put_end(w, w->holders[number], MARK_CLIENT_GONE);
    buf_addf(w->out, "c%u connect\n", number);
  }
  w->plan->told[conn].number = number;
  *(size_t *)vec_push(&w->plan->order) = conn;
  w->holders[number] = conn;
  w->shut[number] = false;
  return true;
}

static bool put_marks(struct writer *w, struct buf *why) {
  struct scribe_plan *p = w->plan;
  for (size_t i = 0; i < p->marks.n; i++) {
    const struct mark *m = plan_mark(p, i);
    if (p->lines[i].skip)
      continue;
    if (!p->told[m->conn].number && !give_number(w, m->conn, i)) {
      buf_addf(why,
               "more than %d connections are open at once, which is all that a session can "
               "name",
               SESSION_CONNS - 1);
      return false;
    }
    if (m->kind <= MARK_RAW)
      put_bytes(w, i);
    else if (p->told[m->conn].end_at == i)
      put_end(w, m->conn, p->told[m->conn].end);
    else
      put_end(w, m->conn, m->kind);
  }
  for (unsigned i = 1; i < SESSION_CONNS && w->holders[i] != SCRIBE_NONE; i++)
    if (!w->shut[i] && p->told[w->holders[i]].end == MARK_CLIENT_GONE)
      put_end(w, w->holders[i], MARK_CLIENT_GONE);
  return true;
}

/* The commands of the client's, in the order of their first use; noop where there is none. */
static void put_spec(const struct scribe_plan *p, struct buf *out) {
  bool seen[2][256] = {0}, any = false;
  buf_add_str(out, "spec  ");
  for (size_t i = 0; i < p->marks.n; i++) {
    const struct mark *m = plan_mark(p, i);
    struct frame f;
    if (m->from_server || !mark_frame(p->scribe, m, &f))
      continue;
    bool server = magic_is_server(f.h.magic);
    if (seen[server][f.h.opcode])
      continue;
    seen[server][f.h.opcode] = true;
    const char *name = opcode_name(p->scribe->dialect, server, f.h.opcode);
    buf_addf(out, "%s%s", any ? ", " : "", server ? "server." : "");
    any = true;
    if (name)
      buf_add_str(out, name);
    else
      buf_addf(out, "op0x%02x", f.h.opcode);
  }
  buf_add_str(out, any ? "\n" : "noop\n");
}

/* Whether the server knew SASL. */
static bool needs_sasl(const struct scribe_plan *p) {
  enum { UNKNOWN_COMMAND = 0x81 };
  for (size_t i = 0; i < p->marks.n; i++) {
    const struct mark *m = plan_mark(p, i);
    struct frame f;
    if (m->from_server && mark_frame(p->scribe, m, &f) && f.h.opcode >= 0x20 &&
        f.h.opcode <= 0x22 && f.h.status != UNKNOWN_COMMAND)
      return true;
  }
  return false;
}

/* Text for a line of its own, whatever it holds. */
static void put_words(struct buf *out, const char *words, size_t n) {
  for (size_t i = 0; i < n; i++)
    buf_add_byte(out,
                 words[i] < ' ' || words[i] == '#' || words[i] == 0x7f ? '?' : (uint8_t)words[i]);
  buf_add_byte(out, '\n');
}

static void put_head(const struct scribe_plan *p, const struct scribe_head *head, struct buf *out) {
  buf_add_str(out, "case  ");
  put_words(out, head->title, strlen(head->title));
  for (const char *line = head->remark; line && *line;) {
    size_t n = strcspn(line, "\n");
    buf_add_str(out, "# ");
    put_words(out, line, n);
    line += n + (line[n] == '\n');
  }
  if (p->literal_cas)
    buf_addf(out,
             "# %zu requests send back a CAS as it was then: no more can be captured at once\n",
             p->literal_cas);
  if (p->scribe->dialect == DIALECT_COUCHBASE)
    buf_add_str(out, "dialect couchbase\n");
  put_spec(p, out);
  if (needs_sasl(p))
    buf_add_str(out, "needs sasl\n");
  buf_add_str(out, "isolated\n");
}

/* The marks as they are when nothing more comes: what is not whole then is bytes. */
static void plan_init(struct scribe_plan *p, const struct scribe *s) {
  *p = (struct scribe_plan){.scribe = s};
  vec_init(&p->marks, sizeof(struct mark));
  vec_init(&p->order, sizeof(size_t));
  for (size_t i = 0; i < s->marks.n; i++)
    *(struct mark *)vec_push(&p->marks) = *(const struct mark *)vec_at(&s->marks, i);
  for (size_t i = 0; i < s->conns.n; i++) {
    const struct scribe_conn *c = vec_at(&s->conns, i);
    for (int side = 0; side < 2; side++) {
      size_t n = c->sides[side].bytes.n - c->sides[side].cut;
      if (n > 0 && side == 0)
        *(struct mark *)vec_at(&p->marks, c->sides[side].begun) =
            (struct mark){MARK_RAW, false, i, c->sides[side].cut, n};
      else if (n > 0)
        *(struct mark *)vec_push(&p->marks) =
            (struct mark){MARK_RAW, true, i, c->sides[side].cut, n};
    }
  }
  p->told = xcalloc(s->conns.n + 1, sizeof *p->told);
  p->lines = xcalloc(p->marks.n + 1, sizeof *p->lines);
}

bool scribe_write(const struct scribe *s, const struct scribe_head *head, struct buf *out,
                  struct buf *why) {
  struct scribe_plan p;
  size_t before = out->n;
  plan_init(&p, s);
  scribe_plan_ends(&p);
  scribe_plan_cas(&p);
  scribe_plan_figures(&p);
  put_head(&p, head, out);
  struct writer w = {.plan = &p, .out = out};
  for (unsigned i = 0; i < SESSION_CONNS; i++)
    w.holders[i] = SCRIBE_NONE;
  bool ok = put_marks(&w, why);
  if (ok && w.holders[1] == SCRIBE_NONE) {
    buf_add_str(why, "nothing has passed that a session could tell");
    ok = false;
  } else if (ok && out->failed) {
    buf_addf(why, "a session of it would be larger than %zu MiB", out->cap >> 20);
    ok = false;
  }
  ok = ok && scribe_check(&p, span_from(buf_span(out), before), why);
  vec_fini(&p.marks);
  vec_fini(&p.order);
  free(p.told);
  free(p.lines);
  return ok;
}
