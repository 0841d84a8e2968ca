#include "session/section.h"

#include "base/check.h"
#include "session/literal.h"

void section_init(struct section *s) {
  *s = (struct section){0};
  buf_init(&s->bytes, LITERAL_MAX);
  buf_init(&s->mask, LITERAL_MAX);
  vec_init(&s->patches, sizeof(struct patch));
  vec_init(&s->captures, sizeof(struct capture));
}

void section_fini(struct section *s) {
  buf_fini(&s->bytes);
  buf_fini(&s->mask);
  vec_fini(&s->patches);
  vec_fini(&s->captures);
}

void section_add(struct section *s, const void *p, size_t n) {
  buf_add(&s->bytes, p, n);
  buf_fill(&s->mask, 0xff, n);
}

void section_fill(struct section *s, size_t n, uint8_t mask) {
  buf_fill(&s->bytes, 0, n);
  buf_fill(&s->mask, mask, n);
}

void section_patch(struct section *s, enum patch_kind kind, unsigned index, size_t n) {
  struct patch *p = vec_push(&s->patches);
  *p = (struct patch){kind, (uint32_t)s->bytes.n, (uint32_t)n, (uint16_t)index};
  if (kind == PATCH_NS)
    section_add(s, "{ns}", n);
  else
    section_fill(s, n, 0xff);
}

void section_capture(struct section *s, unsigned var, size_t n, bool nonzero) {
  struct capture *c = vec_push(&s->captures);
  *c = (struct capture){(uint32_t)s->bytes.n, (uint32_t)n, (uint16_t)var, nonzero};
  section_fill(s, n, 0);
}

void section_join(struct section *s, const struct section *from) {
  uint32_t base = (uint32_t)s->bytes.n;
  for (size_t i = 0; i < from->patches.n; i++) {
    struct patch *p = vec_push(&s->patches);
    *p = *(const struct patch *)vec_at(&from->patches, i);
    p->off += base;
  }
  for (size_t i = 0; i < from->captures.n; i++) {
    struct capture *c = vec_push(&s->captures);
    *c = *(const struct capture *)vec_at(&from->captures, i);
    c->off += base;
  }
  if (from->has_gap) {
    CHECK(!s->has_gap);
    s->has_gap = true;
    s->gap = from->gap;
    s->gap.off += base;
  }
  buf_add_span(&s->bytes, buf_span(&from->bytes));
  buf_add_span(&s->mask, buf_span(&from->mask));
}

/* `{n}`, `{a..b}` or `{a..}` behind a hole. */
static bool parse_length(struct scan *scan, struct hole *h) {
  uint64_t min, max;
  scan_take(scan, '{');
  h->sized = true;
  scan_blanks(scan);
  struct scan number = *scan;
  size_t dots = 0;
  while (dots < scan->line.n - scan->pos && scan->line.p[scan->pos + dots] != '.' &&
         scan->line.p[scan->pos + dots] != '}')
    dots++;
  number.line = span_sub(scan->line, 0, scan->pos + dots);
  if (!scan_number(&number, "a hole's length", LITERAL_MAX, &min))
    return false;
  max = min;
  scan->pos = number.pos;
  scan_blanks(scan);
  if (scan_take(scan, '.')) {
    if (!scan_take(scan, '.'))
      return scan_error(scan, "a hole's length is written {n}, {a..b} or {a..}");
    scan_blanks(scan);
    max = LITERAL_MAX;
    if (scan_peek(scan) != '}' && !scan_number(scan, "a hole's length", LITERAL_MAX, &max))
      return false;
    scan_blanks(scan);
  }
  if (!scan_take(scan, '}'))
    return scan_error(scan, "a hole's length is written {n}, {a..b} or {a..}; the } is missing");
  if (max < min)
    return scan_error_at(scan, h->at,
                         "the hole's bounds are the wrong way round; write {%llu..%llu}",
                         (unsigned long long)max, (unsigned long long)min);
  h->min = (uint32_t)min;
  h->max = (uint32_t)max;
  return true;
}

static bool enter_capture(struct scan *scan, struct scope *scope, size_t width, struct span name,
                          struct hole *h) {
  size_t size = width ? width : h->min;
  if (!width && (!h->sized || h->min != h->max))
    return scan_error_at(scan, h->at, "a capture here needs a length; write ?%.*s{8}",
                         SCAN_ARG(name));
  if (size == 0 || size > UINT16_MAX)
    return scan_error_at(scan, h->at, "a capture holds 1 to %u bytes", UINT16_MAX);
  if (scope_loop(scope, name) >= 0)
    return scan_error_at(scan, h->at, "\"%.*s\" is a loop's counter; give the capture another name",
                         SCAN_ARG(name));
  int known = scope_var(scope, name);
  if (known >= 0) {
    unsigned had = ((const struct scope_var *)vec_at(&scope->vars, (size_t)known))->size;
    if (had != size)
      return scan_error_at(scan, h->at, "\"%.*s\" was captured with %u bytes and has %zu here",
                           SCAN_ARG(name), had, size);
    h->index = (unsigned)known;
    return true;
  }
  if (scope->vars.n == VARS_MAX)
    return scan_error_at(scan, h->at, "more than %d captures in one case", VARS_MAX);
  h->index = (unsigned)scope->vars.n;
  struct scope_var *var = vec_push(&scope->vars);
  *var = (struct scope_var){arena_str(scope->arena, name), (uint16_t)size};
  return true;
}

static bool parse_reference(struct scan *scan, const struct scope *scope, size_t width,
                            struct span name, struct hole *h) {
  int loop = scope_loop(scope, name), var = scope_var(scope, name);
  if (loop >= 0) {
    h->kind = HOLE_COUNTER;
    h->index = (unsigned)loop;
    return true;
  }
  if (var < 0)
    return scan_error_at(scan, h->at, "nothing has been captured as \"%.*s\" before this line",
                         SCAN_ARG(name));
  unsigned size = ((const struct scope_var *)vec_at(&scope->vars, (size_t)var))->size;
  if (width && size != width)
    return scan_error_at(scan, h->at, "\"%.*s\" holds %u bytes, this field has %zu", SCAN_ARG(name),
                         size, width);
  h->kind = HOLE_VAR;
  h->index = (unsigned)var;
  h->min = h->max = size;
  return true;
}

bool hole_parse(struct scan *scan, struct scope *scope, bool expected, size_t width,
                struct hole *h) {
  *h = (struct hole){.at = scan->pos};
  int mark = scan_peek(scan);
  scan->pos++;
  if (mark != '$' && !expected)
    return scan_error_at(scan, h->at,
                         "a hole can't be sent; write the bytes, or $name for captured ones");
  struct span name = {0};
  if (mark != '*') {
    name = scan_word(scan);
    if (name.n == 0)
      return scan_error(scan, "a name must follow the %c", mark);
  }
  if (mark == '$')
    return parse_reference(scan, scope, width, name, h);
  if (scan_peek(scan) == '{' && !parse_length(scan, h))
    return false;
  if (width && h->sized && (h->min != width || h->max != width))
    return scan_error_at(scan, h->at, "this field has %zu bytes; write * for all of it", width);
  if (mark == '*')
    return true;
  h->kind = HOLE_CAPTURE;
  if (scan_take(scan, ':')) {
    size_t at = scan->pos;
    struct span property = scan_word(scan);
    if (!span_is(property, "nonzero"))
      return scan_error_at(scan, at,
                           "unknown property \"%.*s\"; only :nonzero can be asked of a capture",
                           SCAN_ARG(property));
    h->nonzero = true;
    if (scan_peek(scan) == '{' && !parse_length(scan, h))
      return false;
  }
  return enter_capture(scan, scope, width, name, h);
}

static bool add_gap(struct section *s, struct scan *scan, const struct hole *h) {
  if (s->has_gap)
    return scan_error_at(scan, h->at,
                         "a second hole of free length in one field; its place can't be "
                         "told, give one of them a length {n}");
  s->has_gap = true;
  s->gap =
      (struct gap){(uint32_t)s->bytes.n, h->sized ? h->min : 0, h->sized ? h->max : LITERAL_MAX, 0};
  return true;
}

static bool parse_hole(struct section *s, struct scan *scan, struct scope *scope, bool expected) {
  struct hole h;
  if (!hole_parse(scan, scope, expected, 0, &h))
    return false;
  switch (h.kind) {
  case HOLE_ANY:
    if (!h.sized || h.min != h.max)
      return add_gap(s, scan, &h);
    section_fill(s, h.min, 0);
    break;
  case HOLE_CAPTURE:
    section_capture(s, h.index, h.min, h.nonzero);
    break;
  case HOLE_VAR:
    section_patch(s, PATCH_VAR, h.index, h.min);
    break;
  case HOLE_COUNTER:
    section_patch(s, PATCH_COUNTER_DIGITS, h.index, 8);
    break;
  }
  return true;
}

bool section_parse(struct section *s, struct scan *scan, struct scope *scope, bool expected) {
  size_t end = scan_value_end(scan), from = scan->pos;
  for (;;) {
    scan_blanks(scan);
    if (scan->pos >= end)
      break;
    int c = scan_peek(scan);
    bool ok = c == '*' || c == '?' || c == '$' ? parse_hole(s, scan, scope, expected)
                                               : literal_parse(s, scan, scope);
    if (!ok)
      return false;
    if (s->bytes.failed)
      return scan_error_at(scan, from, "more than %d MiB in one field", LITERAL_MAX >> 20);
  }
  if (s->bytes.n > scope->budget)
    return scan_error_at(scan, from, "the session's literals exceed %d MiB", SESSION_MAX >> 20);
  scope->budget -= s->bytes.n;
  if (scan->pos == from)
    return scan_error(scan, "a value is missing; write \"text\", hex(..), or \"\" for none");
  return true;
}
