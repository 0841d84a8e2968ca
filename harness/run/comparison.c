#include "run/comparison.h"

#include <stdlib.h>

#include "base/check.h"
#include "mcbp/frame.h"
#include "run/alignment.h"
#include "run/blame.h"
#include "run/contrast.h"
#include "session/render.h"

enum { TEXT_MAX = 200, BRIEF_MAX = 1 << 10, DETAIL_MAX = 48 << 10 };

void comparison_init(struct comparison *c, size_t tape_max) {
  *c = (struct comparison){0};
  for (size_t i = 0; i < COMPARISON_MOST; i++)
    for (int s = 0; s < SIDES; s++) {
      tape_init(&c->plays[i][s].tape, tape_max);
      transcript_init(&c->plays[i][s].transcript, COMPARISON_MAX);
    }
}

void comparison_fini(struct comparison *c) {
  for (size_t i = 0; i < COMPARISON_MOST; i++)
    for (int s = 0; s < SIDES; s++) {
      tape_fini(&c->plays[i][s].tape);
      transcript_fini(&c->plays[i][s].transcript);
      verdict_fini(&c->plays[i][s].verdict);
    }
}

void comparison_begin(struct comparison *c, const struct session *session) {
  c->session = session;
  c->rounds = 0;
  for (size_t i = 0; i < COMPARISON_MOST; i++)
    for (int s = 0; s < SIDES; s++) {
      tape_reset(&c->plays[i][s].tape);
      transcript_reset(&c->plays[i][s].transcript);
      verdict_fini(&c->plays[i][s].verdict);
      c->plays[i][s].figures = (struct figures){0};
    }
}

static bool same_brief(const struct verdict *a, const struct verdict *b) {
  return a->brief && b->brief ? strcmp(a->brief, b->brief) == 0 : a->brief == b->brief;
}

/* Whether the case came to the same on both; an error's text tells how the server ended. */
static bool same_way(const struct verdict *a, const struct verdict *b) {
  return a->status == b->status && a->kind == b->kind && a->line == b->line &&
         (a->status != VERDICT_ERROR || same_brief(a, b));
}

/* Whether the candidate's verdict is one that the baseline has come to in some round. */
static bool verdict_is_known(const struct comparison *c, const struct verdict *v) {
  for (size_t i = 0; i < c->rounds; i++)
    if (same_way(&c->plays[i][BASELINE].verdict, v))
      return true;
  return false;
}

/* What differs among the rounds of one side: in one of them, piece by piece, and what others of
 * them have beside it. */
struct variance {
  unsigned *fields; /* by piece */
  struct vec more;  /* of struct piece: in other rounds alone */
};

static void variance_init(struct variance *v, const struct comparison *c, enum side side,
                          size_t round, size_t pieces) {
  *v = (struct variance){.fields = xcalloc(pieces + 1, sizeof *v->fields)};
  vec_init(&v->more, sizeof(struct piece));
  for (size_t i = 0; i < c->rounds; i++) {
    struct alignment al;
    alignment_init(&al, c->session, &c->plays[round][side].transcript,
                   &c->plays[i][side].transcript);
    CHECK(al.a.n == pieces);
    alignment_add_fields(&al, v->fields);
    for (size_t k = 0; k < al.pairs.n; k++) {
      const struct pair *p = alignment_pair(&al, k);
      if (!p->a)
        *(struct piece *)vec_push(&v->more) = *p->b;
    }
    alignment_fini(&al);
  }
}

static void variance_fini(struct variance *v) {
  vec_fini(&v->more);
  free(v->fields);
}

/* Whether the side gives an answer of this kind, opcode and key at this step in some rounds. */
static bool has_like(const struct variance *v, const struct piece *piece) {
  struct frame f, g;
  for (size_t i = 0; i < v->more.n; i++) {
    const struct piece *m = vec_at(&v->more, i);
    if (m->kind != piece->kind || m->conn != piece->conn || m->step != piece->step)
      continue;
    if (m->kind != PIECE_FRAME)
      return true;
    CHECK(frame_cut(m->bytes, &f) == FRAME_WHOLE && frame_cut(piece->bytes, &g) == FRAME_WHOLE);
    if (f.h.opcode == g.h.opcode && span_eq(f.key, g.key))
      return true;
  }
  return false;
}

/* Whether the order of the answers of an `each` varies. */
static bool order_varies(const struct variance *v, const struct vec *pieces,
                         const struct piece *piece) {
  for (size_t i = 0; i < pieces->n; i++) {
    const struct piece *p = vec_at(pieces, i);
    if (p->conn == piece->conn && p->step == piece->step && (v->fields[i] & PIECE_PLACE))
      return true;
  }
  return false;
}

static size_t index_of(const struct vec *pieces, const struct piece *p) {
  return (size_t)(p - (const struct piece *)pieces->items);
}

/* What of a pair varies within one of the sides. */
static unsigned varying(const struct alignment *al, const struct pair *p,
                        const struct variance of[SIDES]) {
  unsigned a = p->a ? of[BASELINE].fields[index_of(&al->a, p->a)] : 0;
  unsigned b = p->b ? of[CANDIDATE].fields[index_of(&al->b, p->b)] : 0;
  return a | b;
}

/* The expectation that a pair answers; NULL when it is none's answer. */
static const struct step *step_of(const struct session *session, const struct pair *p) {
  size_t step = p->a ? p->a->step : ANSWER_UNEXPECTED;
  if (step == ANSWER_UNEXPECTED && p->b)
    step = p->b->step;
  return step == ANSWER_UNEXPECTED ? NULL : &session->steps[step];
}

/* Where several connections act, which alternative is taken may be a race that all rounds of a side
 * ended in the same way, as goldens have it (golden_write.c): either is what the case expects. */
static bool is_race(const struct session *session, const struct pair *p) {
  const struct step *step = step_of(session, p);
  return session_has_several(session) && step && step->kind == STEP_EXPECT_EITHER;
}

/* What of a pair's differences the rounds of the sides don't excuse. `cut_short`: a play failed, so
 * that answers are missing which it did not come to. */
static unsigned unexcused(const struct session *session, const struct alignment *al,
                          const struct pair *p, const struct variance of[SIDES], bool cut_short) {
  unsigned differs = p->differs;
  const struct piece *any = p->a ? p->a : p->b;
  if (!differs || (!cut_short && is_race(session, p)))
    return 0;
  if ((differs & PIECE_ALONE) && cut_short && any->step != ANSWER_UNEXPECTED)
    return 0;
  if (p->a ? has_like(&of[CANDIDATE], p->a) && !p->b : has_like(&of[BASELINE], p->b))
    return 0;
  if ((differs & PIECE_PLACE) &&
      (order_varies(&of[BASELINE], &al->a, p->a) || order_varies(&of[CANDIDATE], &al->b, p->b)))
    differs &= ~(unsigned)PIECE_PLACE;
  return differs & ~varying(al, p, of);
}

static void put_fields(struct buf *out, unsigned fields) {
  static const struct {
    enum piece_field field;
    const char *name;
  } names[] = {
      {PIECE_CAS, "cas"}, {PIECE_EXTRAS, "extras"}, {PIECE_KEY, "key"}, {PIECE_VALUE, "value"}};
  const char *before = "          not compared, because it varies by itself: ";
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (fields & names[i].field) {
      buf_addf(out, "%s%s", before, names[i].name);
      before = ", ";
    }
  if (fields & PIECE_VOLATILE)
    buf_add_byte(out, '\n');
}

/* Where a piece begins in its connection's answers. */
static uint64_t offset_of(const struct alignment *al, const struct piece *p) {
  uint64_t off = 0;
  for (const struct piece *q = p;
       q > (const struct piece *)al->b.items && q[-1].conn == p->conn && q[-1].kind < PIECE_END;
       q--)
    off += q[-1].bytes.n;
  return off;
}

static void put_failures(struct buf *out, const struct comparison *c, size_t round) {
  for (int s = 0; s < SIDES; s++) {
    const struct verdict *v = &c->plays[round][s].verdict;
    if (v->status != VERDICT_PASS)
      buf_addf(out, "          the case fails on the %s: %s: %s\n", side_name((enum side)s),
               verdict_kind_name(v->kind), v->brief ? v->brief : "");
  }
}

static struct verdict tell_pair(const struct comparison *c, size_t round,
                                const struct alignment *al, const struct pair *p, unsigned differs,
                                unsigned varies) {
  const struct contrast contrast = {
      .want = p->a,
      .got = p->b,
      .varies = varies & ~differs,
      .stream_off = p->b ? offset_of(al, p->b) : 0,
      .dialect = c->session->dialect,
  };
  struct verdict v = {.status = VERDICT_FAIL, .kind = KIND_DIFFERENCE};
  struct buf brief, detail;
  buf_init(&brief, BRIEF_MAX);
  buf_init(&detail, DETAIL_MAX);
  contrast_tell(&contrast, &brief, &detail);
  if (differs == PIECE_PLACE) {
    buf_reset(&brief);
    buf_add_str(&brief, "the candidate answers in another order; earlier than on the baseline: ");
    render_brief(&brief, c->session->dialect, false, p->b->bytes);
  }
  const struct step *step = step_of(c->session, p);
  blame_place(c->session, step, &v);
  if (step)
    buf_addf(&detail, "          the case says %.*s\n",
             (int)(step->text.n < TEXT_MAX ? step->text.n : TEXT_MAX), (const char *)step->text.p);
  buf_add_str(&detail, "          expected: the baseline; actual: the candidate\n");
  put_fields(&detail, contrast.varies);
  put_failures(&detail, c, round);
  v.brief = buf_take(&brief);
  v.detail = buf_take(&detail);
  return v;
}

static bool look_at_answers(const struct comparison *c, size_t round, struct verdict *v) {
  const struct played *a = &c->plays[round][BASELINE], *b = &c->plays[round][CANDIDATE];
  bool cut_short = a->verdict.status != VERDICT_PASS || b->verdict.status != VERDICT_PASS;
  struct alignment al;
  struct variance of[SIDES];
  bool found = false;
  alignment_init(&al, c->session, &a->transcript, &b->transcript);
  variance_init(&of[BASELINE], c, BASELINE, round, al.a.n);
  variance_init(&of[CANDIDATE], c, CANDIDATE, round, al.b.n);
  for (size_t i = 0; i < al.pairs.n && !found; i++) {
    const struct pair *p = alignment_pair(&al, i);
    unsigned differs = unexcused(c->session, &al, p, of, cut_short);
    found = differs != 0;
    if (found && v)
      *v = tell_pair(c, round, &al, p, differs, varying(&al, p, of));
  }
  variance_fini(&of[BASELINE]);
  variance_fini(&of[CANDIDATE]);
  alignment_fini(&al);
  return found;
}

static bool end_varies(const struct comparison *c, enum side side, unsigned conn) {
  for (size_t i = 1; i < c->rounds; i++)
    if (tape_end(&c->plays[i][side].tape, conn) != tape_end(&c->plays[0][side].tape, conn))
      return true;
  return false;
}

/* How connections end after the last answer. */
static bool look_at_ends(const struct comparison *c, size_t round, struct verdict *v) {
  const struct played *a = &c->plays[round][BASELINE], *b = &c->plays[round][CANDIDATE];
  if (a->verdict.status != VERDICT_PASS || b->verdict.status != VERDICT_PASS)
    return false;
  for (unsigned conn = 0; conn < c->session->nconns; conn++) {
    enum tape_kind x = tape_end(&a->tape, conn), y = tape_end(&b->tape, conn);
    if (x == y || x == TAPE_CLOSED || y == TAPE_CLOSED || end_varies(c, BASELINE, conn) ||
        end_varies(c, CANDIDATE, conn))
      continue;
    if (v) {
      const struct piece want = {.kind = x == TAPE_ENDED ? PIECE_END : PIECE_RESET, .conn = conn};
      const struct piece got = {.kind = y == TAPE_ENDED ? PIECE_END : PIECE_RESET, .conn = conn};
      struct buf brief, detail;
      buf_init(&brief, BRIEF_MAX);
      buf_init(&detail, DETAIL_MAX);
      contrast_tell(&(struct contrast){.want = &want, .got = &got}, &brief, &detail);
      buf_add_str(&detail, "          after the last answer\n");
      *v = (struct verdict){.status = VERDICT_FAIL,
                            .kind = KIND_DIFFERENCE,
                            .brief = buf_take(&brief),
                            .detail = buf_take(&detail)};
    }
    return true;
  }
  return false;
}

static const char *outcome(const struct verdict *v) {
  return v->status == VERDICT_PASS ? "passes" : "fails";
}

/* The case came to something else on the two. Who crashes is told by the crash. */
static bool look_at_verdicts(const struct comparison *c, size_t round, bool errors,
                             struct verdict *v) {
  const struct verdict *of[SIDES] = {&c->plays[round][BASELINE].verdict,
                                     &c->plays[round][CANDIDATE].verdict};
  if (same_way(of[0], of[1]) || (!errors && verdict_is_known(c, of[CANDIDATE])))
    return false;
  enum side bad = of[CANDIDATE]->status != VERDICT_PASS ? CANDIDATE : BASELINE;
  if (of[CANDIDATE]->status != VERDICT_ERROR && of[BASELINE]->status == VERDICT_ERROR)
    bad = BASELINE;
  const struct verdict *told = of[bad];
  if (errors != (told->status == VERDICT_ERROR))
    return false;
  if (!v)
    return true;
  *v = (struct verdict){.status = VERDICT_FAIL,
                        .kind = KIND_DIFFERENCE,
                        .line = told->line,
                        .step = told->step,
                        .steps = told->steps,
                        .detail = xstrdup(told->detail ? told->detail : "")};
  if (errors) {
    v->status = VERDICT_ERROR;
    v->kind = told->kind;
    v->brief = xasprintf("%s: %s", side_name(bad), told->brief ? told->brief : "");
  } else {
    v->brief = xasprintf("the case %s on the baseline and %s on the candidate: %s: %s",
                         outcome(of[BASELINE]), outcome(of[CANDIDATE]),
                         verdict_kind_name(told->kind), told->brief ? told->brief : "");
  }
  return true;
}

static bool same_bytes(const struct transcript *a, const struct transcript *b) {
  if (a->answers.n != b->answers.n || !span_eq(buf_span(&a->bytes), buf_span(&b->bytes)))
    return false;
  for (size_t i = 0; i < a->answers.n; i++) {
    const struct answer *x = transcript_answer(a, i), *y = transcript_answer(b, i);
    if (x->kind != y->kind || x->conn != y->conn || x->step != y->step || x->n != y->n)
      return false;
  }
  return true;
}

/* What a round shows; `v` gets the verdict when it is not NULL. */
static bool look(const struct comparison *c, size_t round, struct verdict *v) {
  const struct played *p = c->plays[round];
  bool same = same_bytes(&p[BASELINE].transcript, &p[CANDIDATE].transcript);
  return look_at_verdicts(c, round, true, v) || (!same && look_at_answers(c, round, v)) ||
         look_at_verdicts(c, round, false, v) || look_at_ends(c, round, v);
}

/* More was answered than is kept. */
static bool overflows(const struct comparison *c) {
  for (size_t i = 0; i < c->rounds; i++)
    for (int s = 0; s < SIDES; s++)
      if (c->plays[i][s].transcript.full)
        return true;
  return false;
}

bool comparison_find(const struct comparison *c, struct finding *f) {
  *f = (struct finding){0};
  if (overflows(c)) {
    f->final = true;
    f->verdict = (struct verdict){
        .status = VERDICT_ERROR,
        .kind = KIND_WORKER,
        .brief = xasprintf("can't be compared: more than %d MiB of answers", COMPARISON_MAX >> 20)};
    return true;
  }
  bool verdicts = c->rounds >= COMPARISON_FIRST;
  size_t counted = 0;
  for (size_t i = 0; i < c->rounds; i++) {
    bool passes[SIDES];
    for (int s = 0; s < SIDES; s++)
      passes[s] = c->plays[i][s].verdict.status == VERDICT_PASS;
    verdicts &= passes[BASELINE] != passes[CANDIDATE];
    /* What the case leaves open may hang on all that was played on a server before, and on when its
     * threads did their work: it has to show without that history, too. */
    bool historic = i < COMPARISON_FIRST && c->rounds > COMPARISON_FIRST;
    if (historic && passes[BASELINE] && passes[CANDIDATE])
      continue;
    counted++;
    if (look(c, i, NULL)) {
      f->last = i;
      f->rounds++;
    }
  }
  if (f->rounds == 0)
    return false;
  look(c, f->last, &f->verdict);
  f->final = verdicts || f->verdict.status == VERDICT_ERROR;
  if (f->rounds < counted) {
    char *detail =
        xasprintf("%s          in %zu of %zu rounds\n", f->verdict.detail, f->rounds, counted);
    free(f->verdict.detail);
    f->verdict.detail = detail;
  }
  return true;
}

void comparison_figures(const struct comparison *c, size_t first, struct figures f[SIDES]) {
  for (int s = 0; s < SIDES; s++) {
    f[s] = (struct figures){0};
    for (size_t i = first; i < c->rounds; i++)
      figures_add_play(&f[s], &c->plays[i][s].figures);
  }
}

bool comparison_fails_alike(const struct comparison *c) {
  CHECK(c->rounds > 0);
  const struct played *p = c->plays[c->rounds - 1];
  return p[BASELINE].verdict.status != VERDICT_PASS &&
         same_way(&p[BASELINE].verdict, &p[CANDIDATE].verdict);
}
