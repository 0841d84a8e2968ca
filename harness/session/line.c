#include "session/line.h"

#include "base/check.h"
#include "mcbp/extras.h"
#include "mcbp/frame.h"
#include "session/opcode.h"
#include "session/section.h"

enum { FIELDS_MAX = 64, SECTIONS = 4 };

enum { FRAMING, EXTRAS, KEY, VALUE };

/* `name=value`: where each part stands, so that fields can be worked on in another order. */
struct field {
  struct span name;
  size_t at, value_at, value_end;
  bool used;
};

struct number {
  bool set;
  bool is_hole;
  uint64_t value;
  struct hole hole;
  size_t at;
};

struct line {
  struct scan *scan;
  struct scope *scope;
  bool to_server, expected;
  bool server; /* the opcode is one of the server's own */
  bool alt, response;
  uint8_t opcode, magic;
  struct number magic_number;
  struct number status;
  struct field fields[FIELDS_MAX];
  size_t nfields;
  struct section sections[SECTIONS];
};

static struct field *find_field(struct line *l, const char *name) {
  for (size_t i = 0; i < l->nfields; i++)
    if (span_is(l->fields[i].name, name)) {
      l->fields[i].used = true;
      return &l->fields[i];
    }
  return NULL;
}

/* A scanner for one field's value. */
static struct scan value_scan(const struct line *l, const struct field *f) {
  struct scan s = *l->scan;
  s.line = span_sub(s.line, 0, f->value_end);
  s.pos = f->value_at;
  return s;
}

static bool collect_fields(struct line *l) {
  struct scan *s = l->scan;
  while (!scan_end(s)) {
    size_t at = s->pos;
    struct span name = scan_word(s);
    if (name.n == 0)
      return scan_error_at(s, at, "a field's name is missing here; write name=value");
    if (!scan_take(s, '='))
      return scan_error_at(s, at, "\"%.*s\" is no field; write name=value without blanks",
                           SCAN_ARG(name));
    bool item = name.n > 6 && memcmp(name.p, "frame.", 6) == 0;
    for (size_t i = 0; !item && i < l->nfields; i++)
      if (span_eq(l->fields[i].name, name))
        return scan_error_at(s, at, "the field \"%.*s\" is given twice", SCAN_ARG(name));
    if (l->nfields == FIELDS_MAX)
      return scan_error_at(s, at, "more than %d fields in a line", FIELDS_MAX);
    size_t end = scan_value_end(s);
    l->fields[l->nfields++] = (struct field){name, at, s->pos, end, false};
    s->pos = end;
  }
  return true;
}

static bool parse_number(struct line *l, const char *name, size_t width, struct number *n) {
  *n = (struct number){0};
  struct field *f = find_field(l, name);
  if (!f)
    return true;
  struct scan s = value_scan(l, f);
  n->set = true;
  n->at = s.pos;
  int c = scan_peek(&s);
  if (c == '*' || c == '?' || c == '$') {
    n->is_hole = true;
    return hole_parse(&s, l->scope, l->expected, width, &n->hole) && scan_expect_end(&s);
  }
  if (strcmp(name, "status") == 0 && !(c >= '0' && c <= '9')) {
    uint16_t status;
    struct span word = scan_word(&s);
    const char *near = status_near(word);
    if (!status_find(word, &status))
      return near ? scan_error_at(&s, n->at, "unknown status \"%.*s\"; did you mean \"%s\"?",
                                  SCAN_ARG(word), near)
                  : scan_error_at(&s, n->at,
                                  "unknown status \"%.*s\"; write its number, such as 0x81",
                                  SCAN_ARG(word));
    n->value = status;
    return scan_expect_end(&s);
  }
  uint64_t max = width == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * width)) - 1;
  return scan_number(&s, name, max, &n->value) && scan_expect_end(&s);
}

/* Appends a number field: its value, or `derived` when it isn't named. */
static void add_number(struct section *to, const struct number *n, size_t width, uint64_t derived) {
  if (n->is_hole) {
    switch (n->hole.kind) {
    case HOLE_ANY:
      section_fill(to, width, 0);
      return;
    case HOLE_CAPTURE:
      section_capture(to, n->hole.index, width, n->hole.nonzero);
      return;
    case HOLE_VAR:
      section_patch(to, PATCH_VAR, n->hole.index, width);
      return;
    case HOLE_COUNTER:
      section_patch(to, PATCH_COUNTER, n->hole.index, width);
      return;
    }
  }
  uint8_t bytes[8];
  be_put(bytes, width, n->set ? n->value : derived);
  section_add(to, bytes, width);
}

static bool parse_section(struct line *l, const char *name, struct section *to) {
  struct field *f = find_field(l, name);
  if (!f)
    return true;
  struct scan s = value_scan(l, f);
  return section_parse(to, &s, l->scope, l->expected);
}

static bool parse_frame_item(struct line *l, const struct field *f) {
  struct span name = span_from(f->name, 6);
  unsigned id = 0;
  if (!framing_find(l->response, name, &id)) {
    struct scan number = *l->scan;
    number.line = span_sub(number.line, 0, f->at + f->name.n);
    number.pos = f->at + 6;
    uint64_t value;
    if (name.p[0] < '0' || name.p[0] > '9')
      return scan_error_at(
          &number, number.pos,
          "unknown framing extra \"%.*s\"; write its number, such as frame.0x0f=..",
          SCAN_ARG(name));
    if (!scan_number(&number, "framing extra", 270, &value))
      return false;
    id = (unsigned)value;
  }
  struct section data;
  section_init(&data);
  struct scan s = value_scan(l, f);
  bool ok = section_parse(&data, &s, l->scope, l->expected);
  if (ok && data.has_gap)
    ok = scan_error_at(&s, f->value_at,
                       "a framing extra needs a hole of fixed length, such as *{2}");
  struct buf coded;
  buf_init(&coded, LITERAL_MAX);
  if (ok && !framing_put(&coded, id, buf_span(&data.bytes)))
    ok = scan_error_at(&s, f->value_at, "a framing extra holds at most 270 bytes");
  if (ok) {
    section_add(&l->sections[FRAMING], coded.p, coded.n - data.bytes.n);
    section_join(&l->sections[FRAMING], &data);
  }
  buf_fini(&coded);
  section_fini(&data);
  return ok;
}

static bool is_frame_item(const struct field *f) {
  return f->name.n > 6 && memcmp(f->name.p, "frame.", 6) == 0;
}

/* Decides the frame's form: which magic, hence whether bytes 6-7 are a status and byte 2 a length.
 */
static bool parse_form(struct line *l) {
  bool framing = find_field(l, "framing") != NULL, items = false;
  for (size_t i = 0; i < l->nfields; i++)
    items |= is_frame_item(&l->fields[i]);
  if (!parse_number(l, "magic", 1, &l->magic_number))
    return false;
  uint8_t derived = l->server ? (l->to_server ? MAGIC_CLIENT_RESPONSE : MAGIC_SERVER_REQUEST)
                    : framing || items ? (l->to_server ? MAGIC_ALT_REQUEST : MAGIC_ALT_RESPONSE)
                                       : (l->to_server ? MAGIC_REQUEST : MAGIC_RESPONSE);
  bool given = l->magic_number.set && !l->magic_number.is_hole;
  l->magic = given && magic_is_known((uint8_t)l->magic_number.value)
                 ? (uint8_t)l->magic_number.value
                 : derived;
  if (!l->magic_number.set)
    l->magic_number = (struct number){.set = true, .value = derived};
  l->alt = magic_is_alt(l->magic);
  l->response = magic_is_response(l->magic);
  if (!l->alt && (framing || items))
    return scan_error_at(l->scan, l->magic_number.at,
                         "framing extras need magic 0x08 or 0x18; leave magic out");
  if (framing && items)
    return scan_error_at(l->scan, find_field(l, "framing")->at,
                         "give framing= or frame.NAME=, not both");
  if (framing)
    return parse_section(l, "framing", &l->sections[FRAMING]);
  for (size_t i = 0; i < l->nfields; i++)
    if (is_frame_item(&l->fields[i])) {
      l->fields[i].used = true;
      if (!parse_frame_item(l, &l->fields[i]))
        return false;
    }
  return true;
}

static bool parse_extras(struct line *l) {
  const struct extras_layout *layout =
      extras_layout(l->scope->dialect, l->server, l->response, l->opcode);
  struct section *to = &l->sections[EXTRAS];
  struct field *whole = find_field(l, "extras");
  bool named = false;
  for (size_t i = 0; i < layout->nfields; i++)
    for (size_t k = 0; k < l->nfields; k++)
      if (span_is(l->fields[k].name, layout->fields[i].name)) {
        named = true;
        if (whole)
          return scan_error_at(l->scan, l->fields[k].at,
                               "\"%s\" is part of the extras; give extras= or its fields, not both",
                               layout->fields[i].name);
      }
  if (whole)
    return parse_section(l, "extras", to);
  bool success = l->status.set ? !l->status.is_hole && l->status.value == 0 : true;
  if (!named && (layout->optional || (l->response && !success)))
    return true;
  for (size_t i = 0; i < layout->nfields; i++) {
    struct number n;
    if (!parse_number(l, layout->fields[i].name, layout->fields[i].width, &n))
      return false;
    add_number(to, &n, layout->fields[i].width, 0);
  }
  return true;
}

static bool check_used(struct line *l) {
  for (size_t i = 0; i < l->nfields; i++) {
    struct field *f = &l->fields[i];
    if (f->used)
      continue;
    if (span_is(f->name, "status") || span_is(f->name, "vbucket"))
      return scan_error_at(l->scan, f->at,
                           l->response ? "an answer has a status, not a vbucket"
                                       : "a request has a vbucket, not a status");
    if (span_is(f->name, "framinglen"))
      return scan_error_at(l->scan, f->at,
                           "only an alternative frame (magic 0x08, 0x18) has framinglen");
    struct buf known;
    buf_init(&known, 1024);
    const struct extras_layout *layout =
        extras_layout(l->scope->dialect, l->server, l->response, l->opcode);
    for (size_t k = 0; k < layout->nfields; k++)
      buf_addf(&known, " %s", layout->fields[k].name);
    scan_error_at(l->scan, f->at,
                  "unknown field \"%.*s\"; this %s has key value extras%s %s opaque cas, "
                  "and magic keylen extlen datatype bodylen to override",
                  SCAN_ARG(f->name), l->response ? "answer" : "request", buf_cstr(&known),
                  l->response ? "status" : "vbucket");
    buf_fini(&known);
    return false;
  }
  return true;
}

static bool check_lengths(struct line *l) {
  static const char *const names[] = {"framing", "extras", "key"};
  const size_t max[] = {255, 255, l->alt ? 255 : UINT16_MAX};
  for (size_t i = 0; i < 3; i++) {
    const struct field *f = find_field(l, names[i]);
    size_t at = f ? f->value_at : 0;
    if (l->sections[i].bytes.n > max[i])
      return scan_error_at(l->scan, at, "%s: %zu bytes; at most %zu fit", names[i],
                           l->sections[i].bytes.n, max[i]);
    if (i == FRAMING && l->sections[i].has_gap)
      return scan_error_at(l->scan, at, "framing needs holes of fixed length, such as *{2}");
  }
  return true;
}

/* Whether the field tells a length: keylen, extlen, framinglen, bodylen. */
static bool is_length(const struct header_field *f) {
  size_t n = strlen(f->name);
  return n > 3 && strcmp(f->name + n - 3, "len") == 0;
}

/* The header, with the length fields hidden that a gap leaves open: matching checks them by bounds.
 */
static bool build_header(struct line *l, struct section *head) {
  const struct section *s = l->sections;
  bool any_gap = s[EXTRAS].has_gap || s[KEY].has_gap || s[VALUE].has_gap;
  uint64_t body = s[FRAMING].bytes.n + s[EXTRAS].bytes.n + s[KEY].bytes.n + s[VALUE].bytes.n;
  size_t count;
  const struct header_field *fields = header_fields(l->magic, &count);
  for (size_t i = 0; i < count; i++) {
    const struct header_field *f = &fields[i];
    uint64_t derived = 0;
    bool open = false;
    struct number n = {0};
    if (strcmp(f->name, "magic") == 0) {
      n = l->magic_number;
    } else if (strcmp(f->name, "opcode") == 0) {
      n = (struct number){.set = true, .value = l->opcode};
    } else if (strcmp(f->name, "status") == 0) {
      n = l->status;
    } else {
      if (!parse_number(l, f->name, f->width, &n))
        return false;
      if (strcmp(f->name, "framinglen") == 0) {
        derived = s[FRAMING].bytes.n;
      } else if (strcmp(f->name, "keylen") == 0) {
        derived = s[KEY].bytes.n;
        open = s[KEY].has_gap;
      } else if (strcmp(f->name, "extlen") == 0) {
        derived = s[EXTRAS].bytes.n;
        open = s[EXTRAS].has_gap;
      } else if (strcmp(f->name, "bodylen") == 0) {
        derived = body;
        open = any_gap;
      }
    }
    if (open && n.set)
      return scan_error_at(l->scan, n.at, "%s follows from the hole of free length; leave it out",
                           f->name);
    if (any_gap && n.set && is_length(f))
      return scan_error_at(l->scan, n.at,
                           "%s can't be overridden beside a hole of free length, whose place "
                           "follows from it; give the hole a length {n}",
                           f->name);
    if (open)
      section_fill(head, f->width, 0);
    else
      add_number(head, &n, f->width, derived);
  }
  CHECK(head->bytes.n == HEADER_BYTES);
  return true;
}

static void store(struct section *all, struct arena *arena, struct pattern *out) {
  out->n = (uint32_t)all->bytes.n;
  out->bytes = arena_copy(arena, all->bytes.p, all->bytes.n);
  for (size_t i = 0; i < all->mask.n && !out->mask; i++)
    if (all->mask.p[i] != 0xff)
      out->mask = arena_copy(arena, all->mask.p, all->mask.n);
  out->patches = arena_copy(arena, all->patches.items, all->patches.n * sizeof *out->patches);
  out->npatches = all->patches.n;
  out->captures = arena_copy(arena, all->captures.items, all->captures.n * sizeof *out->captures);
  out->ncaptures = all->captures.n;
}

static void assemble(struct line *l, struct section *all, struct pattern *out) {
  out->dialect = l->scope->dialect;
  out->server = l->server;
  for (unsigned i = 0; i < SECTIONS; i++) {
    struct section *s = &l->sections[i];
    out->section_len[i] = (uint32_t)s->bytes.n;
    if (s->has_gap) {
      struct gap *g = &out->gaps[out->ngaps++];
      *g = s->gap;
      g->section = i;
      g->off += (uint32_t)all->bytes.n;
      s->has_gap = false;
    }
    section_join(all, s);
  }
  store(all, l->scope->arena, out);
}

static bool parse_frame(struct line *l, struct pattern *out) {
  struct scan ahead = *l->scan;
  if (scan_word(&ahead).n == 0)
    return scan_error(l->scan, "a frame begins with a command's name, or op0xNN, or raw");
  if (!opcode_parse(l->scan, l->scope->dialect, &l->server, &l->opcode) || !collect_fields(l) ||
      !parse_form(l))
    return false;
  if (l->response && !parse_number(l, "status", 2, &l->status))
    return false;
  if (!parse_extras(l) || !parse_section(l, "key", &l->sections[KEY]) ||
      !parse_section(l, "value", &l->sections[VALUE]) || !check_lengths(l))
    return false;
  struct section all;
  section_init(&all);
  bool ok = build_header(l, &all) && check_used(l);
  if (ok)
    assemble(l, &all, out);
  section_fini(&all);
  return ok;
}

static bool parse_raw(struct scan *scan, struct scope *scope, bool expected, struct pattern *out) {
  struct section all;
  section_init(&all);
  scan_blanks(scan);
  size_t at = scan->pos;
  bool ok = section_parse(&all, scan, scope, expected) && scan_expect_end(scan);
  if (ok && all.has_gap)
    ok = scan_error_at(scan, at, "raw bytes need holes of fixed length, such as *{4}");
  if (ok) {
    out->raw = true;
    out->dialect = scope->dialect;
    store(&all, scope->arena, out);
  }
  section_fini(&all);
  return ok;
}

bool line_parse(struct scan *scan, struct scope *scope, bool to_server, struct pattern *out) {
  *out = (struct pattern){0};
  scan_blanks(scan);
  struct scan ahead = *scan;
  if (span_is(scan_word(&ahead), "raw")) {
    *scan = ahead;
    return parse_raw(scan, scope, !to_server, out);
  }
  struct line l = {.scan = scan, .scope = scope, .to_server = to_server, .expected = !to_server};
  for (size_t i = 0; i < SECTIONS; i++)
    section_init(&l.sections[i]);
  bool ok = parse_frame(&l, out);
  for (size_t i = 0; i < SECTIONS; i++)
    section_fini(&l.sections[i]);
  return ok;
}
