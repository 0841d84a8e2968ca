#include "session/difference.h"

#include "mcbp/extras.h"
#include "session/front.h"

enum { EXTRAS = 1, SECTIONS = 4 };

static const char *const section_names[SECTIONS] = {"framing", "extras", "key", "value"};
static const enum difference_rank section_ranks[SECTIONS] = {RANK_FRAMING, RANK_EXTRAS, RANK_KEY,
                                                             RANK_VALUE};

static enum difference_rank header_rank(const char *name) {
  static const struct {
    const char *name;
    enum difference_rank rank;
  } ranks[] = {{"status", RANK_STATUS},     {"vbucket", RANK_STATUS}, {"opcode", RANK_OPCODE},
               {"magic", RANK_MAGIC},       {"opaque", RANK_OPAQUE},  {"cas", RANK_CAS},
               {"datatype", RANK_DATATYPE}, {NULL, RANK_LENGTH}};
  size_t i = 0;
  while (ranks[i].name && strcmp(ranks[i].name, name) != 0)
    i++;
  return ranks[i].rank;
}

static void add(struct differences *d, struct difference x) {
  if (d->n < DIFFERENCES_MAX)
    d->list[d->n++] = x;
}

/* The first of `n` bytes from `off` on that differs on the two sides, or `n`. */
static size_t first_in(const struct differences *d, size_t off, size_t n) {
  size_t i = 0;
  while (i < n && !((d->bytes.p[off + i] ^ d->got.p[off + i]) & d->mask.p[off + i]))
    i++;
  return i;
}

/* Compares what stands at the same place on both sides, as far as it came. */
static void compare_field(struct differences *d, enum difference_kind kind, const char *name,
                          enum difference_rank rank, size_t off, size_t width) {
  struct span got = span_sub(d->got, off, width);
  size_t at = first_in(d, off, got.n);
  if (at == got.n)
    return;
  add(d, (struct difference){
             .kind = got.n == width ? kind : DIFFERENCE_BYTES,
             .rank = rank,
             .name = name,
             .want = span_sub(buf_span(&d->bytes), off, width),
             .got = got,
             .mask = d->mask.p + off,
             .off = off,
             .want_at = at,
             .got_at = at,
             .want_len = width,
             .got_len = width,
         });
}

/* The magic whose form the wanted header has; a hole has that of what came. */
static uint8_t wanted_magic(const struct differences *d) {
  return d->mask.p[0] == 0 && d->got.n > 0 ? d->got.p[0] : d->bytes.p[0];
}

/* Bytes 2 and 3 mean something else under a magic of the other form; the magic tells it all then.
 */
static void compare_header(struct differences *d) {
  size_t count;
  uint8_t magic = wanted_magic(d);
  const struct header_field *fields = header_fields(magic, &count);
  bool other_form = d->got.n > 0 && magic_is_alt(d->got.p[0]) != magic_is_alt(magic);
  for (size_t i = 0; i < count; i++) {
    const struct header_field *f = &fields[i];
    bool keylen = f->off == 2 || f->off == 3;
    if (!(keylen && other_form))
      compare_field(d, DIFFERENCE_NUMBER, f->name, header_rank(f->name), f->off, f->width);
  }
}

/* One part of the frame: where it stands and how long it is on both sides. */
struct part {
  size_t want_off, want_len;
  size_t got_off, got_len;
  const struct gap *gap;
  size_t head, tail; /* bytes of the pattern before and after the gap */
};

/* Where in the wanted part the byte at `i` of the actual one has its like; SIZE_MAX in a gap. */
static size_t counterpart(const struct part *p, size_t i) {
  if (!p->gap || i < p->head)
    return i;
  return i + p->tail >= p->got_len ? i + p->want_len - p->got_len : SIZE_MAX;
}

static void compare_part(struct differences *d, const struct pattern *pattern, unsigned section,
                         const struct part *p) {
  size_t min = p->want_len, max = min;
  if (p->gap) {
    min = (size_t)pattern->section_len[section] + p->gap->min;
    max = (size_t)pattern->section_len[section] + p->gap->max;
  }
  struct difference x = {
      .kind = DIFFERENCE_LENGTH,
      .rank = section_ranks[section],
      .name = section_names[section],
      .want = span_sub(buf_span(&d->bytes), p->want_off, p->want_len),
      .got = span_sub(d->got, p->got_off, p->got_len),
      .mask = d->mask.p + p->want_off,
      .off = p->got_off,
      .want_len = p->want_len,
      .got_len = p->got_len,
      .min = min,
      .max = max,
      .gapped = p->gap != NULL,
  };
  if (p->gap && (p->got_len < min || p->got_len > max)) {
    add(d, x);
    return;
  }
  x.kind = DIFFERENCE_BYTES;
  for (size_t i = 0; i < x.got.n; i++) {
    size_t k = counterpart(p, i);
    if (k == SIZE_MAX)
      continue;
    if (k >= x.want.n || ((x.want.p[k] ^ x.got.p[i]) & x.mask[k])) {
      x.want_at = k;
      x.got_at = i;
      add(d, x);
      return;
    }
  }
  if (!p->gap && p->got_len != p->want_len) {
    x.want_at = x.got_at = x.got.n;
    add(d, x);
  }
}

/* Named extras are compared one by one when both sides have them all. */
static bool compare_named_extras(struct differences *d, const struct pattern *pattern,
                                 const struct part *p) {
  bool response = magic_is_response(wanted_magic(d));
  const struct extras_layout *layout =
      extras_layout(pattern->dialect, pattern->server, response, d->bytes.p[1]);
  if (p->gap || layout->size == 0 || p->want_len != layout->size || p->got_len != layout->size ||
      p->want_off != p->got_off)
    return false;
  for (size_t i = 0; i < layout->nfields; i++) {
    const struct extras_field *f = &layout->fields[i];
    compare_field(d, DIFFERENCE_NUMBER, f->name, RANK_EXTRAS, p->want_off + f->off, f->width);
  }
  return true;
}

/* A frame whose lengths were overridden has no parts that could be told apart. */
static bool has_own_lengths(const struct differences *d, const size_t want[SECTIONS]) {
  struct header h;
  size_t lengths[SECTIONS];
  header_unpack(d->bytes.p, &h);
  front_lengths(&h, lengths);
  const uint8_t *mask = d->mask.p;
  bool exact = mask[2] & mask[3] & mask[4] & mask[8] & mask[9] & mask[10] & mask[11];
  return !exact || memcmp(lengths, want, sizeof lengths) == 0;
}

/* How long each part of what is expected is: a gap has taken its length from what came, or, where
 * that can't be, its smallest. */
static void wanted_lengths(const struct differences *d, const struct pattern *pattern,
                           size_t want[SECTIONS]) {
  bool smallest = d->bytes.n == pattern_min(pattern);
  size_t got[SECTIONS];
  front_lengths(&d->frame.h, got);
  for (size_t i = 0; i < SECTIONS; i++)
    want[i] = pattern->section_len[i];
  for (size_t i = 0; i < pattern->ngaps; i++) {
    const struct gap *g = &pattern->gaps[i];
    want[g->section] = smallest ? want[g->section] + g->min : got[g->section];
  }
}

static void compare_body(struct differences *d, const struct pattern *pattern) {
  size_t want[SECTIONS], got[SECTIONS];
  wanted_lengths(d, pattern, want);
  front_lengths(&d->frame.h, got);
  if (d->cut == FRAME_NOT || !has_own_lengths(d, want)) {
    size_t end = d->got.n < d->bytes.n ? d->got.n : d->bytes.n;
    compare_field(d, DIFFERENCE_BYTES, "body", RANK_VALUE, HEADER_BYTES, end - HEADER_BYTES);
    return;
  }
  struct part p = {.want_off = HEADER_BYTES, .got_off = HEADER_BYTES};
  size_t own = HEADER_BYTES;
  for (unsigned i = 0; i < SECTIONS; i++) {
    p.want_len = want[i];
    p.got_len = got[i];
    p.gap = NULL;
    for (size_t k = 0; k < pattern->ngaps; k++)
      if (pattern->gaps[k].section == i)
        p.gap = &pattern->gaps[k];
    p.head = p.gap ? p.gap->off - own : 0;
    p.tail = p.gap ? pattern->section_len[i] - p.head : 0;
    if (i != EXTRAS || !compare_named_extras(d, pattern, &p))
      compare_part(d, pattern, i, &p);
    p.want_off += p.want_len;
    p.got_off += p.got_len;
    own += pattern->section_len[i];
  }
}

/* The name and rank of the field at an offset of the expected frame. */
static const char *field_at(const struct differences *d, const size_t want[SECTIONS], size_t off,
                            enum difference_rank *rank) {
  size_t count, end = HEADER_BYTES;
  const struct header_field *fields = header_fields(wanted_magic(d), &count);
  for (size_t i = 0; i < count; i++)
    if (off < (size_t)fields[i].off + fields[i].width) {
      *rank = header_rank(fields[i].name);
      return fields[i].name;
    }
  for (size_t i = 0; i < SECTIONS; i++) {
    end += want[i];
    if (off < end) {
      *rank = section_ranks[i];
      return section_names[i];
    }
  }
  *rank = RANK_VALUE;
  return "body";
}

static void compare_captures(struct differences *d, const struct pattern *pattern) {
  size_t want[SECTIONS];
  wanted_lengths(d, pattern, want);
  for (size_t i = 0; i < pattern->ncaptures; i++) {
    const struct capture *c = &pattern->captures[i];
    struct difference x = {.kind = DIFFERENCE_ZERO, .rank = RANK_VALUE, .name = "raw"};
    x.off = c->off;
    for (size_t k = 0; k < pattern->ngaps && pattern->gaps[k].off <= c->off; k++) {
      unsigned section = pattern->gaps[k].section;
      x.off += want[section] - pattern->section_len[section];
    }
    x.got = span_sub(d->got, x.off, c->len);
    x.got_len = x.want_len = c->len;
    size_t zeros = 0;
    while (zeros < x.got.n && x.got.p[zeros] == 0)
      zeros++;
    if (!c->nonzero || zeros < c->len)
      continue;
    if (!pattern->raw)
      x.name = field_at(d, want, x.off, &x.rank);
    add(d, x);
  }
}

void differences_init(struct differences *d, const struct explain_input *in) {
  const struct pattern *pattern = in->pattern;
  *d = (struct differences){0};
  buf_init(&d->bytes, SIZE_MAX / 4);
  buf_init(&d->mask, SIZE_MAX / 4);
  pattern_expand(pattern, in->env, in->counters, in->actual, &d->bytes, &d->mask);
  d->cut = front_cut(in->actual, &d->frame);
  if (pattern->raw) {
    d->got = span_sub(in->actual, 0, d->bytes.n);
    d->got_whole = d->got.n == d->bytes.n;
    if (d->bytes.n > 0)
      compare_field(d, DIFFERENCE_BYTES, "raw", RANK_VALUE, 0, d->bytes.n);
  } else {
    d->got = d->cut == FRAME_WHOLE ? span_sub(in->actual, 0, d->frame.len) : in->actual;
    d->got_whole = d->cut == FRAME_WHOLE;
    compare_header(d);
    if (d->got.n >= HEADER_BYTES)
      compare_body(d, pattern);
  }
  compare_captures(d, pattern);
}

void differences_fini(struct differences *d) {
  buf_fini(&d->bytes);
  buf_fini(&d->mask);
}

const struct difference *differences_first(const struct differences *d) {
  const struct difference *first = NULL;
  if (d->cut == FRAME_NOT && d->n > 0 && d->list[0].rank == RANK_MAGIC)
    return d->list; /* no frame at all: its other fields mean nothing */
  for (size_t i = 0; i < d->n; i++)
    if (!first || d->list[i].rank < first->rank)
      first = &d->list[i];
  return first;
}
