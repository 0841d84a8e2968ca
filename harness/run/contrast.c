#include "run/contrast.h"

#include "base/check.h"
#include "mcbp/frame.h"
#include "session/explain.h"
#include "session/render.h"

enum { EXTRAS = 1, KEY, VALUE, SECTIONS };

/* A frame as a pattern of exact bytes with holes. */
struct exact {
  struct pattern pattern;
  struct buf bytes, mask;
};

static void add(struct exact *e, struct span bytes) {
  buf_add_span(&e->bytes, bytes);
  buf_fill(&e->mask, 0xff, bytes.n);
}

/* Leaves a length of the header open; those of a hole of free length come from what is compared. */
static void open_header(struct exact *e, size_t off, size_t n) {
  memset(e->mask.p + off, 0, n);
}

static void add_gap(struct exact *e, unsigned section, bool alt) {
  enum { KEYLEN = 2, EXTLEN = 4, BODYLEN = 8 };
  e->pattern.gaps[e->pattern.ngaps++] =
      (struct gap){(uint32_t)e->bytes.n, 0, UINT32_MAX, (uint8_t)section};
  open_header(e, BODYLEN, 4);
  if (section == EXTRAS)
    open_header(e, EXTLEN, 1);
  else if (section == KEY)
    open_header(e, KEYLEN + alt, 2u - alt);
}

static void add_frame(struct exact *e, const struct frame *f, struct span bytes, unsigned varies) {
  enum { CAS = 16 };
  const struct span sections[SECTIONS] = {f->framing, f->extras, f->key, f->value};
  const unsigned fields[SECTIONS] = {0, PIECE_EXTRAS, PIECE_KEY, PIECE_VALUE};
  add(e, span_sub(bytes, 0, HEADER_BYTES));
  if (varies & PIECE_CAS)
    open_header(e, CAS, 8);
  for (unsigned i = 0; i < SECTIONS; i++)
    if (varies & fields[i]) {
      add_gap(e, i, magic_is_alt(f->h.magic));
    } else {
      add(e, sections[i]);
      e->pattern.section_len[i] = (uint32_t)sections[i].n;
    }
}

static void exact_init(struct exact *e, const struct piece *want, unsigned varies,
                       enum dialect dialect) {
  struct frame f;
  *e = (struct exact){.pattern = {.dialect = dialect}};
  buf_init(&e->bytes, SIZE_MAX / 4);
  buf_init(&e->mask, SIZE_MAX / 4);
  e->pattern.raw = want->kind != PIECE_FRAME;
  if (e->pattern.raw) {
    add(e, want->bytes);
  } else {
    CHECK(frame_cut(want->bytes, &f) == FRAME_WHOLE);
    e->pattern.server = magic_is_server(f.h.magic);
    add_frame(e, &f, want->bytes, varies);
  }
  e->pattern.bytes = e->bytes.p;
  e->pattern.mask = e->mask.p;
  e->pattern.n = (uint32_t)e->bytes.n;
}

static void exact_fini(struct exact *e) {
  buf_fini(&e->bytes);
  buf_fini(&e->mask);
}

static void put_piece(struct buf *out, const struct piece *p, enum dialect dialect) {
  buf_addf(out, "c%u < ", p->conn);
  if (p->kind == PIECE_END)
    buf_add_str(out, "closed");
  else if (p->kind == PIECE_RESET)
    buf_add_str(out, "closed, by a reset");
  else
    render_brief(out, dialect, false, p->bytes);
}

static const char *how(const struct piece *p) {
  return p->kind == PIECE_END ? "ends the stream of" : "resets";
}

/* What can't be told field by field. */
static void tell_whole(const struct contrast *c, struct buf *brief, struct buf *detail) {
  const struct piece *want = c->want, *got = c->got;
  struct buf a, b;
  buf_init(&a, SIZE_MAX / 4);
  buf_init(&b, SIZE_MAX / 4);
  if (want)
    put_piece(&a, want, c->dialect);
  else
    buf_addf(&a, "nothing on c%u", got->conn);
  if (got)
    put_piece(&b, got, c->dialect);
  else
    buf_addf(&b, "nothing on c%u", want->conn);
  if (want && got && want->kind >= PIECE_END && got->kind >= PIECE_END)
    buf_addf(brief, "the baseline %s c%u, the candidate %s it", how(want), want->conn,
             got->kind == PIECE_END ? "ends the stream of" : "resets");
  else if (!want)
    buf_addf(brief, "the candidate alone gives %s", buf_cstr(&b));
  else if (!got)
    buf_addf(brief, "the baseline alone gives %s", buf_cstr(&a));
  else
    buf_addf(brief, "the baseline gives %s, the candidate %s", buf_cstr(&a), buf_cstr(&b));
  buf_addf(detail, "expected  %s\nactual    %s\n", buf_cstr(&a), buf_cstr(&b));
  buf_fini(&a);
  buf_fini(&b);
}

void contrast_tell(const struct contrast *c, struct buf *brief, struct buf *detail) {
  const struct piece *want = c->want, *got = c->got;
  if (!want || !got || want->kind >= PIECE_END || got->kind >= PIECE_END) {
    tell_whole(c, brief, detail);
    return;
  }
  static const struct bindings none;
  static const uint64_t counters[SESSION_LOOPS];
  struct exact e;
  struct buf text;
  buf_init(&text, SIZE_MAX / 4);
  exact_init(&e, want, c->varies, c->dialect);
  put_piece(&text, want, c->dialect);
  const struct explain_input in = {
      .text = buf_span(&text),
      .pattern = &e.pattern,
      .env = &none,
      .counters = counters,
      .actual = got->bytes,
      .stream_off = c->stream_off,
      .conn = got->conn,
      .dialect = c->dialect,
  };
  explain_brief(brief, &in);
  explain_difference(detail, &in);
  exact_fini(&e);
  buf_fini(&text);
}
