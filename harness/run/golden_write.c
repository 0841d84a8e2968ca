#include "run/golden_write.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "mcbp/frame.h"
#include "run/golden_line.h"
#include "session/cursor.h"
#include "session/render.h"

enum { LINE_LONG = 200 /* characters */ };

struct writer {
  struct buf *out, *why;
  const struct session *session;
  const struct golden_plays *plays;
  struct alignment al[GOLDEN_PLAYS]; /* of the first play with each later one */
  unsigned *fields;                  /* by piece of the first play: what differs in any later one */
  const struct pair **pairs;         /* of the connection in hand, in the first alignment */
  size_t npairs;
  unsigned conn;
  bool failed;
};

/* What differs in a pair, in this or another of the later plays. */
static unsigned differs_in(const struct writer *w, const struct pair *p) {
  const struct piece *all = w->al[0].a.items;
  return p->a ? w->fields[p->a - all] : p->differs;
}

/* Whether a piece is a figure that the server is known to count of its own accord. */
static bool is_volatile_stat(const struct writer *w, const struct piece *p) {
  enum { STAT = 0x10 };
  struct frame f;
  if (p->kind != PIECE_FRAME || frame_cut(p->bytes, &f) != FRAME_WHOLE || f.h.opcode != STAT ||
      f.key.n == 0 || w->session->dialect != DIALECT_STOCK)
    return false;
  for (const char *const *key = w->plays->volatile_stats; *key; key++)
    if (text_glob(span_str(*key), f.key))
      return true;
  return false;
}

static void add_volatile_stats(struct writer *w) {
  for (size_t i = 0; i < w->al[0].a.n; i++)
    if (is_volatile_stat(w, vec_at(&w->al[0].a, i)))
      w->fields[i] |= PIECE_VALUE;
}

/* What differs in a step's answers on the connection in hand, in any of the later plays. */
static unsigned differs_at(const struct writer *w, size_t step) {
  unsigned differs = 0;
  for (size_t k = 0; k < w->plays->nlater; k++)
    for (size_t i = 0; i < w->al[k].pairs.n; i++) {
      const struct pair *p = alignment_pair(&w->al[k], i);
      const struct piece *piece = p->a ? p->a : p->b;
      if (piece->conn == w->conn && piece->step == step)
        differs |= p->differs;
    }
  return differs;
}

static void indent(struct writer *w, unsigned depth) {
  buf_fill(w->out, ' ', 2 * (size_t)depth);
}

static void refuse(struct writer *w, const struct pair *p, const char *how) {
  const struct piece *piece = p->a ? p->a : p->b;
  if (w->failed)
    return;
  w->failed = true;
  buf_addf(w->why, "the plays differ in %s, which no golden leaves open: c%u < ", how, w->conn);
  if (piece->kind >= PIECE_END)
    buf_add_str(w->why, "closed");
  else
    render_brief(w->why, w->session->dialect, false, piece->bytes);
}

/* The outermost loop around a step, or SIZE_MAX. */
static size_t loop_around(const struct session *s, size_t step) {
  for (size_t i = 0; i < s->nsteps && step != ANSWER_UNEXPECTED && i < step; i++)
    if (s->steps[i].kind == STEP_LOOP && s->steps[i].partner > step)
      return i;
  return SIZE_MAX;
}

/* The line of the case that a piece has met. */
static void put_case_line(struct writer *w, const struct piece *piece) {
  const struct step *step = &w->session->steps[piece->step];
  size_t loop = loop_around(w->session, piece->step), round = 0;
  for (const struct piece *p = w->al[0].a.items; p < piece; p++)
    round += p->conn == piece->conn && p->step == piece->step;
  golden_line(w->out, step->text, step->pattern, loop == SIZE_MAX ? NULL : &w->session->steps[loop],
              round);
}

/* Whether more than one loop is around a step. */
static bool is_nested(const struct session *s, size_t step) {
  size_t loops = 0;
  for (size_t i = 0; i < step; i++)
    loops += s->steps[i].kind == STEP_LOOP && s->steps[i].partner > step;
  return loops > 1;
}

/* Whether the line of the case that a pair has met says the same as the pair would, in fewer words.
 */
static bool case_says_it(const struct writer *w, const struct pair *p, unsigned differs,
                         size_t length) {
  const struct step *step = p->a->step == ANSWER_UNEXPECTED ? NULL : &w->session->steps[p->a->step];
  bool open;
  return length > LINE_LONG && step && step->kind == STEP_EXPECT && step->text.n < length &&
         !is_nested(w->session, p->a->step) && golden_line_open(step->pattern, &open) &&
         (!open || differs == PIECE_CAS);
}

/* A piece as a line; `holes` tell what of it is open, but for {ns}. */
static void put_piece(struct writer *w, const struct piece *piece, struct render_holes holes,
                      struct buf *line) {
  buf_addf(line, "c%u < ", w->conn);
  if (piece->kind >= PIECE_END)
    buf_add_str(line, "closed");
  else
    render_line_with(line, w->session->dialect, false, piece->bytes, &holes);
}

/* A pair's line. */
static void put_pair(struct writer *w, const struct pair *p, unsigned depth) {
  unsigned differs = differs_in(w, p) & ~(unsigned)(PIECE_CLOSE | PIECE_PLACE);
  if (differs & PIECE_ALONE)
    refuse(w, p, "the number of answers");
  else if (differs & PIECE_REST)
    refuse(w, p, "opcode, status, opaque or the like");
  else if (differs & PIECE_KEY)
    refuse(w, p, "the key");
  else if (differs && p->a->kind == PIECE_RAW)
    refuse(w, p, "bytes that are no frame");
  if (w->failed)
    return;
  size_t *ns = xcalloc(p->nns + 1, sizeof *ns);
  for (size_t i = 0; i < p->nns; i++)
    ns[i] = alignment_place(&w->al[0], p, i);
  struct render_holes holes = {.cas = differs & PIECE_CAS,
                               .extras = differs & PIECE_EXTRAS,
                               .value = differs & PIECE_VALUE,
                               .ns = ns,
                               .nns = p->nns};
  struct buf line;
  buf_init(&line, SIZE_MAX / 2);
  put_piece(w, p->a, holes, &line);
  indent(w, depth);
  if (case_says_it(w, p, differs, line.n))
    put_case_line(w, p->a);
  else
    buf_add_span(w->out, buf_span(&line));
  buf_add_byte(w->out, '\n');
  buf_fini(&line);
  free(ns);
}

/* A piece as a line of an alternative, of which nothing but the CAS is known to be volatile. */
static void put_alone(struct writer *w, const struct piece *p, const char *own_ns,
                      struct buf *lines) {
  enum { NS = 4 };
  struct frame f;
  struct vec ns;
  vec_init(&ns, sizeof(size_t));
  for (size_t at = 0; w->session->uses_ns && at + NS <= p->bytes.n; at++)
    if (at >= HEADER_BYTES && memcmp(p->bytes.p + at, own_ns, NS) == 0)
      *(size_t *)vec_push(&ns) = at;
  bool has_cas = frame_cut(p->bytes, &f) == FRAME_WHOLE && f.h.cas;
  struct render_holes holes = {.cas = has_cas, .ns = ns.items, .nns = ns.n};
  buf_add_str(lines, "  ");
  put_piece(w, p, holes, lines);
  buf_add_byte(lines, '\n');
  vec_fini(&ns);
}

static int longest_first(const void *a, const void *b) {
  const struct buf *p = a, *q = b;
  return (p->n < q->n) - (p->n > q->n);
}

/* What the plays answered otherwise: those pieces on the connection in hand that `step` was met by,
 * or, for ANSWER_UNEXPECTED, all from the one at `from` on. All variants stand, each once, the
 * longest first, as one may begin with another. */
static void put_variants(struct writer *w, size_t step, size_t from) {
  struct buf lines[GOLDEN_PLAYS + 1];
  size_t n = 0;
  for (size_t k = 0; k <= w->plays->nlater; k++) {
    const struct vec *pieces = k ? &w->al[k - 1].b : &w->al[0].a;
    const char *ns = k ? w->plays->later[k - 1]->ns : w->plays->first->ns;
    size_t seen = 0, same = 0;
    buf_init(&lines[n], SIZE_MAX / 2);
    for (size_t i = 0; i < pieces->n; i++) {
      const struct piece *p = vec_at(pieces, i);
      bool tail = step == ANSWER_UNEXPECTED && p->conn == w->conn && seen++ >= from;
      if (p->conn == w->conn && (tail || (step != ANSWER_UNEXPECTED && p->step == step)))
        put_alone(w, p, ns, &lines[n]);
    }
    while (same < n && !span_eq(buf_span(&lines[same]), buf_span(&lines[n])))
      same++;
    if (same == n)
      n++;
    else
      buf_fini(&lines[n]);
  }
  qsort(lines, n, sizeof *lines, longest_first);
  if (lines[n - 1].n == 0) {
    w->failed = true;
    buf_addf(w->why, "c%u gets an answer in some plays and none in others", w->conn);
  }
  for (size_t k = 0; k < n; k++) {
    buf_add_str(w->out, k ? "} or {\n" : "either {\n");
    buf_add_span(w->out, buf_span(&lines[k]));
    buf_fini(&lines[k]);
  }
  buf_add_str(w->out, "}\n");
}

/* Where several connections act, which alternative is taken may be a race that all plays ended in
 * the same way: the block stands as in the case, unless it captures more than a CAS. */
static bool is_race(const struct writer *w, const struct choice *c) {
  bool open;
  for (size_t i = 0; i < c->n; i++)
    for (size_t k = 0; k < c->alternatives[i].n; k++) {
      const struct pattern *p = c->alternatives[i].items[k].pattern;
      if (p && (p->ncaptures || pattern_uses_capture(p)) && !golden_line_open(p, &open))
        return false;
    }
  return session_has_several(w->session);
}

static void put_race(struct writer *w, const struct choice *c, unsigned depth) {
  bool open;
  for (size_t i = 0; i < c->n; i++) {
    indent(w, depth);
    buf_add_str(w->out, i ? "} or {\n" : "either {\n");
    for (size_t k = 0; k < c->alternatives[i].n; k++) {
      const struct expected *e = &c->alternatives[i].items[k];
      indent(w, depth + 1);
      if (e->pattern && golden_line_open(e->pattern, &open))
        golden_line(w->out, e->text, e->pattern, NULL, 0);
      else
        buf_add_span(w->out, e->text);
      buf_add_byte(w->out, '\n');
    }
  }
  indent(w, depth);
  buf_add_str(w->out, "}\n");
}

static size_t step_of(const struct pair *p) {
  return (p->a ? p->a : p->b)->step;
}

/* How many pairs from `from` on are of steps from `first` to `last`. */
static size_t run_of(const struct writer *w, size_t from, size_t first, size_t last) {
  size_t n = 0;
  while (from + n < w->npairs && step_of(w->pairs[from + n]) >= first &&
         step_of(w->pairs[from + n]) <= last)
    n++;
  return n;
}

/* Where the frames came in another order, or some not in each play: the lines that came in all,
 * then what the case says of others, then the end. */
static void put_each(struct writer *w, const struct step *step, size_t from, size_t n) {
  const struct pair *end = NULL; /* those of the second play alone stand behind it */
  for (size_t i = 0; i < n; i++)
    if (w->pairs[from + i]->a)
      end = w->pairs[from + i];
  CHECK(end);
  buf_add_str(w->out, "each {\n");
  for (size_t i = 0; i < n; i++) {
    const struct pair *p = w->pairs[from + i];
    if (p != end && !(differs_in(w, p) & PIECE_ALONE))
      put_pair(w, p, 1);
  }
  for (size_t i = 0; i < step->each->n; i++)
    if (step->each->items[i].others) {
      indent(w, 1);
      buf_add_span(w->out, step->each->items[i].text);
      buf_add_byte(w->out, '\n');
    }
  buf_add_str(w->out, "}\n");
  put_pair(w, end, 0);
}

/* Whether the loop's lines on this connection are as exact as the answers in `n` pairs allow. */
static bool loop_is_exact(const struct writer *w, size_t loop, size_t from, size_t n) {
  const struct session *s = w->session;
  for (size_t i = loop; i < s->steps[loop].partner; i++) {
    const struct step *step = &s->steps[i];
    bool open;
    if (step->conn != w->conn || step->kind == STEP_SEND || step->kind == STEP_LOOP ||
        step->kind == STEP_LOOP_END)
      continue;
    if (step->kind == STEP_EXPECT_EITHER && is_race(w, step->choice))
      continue;
    if (step->kind != STEP_EXPECT || !golden_line_open(step->pattern, &open))
      return false;
    for (size_t k = from; open && k < from + n; k++)
      if (step_of(w->pairs[k]) == i && differs_in(w, w->pairs[k]) != PIECE_CAS)
        return false;
  }
  return !w->plays->failed; /* it may not have been gone through to its end */
}

static void put_loop(struct writer *w, size_t loop) {
  const struct session *s = w->session;
  unsigned depth = 0;
  for (size_t i = loop; i <= s->steps[loop].partner; i++) {
    const struct step *step = &s->steps[i];
    bool awaits = step->kind == STEP_LOOP && step->awaits >> w->conn & 1;
    if (step->kind == STEP_LOOP && !awaits) {
      i = step->partner;
    } else if (step->kind == STEP_LOOP_END) {
      indent(w, --depth);
      buf_add_str(w->out, "}\n");
    } else if (step->kind == STEP_EXPECT_EITHER && step->conn == w->conn) {
      put_race(w, step->choice, depth);
    } else if (awaits || (step->kind == STEP_EXPECT && step->conn == w->conn)) {
      indent(w, awaits ? depth++ : depth);
      if (awaits)
        buf_add_span(w->out, step->text);
      else
        golden_line(w->out, step->text, step->pattern, NULL, 0);
      buf_add_byte(w->out, '\n');
    }
  }
}

/* Writes the pairs from `from` on that belong together; returns how many. */
static size_t put_some(struct writer *w, size_t from) {
  size_t at = step_of(w->pairs[from]), loop = loop_around(w->session, at);
  if (loop != SIZE_MAX) {
    size_t n = run_of(w, from, loop, w->session->steps[loop].partner);
    if (loop_is_exact(w, loop, from, n)) {
      put_loop(w, loop);
      return n;
    }
  }
  const struct step *step = at == ANSWER_UNEXPECTED ? NULL : &w->session->steps[at];
  if (step && step->kind == STEP_EXPECT_EACH) {
    size_t n = run_of(w, from, at, at);
    bool ordered = !(differs_at(w, at) & (PIECE_ALONE | PIECE_PLACE));
    if (!ordered && loop != SIZE_MAX)
      refuse(w, w->pairs[from], "the order of answers in a loop");
    if (!ordered) {
      put_each(w, step, from, n);
      return n;
    }
  }
  if (step && step->kind == STEP_EXPECT_EITHER && loop == SIZE_MAX) {
    bool raced = is_race(w, step->choice);
    bool same = !(differs_at(w, at) & ~(unsigned)(PIECE_CAS | PIECE_CLOSE));
    if (raced)
      put_race(w, step->choice, 0);
    else if (!same)
      put_variants(w, at, 0);
    if (raced || !same)
      return run_of(w, from, at, at);
  }
  put_pair(w, w->pairs[from], 0);
  return 1;
}

/* Whether a later play has an answer that the first has not, where that is not left open. */
static const struct pair *surplus(const struct writer *w) {
  for (size_t k = 0; k < w->plays->nlater; k++)
    for (size_t i = 0; i < w->al[k].pairs.n; i++) {
      const struct pair *p = alignment_pair(&w->al[k], i);
      size_t at = step_of(p);
      enum step_kind kind = at == ANSWER_UNEXPECTED ? STEP_EXPECT : w->session->steps[at].kind;
      if (!p->a && p->b->conn == w->conn && kind != STEP_EXPECT_EACH && kind != STEP_EXPECT_EITHER)
        return p;
    }
  return NULL;
}

static bool parts(const struct writer *w, const struct pair *p) {
  unsigned differs = differs_in(w, p);
  return differs & (PIECE_ALONE | PIECE_REST | PIECE_KEY) ||
         (p->a->kind == PIECE_RAW && differs & PIECE_VALUE);
}

/* At which of the connection's answers a case that fails as is known may go on in several ways;
 * npairs for none. */
static size_t parting(const struct writer *w, bool more) {
  size_t i = 0;
  if (!w->plays->failed)
    return w->npairs;
  while (i < w->npairs && w->pairs[i]->a && !parts(w, w->pairs[i]))
    i++;
  return i < w->npairs || more ? i : w->npairs;
}

static void put_conn(struct writer *w) {
  const struct pair *more = surplus(w);
  w->npairs = 0;
  for (size_t i = 0; i < w->al[0].pairs.n; i++) {
    const struct pair *p = alignment_pair(&w->al[0], i);
    if ((p->a ? p->a : p->b)->conn == w->conn)
      w->pairs[w->npairs++] = p;
  }
  size_t from = parting(w, more != NULL);
  if (more && !w->plays->failed)
    refuse(w, more, "the number of answers");
  if (w->npairs)
    buf_add_byte(w->out, '\n');
  for (size_t i = 0; i < from && !w->failed;)
    i += put_some(w, i);
  if (from < w->npairs || (more && w->plays->failed))
    put_variants(w, ANSWER_UNEXPECTED, from);
}

bool golden_write(struct buf *out, const struct session *session, const char *id,
                  const char *server, const struct golden_plays *plays, struct buf *why) {
  CHECK(plays->nlater > 0 && plays->nlater <= GOLDEN_PLAYS);
  struct writer w = {.out = out, .why = why, .session = session, .plays = plays};
  for (size_t k = 0; k < plays->nlater; k++)
    alignment_init(&w.al[k], session, plays->first, plays->later[k]);
  w.pairs = xcalloc(w.al[0].pairs.n + 1, sizeof(struct pair *));
  w.fields = xcalloc(w.al[0].a.n + 1, sizeof *w.fields);
  for (size_t k = 0; k < plays->nlater; k++)
    alignment_add_fields(&w.al[k], w.fields);
  add_volatile_stats(&w);
  buf_addf(out, "golden  %s\n", id);
  if (server)
    buf_addf(out, "server  %s\n", server);
  if (session->dialect == DIALECT_COUCHBASE)
    buf_add_str(out, "dialect couchbase\n");
  for (w.conn = 1; w.conn < session->nconns && !w.failed; w.conn++)
    put_conn(&w);
  for (size_t k = 0; k < plays->nlater; k++)
    alignment_fini(&w.al[k]);
  free(w.pairs);
  free(w.fields);
  return !w.failed;
}
