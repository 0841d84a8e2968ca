#include "session/literal.h"

#include <errno.h>

#include "base/rng.h"
#include "base/text.h"
#include "mcbp/header.h"

enum {
  DEPTH_MAX = 8,        /* of repeat(..) in repeat(..) */
  NS_REPEATED = 1 << 16 /* times that {ns} may stand in one of them */
};

static bool parse_literal(struct section *s, struct scan *scan, struct scope *scope,
                          unsigned depth);

/* Two hex digits at the scanner, or -1. */
static int take_hex_byte(struct scan *scan) {
  if (scan->line.n - scan->pos < 2)
    return -1;
  int high = text_hex_digit(scan->line.p[scan->pos]),
      low = text_hex_digit(scan->line.p[scan->pos + 1]);
  if (high < 0 || low < 0)
    return -1;
  scan->pos += 2;
  return 16 * high + low;
}

/* What follows a backslash in a text. */
static bool parse_escape(struct section *s, struct scan *scan) {
  size_t at = scan->pos - 1;
  int c = scan_peek(scan), byte;
  scan->pos += c != 0;
  switch (c) {
  case 'n':
    byte = '\n';
    break;
  case 't':
    byte = '\t';
    break;
  case 'r':
    byte = '\r';
    break;
  case '"':
  case '\\':
    byte = c;
    break;
  case 'x':
    byte = take_hex_byte(scan);
    if (byte < 0)
      return scan_error_at(scan, at, "two hex digits must follow \\x");
    break;
  default:
    return scan_error_at(scan, at, "unknown escape; there are \\n \\t \\r \\\" \\\\ and \\xNN");
  }
  section_add(s, &(uint8_t){(uint8_t)byte}, 1);
  return true;
}

static bool parse_text(struct section *s, struct scan *scan, struct scope *scope) {
  size_t at = scan->pos++;
  while (scan->pos < scan->line.n) {
    struct span rest = span_from(scan->line, scan->pos);
    if (rest.p[0] == '"') {
      scan->pos++;
      return true;
    }
    if (rest.p[0] == '\\') {
      scan->pos++;
      if (!parse_escape(s, scan))
        return false;
    } else if (rest.n >= 4 && memcmp(rest.p, "{ns}", 4) == 0) {
      section_patch(s, PATCH_NS, 0, 4);
      scope->uses_ns = true;
      scan->pos += 4;
    } else {
      size_t n = 1;
      while (n < rest.n && rest.p[n] != '"' && rest.p[n] != '\\' && rest.p[n] != '{')
        n++;
      section_add(s, rest.p, n);
      scan->pos += n;
    }
  }
  return scan_error_at(scan, at, "the text has no closing quote");
}

static bool close_paren(struct scan *scan) {
  scan_blanks(scan);
  return scan_take(scan, ')') || scan_error(scan, "a ) is missing here");
}

static bool take_comma(struct scan *scan, const char *form) {
  scan_blanks(scan);
  if (!scan_take(scan, ','))
    return scan_error(scan, "a , is missing here; write %s", form);
  scan_blanks(scan);
  return true;
}

static bool parse_hex(struct section *s, struct scan *scan) {
  uint8_t bytes[256];
  size_t n = 0;
  for (;;) {
    scan_blanks(scan);
    if (n == sizeof bytes || scan_peek(scan) == ')') {
      section_add(s, bytes, n);
      n = 0;
    }
    if (scan_take(scan, ')'))
      return true;
    if (scan_end(scan))
      return scan_error(scan, "the ) of hex(..) is missing");
    int byte = take_hex_byte(scan);
    if (byte < 0)
      return scan_error(scan, "hex(..) holds pairs of hex digits");
    bytes[n++] = (uint8_t)byte;
  }
}

/* `name` is u8, u16, .. */
static bool parse_integer(struct section *s, struct scan *scan, const char *name, size_t width) {
  uint8_t bytes[8];
  uint64_t value, max = width == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * width)) - 1;
  scan_blanks(scan);
  if (!scan_number(scan, name, max, &value) || !close_paren(scan))
    return false;
  be_put(bytes, width, value);
  section_add(s, bytes, width);
  return true;
}

/* Appends `part` so many times; without patches that is copying bytes. */
static void add_repeated(struct section *s, const struct section *part, uint64_t times) {
  if (part->patches.n == 0 && part->bytes.n == 1) {
    buf_fill(&s->bytes, part->bytes.p[0], times);
    buf_fill(&s->mask, 0xff, times);
    return;
  }
  for (uint64_t i = 0; i < times && part->bytes.n > 0; i++)
    section_join(s, part);
}

static bool parse_repeat(struct section *s, struct scan *scan, struct scope *scope,
                         unsigned depth) {
  uint64_t times;
  size_t at = scan->pos;
  if (depth == DEPTH_MAX)
    return scan_error(scan, "repeat(..) stands in more than %d others", DEPTH_MAX);
  scan_blanks(scan);
  if (!scan_number(scan, "repeat's count", LITERAL_MAX, &times) ||
      !take_comma(scan, "repeat(N, LITERALS)"))
    return false;
  struct section part;
  section_init(&part);
  bool ok = true;
  do {
    ok = parse_literal(&part, scan, scope, depth + 1);
    scan_blanks(scan);
  } while (ok && scan_peek(scan) != ')' && !scan_end(scan));
  ok = ok && close_paren(scan);
  if (ok && (part.bytes.failed || (part.bytes.n && times > LITERAL_MAX / part.bytes.n)))
    ok = scan_error_at(scan, at, "more than %d MiB in one literal", LITERAL_MAX >> 20);
  if (ok && part.patches.n && times > NS_REPEATED / part.patches.n)
    ok = scan_error_at(scan, at, "{ns} is repeated more than %d times", NS_REPEATED);
  if (ok)
    add_repeated(s, &part, times);
  section_fini(&part);
  return ok;
}

static bool parse_random(struct section *s, struct scan *scan) {
  uint64_t seed, n;
  scan_blanks(scan);
  if (!scan_number(scan, "random's seed", UINT64_MAX, &seed) ||
      !take_comma(scan, "random(SEED, N)") ||
      !scan_number(scan, "random's length", LITERAL_MAX, &n) || !close_paren(scan))
    return false;
  struct rng rng = rng_of(seed);
  for (uint64_t done = 0; done < n; done += 8) {
    uint8_t bytes[8];
    be_put(bytes, 8, rng_next(&rng));
    section_add(s, bytes, n - done < 8 ? n - done : 8);
  }
  return true;
}

static bool parse_file(struct section *s, struct scan *scan, struct scope *scope) {
  struct span rest = span_from(scan->line, scan->pos);
  size_t n = 0, at = scan->pos;
  while (n < rest.n && rest.p[n] != ')')
    n++;
  struct span path = scan_text(span_sub(rest, 0, n));
  scan->pos += n;
  if (!close_paren(scan))
    return false;
  if (path.n == 0)
    return scan_error_at(scan, at, "file(..) needs a path, such as file(values/x)");
  if (!scope->loader.load)
    return scan_error_at(scan, at, "no file can be named here");
  struct buf content;
  buf_init(&content, LITERAL_MAX);
  errno = 0;
  bool ok = scope->loader.load(scope->loader.arg, arena_str(scope->arena, path), &content);
  if (ok)
    section_add(s, content.p, content.n);
  else if (content.failed)
    scan_error_at(scan, at, "%.*s has more than %d MiB", SCAN_ARG(path), LITERAL_MAX >> 20);
  else
    scan_error_at(scan, at, "can't read %.*s: %s", SCAN_ARG(path), strerror(errno));
  buf_fini(&content);
  return ok;
}

static bool parse_feature(struct section *s, struct scan *scan) {
  scan_blanks(scan);
  size_t at = scan->pos;
  struct span name = scan_word(scan);
  uint16_t feature;
  uint8_t bytes[2];
  if (!feature_find(name, &feature))
    return scan_error_at(scan, at, "unknown hello feature \"%.*s\"; write its number as u16(N)",
                         SCAN_ARG(name));
  be_put(bytes, 2, feature);
  section_add(s, bytes, 2);
  return close_paren(scan);
}

static bool parse_literal(struct section *s, struct scan *scan, struct scope *scope,
                          unsigned depth) {
  if (scan_peek(scan) == '"')
    return parse_text(s, scan, scope);
  size_t at = scan->pos;
  struct span name = scan_word(scan);
  struct span shown = name.n ? name : span_sub(scan->line, at, 1);
  if (name.n == 0 || !scan_take(scan, '('))
    return scan_error_at(
        scan, at,
        "\"%.*s\" is no literal; there are \"text\" hex(..) u8(N) u16(N) u32(N) u64(N) "
        "repeat(N, ..) random(SEED, N) file(PATH) feature(NAME)",
        SCAN_ARG(shown));
  if (span_is(name, "hex"))
    return parse_hex(s, scan);
  static const char *const integers[] = {"u8", "u16", "u32", "u64"};
  for (size_t i = 0; i < 4; i++)
    if (span_is(name, integers[i]))
      return parse_integer(s, scan, integers[i], (size_t)1 << i);
  if (span_is(name, "repeat"))
    return parse_repeat(s, scan, scope, depth);
  if (span_is(name, "random"))
    return parse_random(s, scan);
  if (span_is(name, "file"))
    return parse_file(s, scan, scope);
  if (span_is(name, "feature"))
    return parse_feature(s, scan);
  return scan_error_at(scan, at,
                       "unknown literal \"%.*s\"; there are hex u8 u16 u32 u64 repeat random "
                       "file feature, and \"text\"",
                       SCAN_ARG(name));
}

bool literal_parse(struct section *s, struct scan *scan, struct scope *scope) {
  return parse_literal(s, scan, scope, 0);
}
