#include "session/pattern.h"

#include <stdio.h>

#include "base/check.h"
#include "mcbp/header.h"

enum { EXTRAS = 1, KEY = 2, VALUE = 3, PATCH_BYTES_MAX = UINT16_MAX };

/* What a patch fills in: borrowed where it is stored somewhere, else written to `room`. */
static struct span patch_bytes(const struct patch *p, const struct bindings *env,
                               const uint64_t *counters, uint8_t room[24]) {
  switch (p->kind) {
  case PATCH_VAR:
    CHECK(env->var_size[p->index] == p->len);
    return span_of(env->vars + env->var_off[p->index], p->len);
  case PATCH_NS:
    return span_of(env->ns, sizeof env->ns);
  case PATCH_COUNTER:
    be_put(room, p->len, counters[p->index]);
    return span_of(room, p->len);
  case PATCH_COUNTER_DIGITS:
    snprintf((char *)room, 24, "%0*llu", (int)p->len,
             (unsigned long long)(counters[p->index] % 100000000u));
    return span_of(room, p->len);
  }
  DIE("patch of unknown kind %d", (int)p->kind);
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, const uint8_t *mask, size_t n) {
  size_t i = 0;
  if (!mask) {
    if (n == 0 || memcmp(a, b, n) == 0)
      return n;
    while (a[i] == b[i])
      i++;
    return i;
  }
  for (; i + 8 <= n; i += 8) {
    uint64_t x, y, m;
    memcpy(&x, a + i, 8);
    memcpy(&y, b + i, 8);
    memcpy(&m, mask + i, 8);
    if ((x ^ y) & m)
      break;
  }
  while (i < n && !((a[i] ^ b[i]) & mask[i]))
    i++;
  return i;
}

/* Walks the pattern as a series of pieces, in order: bytes of its own, patched bytes, gaps. */
struct walk {
  const struct pattern *p;
  const size_t *gap_len;
  size_t own;    /* offset in the pattern's bytes */
  size_t actual; /* offset in what the pattern stands for */
  size_t gap, patch;
};

struct piece {
  enum { PIECE_OWN, PIECE_PATCH, PIECE_GAP } kind;
  size_t own, actual, len;
  const struct patch *patch;
};

static bool walk_next(struct walk *w, struct piece *out) {
  const struct pattern *p = w->p;
  size_t end = p->n;
  if (w->gap < p->ngaps) {
    if (p->gaps[w->gap].off == w->own) {
      *out = (struct piece){PIECE_GAP, w->own, w->actual, w->gap_len[w->gap], NULL};
      w->actual += w->gap_len[w->gap++];
      return true;
    }
    end = p->gaps[w->gap].off;
  }
  if (w->own == p->n)
    return false;
  if (w->patch < p->npatches) {
    const struct patch *patch = &p->patches[w->patch];
    if (patch->off == w->own) {
      *out = (struct piece){PIECE_PATCH, w->own, w->actual, patch->len, patch};
      w->own += patch->len;
      w->actual += patch->len;
      w->patch++;
      return true;
    }
    if (patch->off < end)
      end = patch->off;
  }
  *out = (struct piece){PIECE_OWN, w->own, w->actual, end - w->own, NULL};
  w->actual += end - w->own;
  w->own = end;
  return true;
}

/* The first byte of `actual` that differs, at `from` or after it; actual.n when none does. */
static size_t compare(const struct pattern *p, const struct bindings *env, const uint64_t *counters,
                      struct span actual, const size_t *gap_len, size_t from) {
  struct walk w = {.p = p, .gap_len = gap_len};
  struct piece piece;
  uint8_t room[24];
  while (walk_next(&w, &piece)) {
    if (piece.actual >= actual.n)
      break;
    size_t have = actual.n - piece.actual < piece.len ? actual.n - piece.actual : piece.len;
    size_t skip = from > piece.actual ? from - piece.actual : 0;
    if (piece.kind == PIECE_GAP || skip >= have)
      continue;
    const uint8_t *want = p->bytes + piece.own, *mask = p->mask ? p->mask + piece.own : NULL;
    if (piece.kind == PIECE_PATCH) {
      want = patch_bytes(piece.patch, env, counters, room).p;
      mask = NULL;
    }
    size_t same = first_difference(actual.p + piece.actual + skip, want + skip,
                                   mask ? mask + skip : NULL, have - skip);
    if (same < have - skip)
      return piece.actual + skip + same;
  }
  return actual.n;
}

/* Where in the header the length of a section is told. */
static size_t length_offset(uint8_t section, bool alt) {
  return section == EXTRAS ? 4 : section == KEY ? (alt ? 3 : 2) : 8;
}

/* Takes each gap's length from a whole header; the offset of the length that is out of bounds, or
 * SIZE_MAX. */
static size_t resolve(const struct pattern *p, const uint8_t *header, size_t gap_len[PATTERN_GAPS],
                      size_t *total) {
  struct header h;
  header_unpack(header, &h);
  bool alt = magic_is_alt(h.magic);
  uint64_t before = (uint64_t)h.framinglen + h.extlen + h.keylen;
  if (before > h.bodylen)
    return 8;
  const uint64_t len[4] = {h.framinglen, h.extlen, h.keylen, h.bodylen - before};
  bool gapped[4] = {false};
  for (size_t i = 0; i < p->ngaps; i++) {
    const struct gap *g = &p->gaps[i];
    gapped[g->section] = true;
    uint64_t fixed = p->section_len[g->section];
    if (len[g->section] < fixed + g->min || len[g->section] - fixed > g->max)
      return length_offset(g->section, alt);
    gap_len[i] = len[g->section] - fixed;
  }
  for (uint8_t i = 0; i < 4; i++)
    if (!gapped[i] && len[i] != p->section_len[i])
      return i == 0 ? 2 : length_offset(i, alt);
  *total = HEADER_BYTES + (size_t)h.bodylen;
  return SIZE_MAX;
}

static size_t shifted(const struct pattern *p, const size_t *gap_len, size_t off) {
  size_t to = off;
  for (size_t i = 0; i < p->ngaps && p->gaps[i].off <= off; i++)
    to += gap_len[i];
  return to;
}

static size_t zero_capture(const struct pattern *p, const size_t *gap_len, struct span actual) {
  for (size_t i = 0; i < p->ncaptures; i++) {
    const struct capture *c = &p->captures[i];
    size_t off = shifted(p, gap_len, c->off), k = 0;
    while (k < c->len && actual.p[off + k] == 0)
      k++;
    if (c->nonzero && k == c->len)
      return off;
  }
  return SIZE_MAX;
}

struct match pattern_match(const struct pattern *p, const struct bindings *env,
                           const uint64_t *counters, struct span actual, size_t from) {
  size_t gap_len[PATTERN_GAPS] = {0}, total = p->n;
  if (p->ngaps) {
    struct span header = span_sub(actual, 0, HEADER_BYTES);
    if (from < HEADER_BYTES) {
      size_t off = compare(p, env, counters, header, gap_len, from);
      if (off < header.n)
        return (struct match){.result = MATCH_NO, .off = off};
    }
    if (header.n < HEADER_BYTES)
      return (struct match){.result = MATCH_MORE, .checked = header.n};
    size_t bad = resolve(p, actual.p, gap_len, &total);
    if (bad != SIZE_MAX)
      return (struct match){.result = MATCH_NO, .off = bad};
  }
  struct span front = span_sub(actual, 0, total);
  size_t off = compare(p, env, counters, front, gap_len, from);
  if (off < front.n)
    return (struct match){.result = MATCH_NO, .off = off};
  if (front.n < total)
    return (struct match){.result = MATCH_MORE, .need = total, .checked = front.n};
  off = zero_capture(p, gap_len, front);
  if (off != SIZE_MAX)
    return (struct match){.result = MATCH_NO, .off = off};
  return (struct match){.result = MATCH_YES, .len = total};
}

void pattern_capture(const struct pattern *p, struct bindings *env, struct span actual) {
  size_t gap_len[PATTERN_GAPS] = {0}, total = p->n;
  if (p->ncaptures == 0)
    return;
  if (p->ngaps)
    CHECK(resolve(p, actual.p, gap_len, &total) == SIZE_MAX);
  for (size_t i = 0; i < p->ncaptures; i++) {
    const struct capture *c = &p->captures[i];
    memcpy(env->vars + env->var_off[c->var], actual.p + shifted(p, gap_len, c->off), c->len);
  }
}

bool pattern_bytes(const struct pattern *p, const struct bindings *env, const uint64_t *counters,
                   struct buf *out) {
  CHECK(p->ngaps == 0);
  size_t start = out->n;
  uint8_t room[24];
  if (!buf_add(out, p->bytes, p->n))
    return false;
  for (size_t i = 0; i < p->npatches; i++) {
    struct span bytes = patch_bytes(&p->patches[i], env, counters, room);
    memcpy(out->p + start + p->patches[i].off, bytes.p, bytes.n);
  }
  return true;
}

/* Where the actual lengths make no sense, the length fields that a gap leaves open are what
 * differs: shows them as exact, with the smallest lengths. */
static void show_lengths(const struct pattern *p, struct buf *bytes, struct buf *mask) {
  bool alt = magic_is_alt(bytes->p[0]);
  uint64_t len[4], body = 0;
  for (size_t i = 0; i < 4; i++)
    len[i] = p->section_len[i];
  for (size_t i = 0; i < p->ngaps; i++)
    len[p->gaps[i].section] += p->gaps[i].min;
  for (size_t i = 0; i < 4; i++)
    body += len[i];
  for (size_t i = 0; i < p->ngaps; i++) {
    uint8_t section = p->gaps[i].section;
    size_t off = length_offset(section, alt), width = section == KEY && !alt ? 2 : 1;
    if (section != VALUE) {
      be_put(bytes->p + off, width, len[section]);
      memset(mask->p + off, 0xff, width);
    }
  }
  be_put(bytes->p + 8, 4, body);
  memset(mask->p + 8, 0xff, 4);
}

void pattern_expand(const struct pattern *p, const struct bindings *env, const uint64_t *counters,
                    struct span actual, struct buf *bytes, struct buf *mask) {
  size_t gap_len[PATTERN_GAPS] = {0}, total;
  bool resolved =
      p->ngaps && actual.n >= HEADER_BYTES && resolve(p, actual.p, gap_len, &total) == SIZE_MAX;
  if (!resolved)
    for (size_t i = 0; i < p->ngaps; i++)
      gap_len[i] = p->gaps[i].min;
  CHECK(bytes->n == 0 && mask->n == 0);
  struct walk w = {.p = p, .gap_len = gap_len};
  struct piece piece;
  uint8_t room[24];
  while (walk_next(&w, &piece)) {
    switch (piece.kind) {
    case PIECE_GAP:
      buf_fill(bytes, 0, piece.len);
      buf_fill(mask, 0, piece.len);
      break;
    case PIECE_PATCH:
      buf_add_span(bytes, patch_bytes(piece.patch, env, counters, room));
      buf_fill(mask, 0xff, piece.len);
      break;
    case PIECE_OWN:
      buf_add(bytes, p->bytes + piece.own, piece.len);
      if (p->mask)
        buf_add(mask, p->mask + piece.own, piece.len);
      else
        buf_fill(mask, 0xff, piece.len);
      break;
    }
  }
  if (p->ngaps && !resolved && actual.n >= HEADER_BYTES && !bytes->failed)
    show_lengths(p, bytes, mask);
}

size_t pattern_min(const struct pattern *p) {
  size_t n = p->n;
  for (size_t i = 0; i < p->ngaps; i++)
    n += p->gaps[i].min;
  return n;
}

bool pattern_uses_capture(const struct pattern *p) {
  for (size_t i = 0; i < p->npatches; i++)
    if (p->patches[i].kind == PATCH_VAR)
      return true;
  return false;
}
