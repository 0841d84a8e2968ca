/* The literals of the renderer: bytes as quoted text, hex(..) and repeat(..). */
#include "session/render.h"

enum {
  REPEAT_MIN = 32, /* a run of one byte this long becomes repeat(..) */
  HEX_MIN = 4,     /* this many bytes in a row that are no text end a text ... */
  TEXT_MIN = 5,    /* ... and this many that are end a hex(..) */
  EXCERPT_CHARS = 200,
  EXCERPT_HEAD = 40, /* bytes */
  EXCERPT_TAIL = 20
};

static const char DIGITS[] = "0123456789abcdef";

static bool is_text(uint8_t c) {
  return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t' || c == '\r';
}

/* Eight bytes at a time: in what follows a word holds them, the first in its highest byte, and a
 * set of them is a bit for each, the first in the highest. */
enum { WORD = 8, WORD_ALL = 0xff };

#define ONES UINT64_C(0x0101010101010101)
#define LOWS (0x7f * ONES)
#define HIGHS (0x80 * ONES)

/* The highest bit of each byte that is `c`. */
static uint64_t word_equal(uint64_t word, uint8_t c) {
  uint64_t other = word ^ c * ONES;
  return ~(((other & LOWS) + LOWS) | other) & HIGHS;
}

/* .. that is from 0x20 to 0x7e. */
static uint64_t word_printable(uint64_t word) {
  uint64_t low = word & LOWS;
  return (low + 0x60 * ONES) & ~(low + ONES) & ~word & HIGHS;
}

/* The set of the bytes whose highest bit is set. */
static unsigned word_set(uint64_t highs) {
  return (unsigned)((highs >> 7) * 0x0102040810204080u >> 56);
}

/* .. that is from '\t' to '\r'. */
static uint64_t word_space(uint64_t word) {
  uint64_t low = word & LOWS;
  return (low + (0x80 - '\t') * ONES) & ~(low + (0x7f - '\r') * ONES) & ~word & HIGHS;
}

/* The bytes that are text. */
static unsigned word_text(const uint8_t *p) {
  uint64_t word = be_get(p, WORD), text = word_printable(word);
  if (text == HIGHS)
    return WORD_ALL;
  if (word_space(word))
    text |= word_equal(word, '\n') | word_equal(word, '\t') | word_equal(word, '\r');
  return word_set(text);
}

/* The bytes that stand for themselves in a text whatever follows. */
static unsigned word_plain(const uint8_t *p) {
  uint64_t word = be_get(p, WORD);
  uint64_t plain = word_printable(word) &
                   ~(word_equal(word, '"') | word_equal(word, '\\') | word_equal(word, '{'));
  return plain == HIGHS ? WORD_ALL : word_set(plain);
}

/* The number of the highest bit. */
static unsigned highest(unsigned set) {
  return (unsigned)(sizeof set * 8 - 1) - (unsigned)__builtin_clz(set);
}

/* How many bytes from the first on stand for themselves. */
static size_t plain_length(struct span s) {
  size_t i = 0;
  for (; i + WORD <= s.n; i += WORD) {
    unsigned others = word_plain(s.p + i) ^ WORD_ALL;
    if (others)
      return i + WORD - 1 - highest(others);
  }
  while (i < s.n && s.p[i] >= 0x20 && s.p[i] < 0x7f && s.p[i] != '"' && s.p[i] != '\\' &&
         s.p[i] != '{')
    i++;
  return i;
}

static size_t run_length(struct span s) {
  size_t n = 1;
  while (n < s.n && s.p[n] == s.p[0])
    n++;
  return n;
}

static bool starts_as_text(struct span s) {
  size_t window = s.n < HEX_MIN ? s.n : HEX_MIN, text = 0;
  for (size_t i = 0; i < window; i++)
    text += is_text(s.p[i]);
  return 2 * text >= window;
}

/* Where the first run of REPEAT_MIN equal bytes is complete: the index of its last byte; SIZE_MAX
 * when there is none. Such a run holds a block wholly, so that only blocks are looked at. */
static size_t first_run(struct span s) {
  enum { BLOCK = REPEAT_MIN / 2 };
  _Static_assert(BLOCK == 16, "two words");
  for (size_t i = 0; i + BLOCK <= s.n; i += BLOCK) {
    uint64_t a, b;
    memcpy(&a, s.p + i, sizeof a);
    memcpy(&b, s.p + i + sizeof a, sizeof b);
    if (a != b || a != (a << 8 | a >> 56))
      continue;
    size_t from = i;
    while (from > 0 && s.p[from - 1] == s.p[i])
      from--;
    if (run_length(span_sub(s, from, REPEAT_MIN)) == REPEAT_MIN)
      return from + REPEAT_MIN - 1;
  }
  return SIZE_MAX;
}

/* Where the first `limit` bytes in a row are complete that are no text, or, unless `text`, that
 * are: the index of the last; SIZE_MAX when there are none. */
static size_t first_others(struct span s, bool text, unsigned limit) {
  _Static_assert((int)HEX_MIN == 4 && (int)TEXT_MIN == 5, "four in a row, and one more");
  unsigned window = 0; /* a bit for each of the last bytes, set when it is one of the others */
  size_t i = 0;
  for (; i + WORD <= s.n; i += WORD) {
    window = window << WORD | (word_text(s.p + i) ^ (text ? WORD_ALL : 0));
    if ((window & (WORD_ALL << WORD | WORD_ALL)) == 0)
      continue;
    unsigned rows = window & window >> 1;
    rows &= rows >> 2;
    rows &= window >> (limit - 1) & WORD_ALL;
    if (rows)
      return i + WORD - 1 - highest(rows);
  }
  for (; i < s.n; i++) {
    window = window << 1 | (is_text(s.p[i]) != text);
    if ((window & ((1u << limit) - 1)) == (1u << limit) - 1)
      return i;
  }
  return SIZE_MAX;
}

/* The bytes up to a long run, or up to where the other kind of literal reads better. */
static size_t segment_length(struct span s, bool text) {
  const size_t limit = text ? HEX_MIN : TEXT_MIN;
  size_t others = first_others(s, text, (unsigned)limit);
  size_t run = first_run(others == SIZE_MAX ? s : span_sub(s, 0, others + 1));
  if (run != SIZE_MAX)
    return run + 1 - REPEAT_MIN;
  return others == SIZE_MAX ? s.n : others + 1 - limit;
}

static void put_escaped(struct buf *out, struct span s) {
  uint8_t c = s.p[0];
  uint8_t text[4] = {'\\', 'x', (uint8_t)DIGITS[c >> 4], (uint8_t)DIGITS[c & 15]};
  size_t n = 2;
  if (c == '{' && !(s.n >= 4 && memcmp(s.p, "{ns}", 4) == 0)) {
    buf_add_byte(out, c);
    return;
  }
  if (c == '"' || c == '\\')
    text[1] = c;
  else if (c == '\n')
    text[1] = 'n';
  else if (c == '\t')
    text[1] = 't';
  else if (c == '\r')
    text[1] = 'r';
  else
    n = 4;
  buf_add(out, text, n);
}

static void put_text(struct buf *out, struct span s) {
  buf_add_byte(out, '"');
  for (size_t i = 0; i < s.n && !out->failed;) {
    size_t plain = i + plain_length(span_from(s, i));
    buf_add(out, s.p + i, plain - i);
    if (plain < s.n)
      put_escaped(out, span_from(s, plain++));
    i = plain;
  }
  buf_add_byte(out, '"');
}

/* All bytes in digits, each with the space behind it. */
#define HEX_ROW(d)                                                                                 \
  d "0 " d "1 " d "2 " d "3 " d "4 " d "5 " d "6 " d "7 " d "8 " d "9 " d "a " d "b " d "c " d     \
    "d " d "e " d "f "
static const char HEX[] = HEX_ROW("0") HEX_ROW("1") HEX_ROW("2") HEX_ROW("3") HEX_ROW("4")
    HEX_ROW("5") HEX_ROW("6") HEX_ROW("7") HEX_ROW("8") HEX_ROW("9") HEX_ROW("a") HEX_ROW("b")
        HEX_ROW("c") HEX_ROW("d") HEX_ROW("e") HEX_ROW("f");

/* Each byte is put as one word, the last byte of which the next one covers. */
static void put_hex(struct buf *out, struct span s) {
  enum { EACH = 3, WITH_NEXT = 4 };
  size_t n = 4 + EACH * s.n;
  uint8_t *to = buf_reserve(out, n + 1);
  if (!to)
    return;
  memcpy(to, "hex(", 4);
  to += 4;
  for (size_t i = 0; i < s.n; i++, to += EACH)
    memcpy(to, HEX + (size_t)EACH * s.p[i], WITH_NEXT);
  to[-1] = ')';
  out->n += n;
}

static void put_literal(struct buf *out, struct span s, bool text) {
  if (text)
    put_text(out, s);
  else
    put_hex(out, s);
}

void render_bytes(struct buf *out, struct span bytes) {
  if (bytes.n == 0)
    buf_add_str(out, "\"\"");
  for (size_t i = 0, n; i < bytes.n && !out->failed; i += n) {
    struct span rest = span_from(bytes, i);
    if (i > 0)
      buf_add_byte(out, ' ');
    n = run_length(rest);
    if (n >= REPEAT_MIN) {
      buf_addf(out, "repeat(%zu, ", n);
      put_literal(out, span_sub(rest, 0, 1), is_text(rest.p[0]));
      buf_add_byte(out, ')');
    } else {
      bool text = starts_as_text(rest);
      n = segment_length(rest, text);
      put_literal(out, span_sub(rest, 0, n), text);
    }
  }
}

void render_excerpt(struct buf *out, struct span bytes) {
  struct buf whole;
  buf_init(&whole, EXCERPT_CHARS);
  render_bytes(&whole, bytes);
  if (!whole.failed) {
    buf_add_span(out, buf_span(&whole));
  } else {
    render_bytes(out, span_sub(bytes, 0, EXCERPT_HEAD));
    buf_addf(out, " .. (%zu bytes) .. ", bytes.n - EXCERPT_HEAD - EXCERPT_TAIL);
    render_bytes(out, span_from(bytes, bytes.n - EXCERPT_TAIL));
  }
  buf_fini(&whole);
}
