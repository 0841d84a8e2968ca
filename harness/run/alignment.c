#include "run/alignment.h"

#include <stdlib.h>

#include "base/check.h"
#include "mcbp/frame.h"

enum { NS_BYTES = 4 };

/* Two plays of one session on their way to be an alignment. */
struct aligner {
  struct alignment *al;
  const struct session *session;
  const char *ns_a, *ns_b; /* NULL: the session speaks of none */
};

static void push(struct vec *pieces, enum piece_kind kind, const struct transcript *t, size_t i,
                 struct span bytes) {
  const struct answer *from = transcript_answer(t, i);
  struct piece *p = vec_push(pieces);
  *p = (struct piece){kind, from->conn, from->step, i, bytes};
}

/* An answer as pieces: its frames, what behind them is none, its end. */
static void cut_answer(struct vec *pieces, const struct transcript *t, size_t i) {
  const struct answer *from = transcript_answer(t, i);
  struct span bytes = transcript_bytes(t, from);
  struct frame f;
  while (bytes.n > 0) {
    bool whole = frame_cut(bytes, &f) == FRAME_WHOLE;
    size_t n = whole ? f.len : bytes.n;
    push(pieces, whole ? PIECE_FRAME : PIECE_RAW, t, i, span_sub(bytes, 0, n));
    bytes = span_from(bytes, n);
  }
  if (from->kind != ANSWER_BYTES)
    push(pieces, from->kind == ANSWER_END ? PIECE_END : PIECE_RESET, t, i, bytes);
}

static void cut_transcript(struct vec *pieces, const struct transcript *t, unsigned nconns) {
  vec_init(pieces, sizeof(struct piece));
  for (unsigned conn = 0; conn < nconns; conn++)
    for (size_t i = 0; i < t->answers.n; i++)
      if (transcript_answer(t, i)->conn == conn)
        cut_answer(pieces, t, i);
}

/* Whether the bytes are the same but for the key spaces, whose places are kept; `base` is the
 * offset of `a` in its piece. */
static bool same_bytes(struct aligner *r, struct span a, struct span b, size_t base) {
  struct vec *places = &r->al->places;
  size_t before = places->n, pos = 0;
  if (a.n != b.n)
    return false;
  while (pos < a.n) {
    const uint8_t *ns = r->ns_a ? memmem(a.p + pos, a.n - pos, r->ns_a, NS_BYTES) : NULL;
    size_t at = ns ? (size_t)(ns - a.p) : a.n;
    bool both = ns && memcmp(b.p + at, r->ns_b, NS_BYTES) == 0;
    size_t end = ns && !both ? at + 1 : at;
    if (memcmp(a.p + pos, b.p + pos, end - pos) != 0) {
      places->n = before;
      return false;
    }
    if (both)
      *(size_t *)vec_push(places) = base + at;
    pos = both ? at + NS_BYTES : end;
  }
  return true;
}

static unsigned compare_frames(struct aligner *r, const struct piece *a, const struct piece *b) {
  struct frame fa, fb;
  unsigned differs = 0;
  CHECK(frame_cut(a->bytes, &fa) == FRAME_WHOLE && frame_cut(b->bytes, &fb) == FRAME_WHOLE);
  if (fa.h.magic != fb.h.magic || fa.h.opcode != fb.h.opcode || fa.h.datatype != fb.h.datatype ||
      fa.h.status != fb.h.status || fa.h.opaque != fb.h.opaque || !span_eq(fa.framing, fb.framing))
    differs |= PIECE_REST;
  if (fa.h.cas != fb.h.cas)
    differs |= PIECE_CAS;
  const struct {
    struct span a, b;
    enum piece_field field;
  } parts[] = {{fa.extras, fb.extras, PIECE_EXTRAS},
               {fa.key, fb.key, PIECE_KEY},
               {fa.value, fb.value, PIECE_VALUE}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (!same_bytes(r, parts[i].a, parts[i].b, (size_t)(parts[i].a.p - a->bytes.p)))
      differs |= parts[i].field;
  return differs;
}

static unsigned compare(struct aligner *r, const struct piece *a, const struct piece *b) {
  if (a->kind >= PIECE_END && b->kind >= PIECE_END)
    return a->kind == b->kind ? 0 : PIECE_CLOSE;
  if (a->kind != b->kind)
    return PIECE_REST;
  if (a->kind == PIECE_FRAME)
    return compare_frames(r, a, b);
  return same_bytes(r, a->bytes, b->bytes, 0) ? 0 : PIECE_VALUE;
}

static void add_pair(struct aligner *r, const struct piece *a, const struct piece *b,
                     unsigned differs) {
  size_t before = r->al->places.n;
  differs |= a && b ? compare(r, a, b) : PIECE_ALONE;
  struct pair *p = vec_push(&r->al->pairs);
  *p = (struct pair){a, b, differs, before, r->al->places.n - before};
}

/* Pieces that stand side by side in a transcript. */
struct stretch {
  const struct piece *p;
  size_t n;
};

static bool is_unexpected(const struct piece *p) {
  return p->step == ANSWER_UNEXPECTED;
}

/* Whether both stand for the same line of an `each`: opcode and key are the same. Where neither
 * fitted, both stand behind the lines, in their order. */
static bool same_line(struct aligner *r, const struct piece *a, const struct piece *b) {
  struct frame fa, fb;
  if (is_unexpected(a) && is_unexpected(b))
    return false;
  if (a->kind != PIECE_FRAME || b->kind != PIECE_FRAME)
    return a->kind == b->kind;
  CHECK(frame_cut(a->bytes, &fa) == FRAME_WHOLE && frame_cut(b->bytes, &fb) == FRAME_WHOLE);
  size_t before = r->al->places.n;
  bool same = fa.h.opcode == fb.h.opcode && same_bytes(r, fa.key, fb.key, 0);
  r->al->places.n = before;
  return same;
}

/* The first line of `b` not taken that is the same as `a`; looked for from where the last one was
 * found, so that equal orders cost no search. b.n when there is none. */
static size_t find_line(struct aligner *r, const struct piece *a, struct stretch b,
                        const bool *taken, size_t from) {
  for (size_t i = 0; i < b.n; i++) {
    size_t k = (from + i) % b.n;
    if (!taken[k] && same_line(r, a, &b.p[k]))
      return k;
  }
  return b.n;
}

static void drop_front(struct stretch *s, size_t n) {
  s->p += n;
  s->n -= n;
}

/* An `each`: which answer of `b` each one of `a` goes with, b.n for none. What fitted no
 * expectation and has no counterpart by its key goes with the first answer that has none either. */
static void match_lines(struct aligner *r, struct stretch a, struct stretch b, size_t *of,
                        bool *taken) {
  size_t next = 0;
  for (size_t i = 0; i < a.n; i++) {
    of[i] = find_line(r, &a.p[i], b, taken, next);
    if (of[i] == b.n)
      continue;
    taken[of[i]] = true;
    next = of[i] + 1;
  }
  for (size_t i = 0; i < a.n; i++)
    for (size_t k = 0; k < b.n && of[i] == b.n; k++)
      if (!taken[k] && is_unexpected(&a.p[i]) != is_unexpected(&b.p[k])) {
        of[i] = k;
        taken[k] = true;
      }
}

/* The front of a connection's pieces that met the step in any order, and what fitted nothing behind
 * them. */
static size_t front_of_step(struct stretch s, size_t step) {
  size_t n = 0;
  while (n < s.n && s.p[n].step == step)
    n++;
  while (n < s.n && is_unexpected(&s.p[n]))
    n++;
  return n;
}

/* Takes the front of both that is the `each` at `step`. What fitted nothing there may as well have
 * come behind it: without a counterpart here it is left to what follows. */
static void align_each(struct aligner *r, struct stretch *a, struct stretch *b, size_t step) {
  struct stretch fa = {a->p, front_of_step(*a, step)}, fb = {b->p, front_of_step(*b, step)};
  bool *taken = xcalloc(fb.n + 1, sizeof *taken);
  size_t *of = xcalloc(fa.n + 1, sizeof *of), high = 0, na = 0, nb = 0;
  match_lines(r, fa, fb, of, taken);
  for (; na < fa.n && (of[na] < fb.n || !is_unexpected(&fa.p[na])); na++) {
    bool there = of[na] < fb.n;
    add_pair(r, &fa.p[na], there ? &fb.p[of[na]] : NULL, there && of[na] < high ? PIECE_PLACE : 0);
    high = there && of[na] > high ? of[na] : high;
  }
  for (; nb < fb.n && (taken[nb] || !is_unexpected(&fb.p[nb])); nb++)
    if (!taken[nb])
      add_pair(r, NULL, &fb.p[nb], 0);
  free(taken);
  free(of);
  drop_front(a, na);
  drop_front(b, nb);
}

static size_t front_of_answer(struct stretch s) {
  size_t n = 0;
  while (n < s.n && s.p[n].answer == s.p->answer)
    n++;
  return n;
}

/* Takes one answer of both. */
static void align_answer(struct aligner *r, struct stretch *a, struct stretch *b) {
  size_t na = front_of_answer(*a), nb = front_of_answer(*b);
  for (size_t i = 0; i < na || i < nb; i++)
    add_pair(r, i < na ? &a->p[i] : NULL, i < nb ? &b->p[i] : NULL, 0);
  drop_front(a, na);
  drop_front(b, nb);
}

static void align_conn(struct aligner *r, struct stretch a, struct stretch b) {
  while (a.n > 0 || b.n > 0) {
    size_t step = a.n && !(is_unexpected(a.p) && b.n) ? a.p->step : b.p->step;
    if (step != ANSWER_UNEXPECTED && r->session->steps[step].kind == STEP_EXPECT_EACH)
      align_each(r, &a, &b, step);
    else
      align_answer(r, &a, &b);
  }
}

static struct stretch of_conn(const struct vec *pieces, unsigned conn) {
  struct stretch s = {pieces->items, 0};
  size_t end = 0;
  while (end < pieces->n && s.p[end].conn <= conn)
    end++;
  while (s.n < end && s.p[end - s.n - 1].conn == conn)
    s.n++;
  s.p += end - s.n;
  return s;
}

void alignment_init(struct alignment *al, const struct session *session, const struct transcript *a,
                    const struct transcript *b) {
  struct aligner r = {.al = al,
                      .session = session,
                      .ns_a = session->uses_ns ? a->ns : NULL,
                      .ns_b = session->uses_ns ? b->ns : NULL};
  *al = (struct alignment){0};
  vec_init(&al->pairs, sizeof(struct pair));
  vec_init(&al->places, sizeof(size_t));
  cut_transcript(&al->a, a, session->nconns);
  cut_transcript(&al->b, b, session->nconns);
  for (unsigned conn = 0; conn < session->nconns; conn++)
    align_conn(&r, of_conn(&al->a, conn), of_conn(&al->b, conn));
}

void alignment_fini(struct alignment *al) {
  vec_fini(&al->a);
  vec_fini(&al->b);
  vec_fini(&al->pairs);
  vec_fini(&al->places);
}

const struct pair *alignment_pair(const struct alignment *al, size_t i) {
  return vec_at(&al->pairs, i);
}

size_t alignment_place(const struct alignment *al, const struct pair *p, size_t i) {
  return *(const size_t *)vec_at(&al->places, p->ns + i);
}

void alignment_add_fields(const struct alignment *al, unsigned *fields) {
  for (size_t i = 0; i < al->pairs.n; i++) {
    const struct pair *p = alignment_pair(al, i);
    if (p->a)
      fields[p->a - (const struct piece *)al->a.items] |= p->differs;
  }
}
