#include "base/text.h"

void text_escape(struct buf *b, struct span s) {
  for (size_t i = 0; i < s.n; i++) {
    uint8_t c = s.p[i];
    if (c == '"' || c == '\\')
      buf_addf(b, "\\%c", c);
    else if (c == '\n')
      buf_add_str(b, "\\n");
    else if (c == '\t')
      buf_add_str(b, "\\t");
    else if (c == '\r')
      buf_add_str(b, "\\r");
    else if (c >= 0x20 && c < 0x7f)
      buf_add_byte(b, c);
    else
      buf_addf(b, "\\x%02x", c);
  }
}

int text_hex_digit(int c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

bool text_number(struct span s, uint64_t *out) {
  unsigned base = 10;
  if (s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X')) {
    base = 16;
    s = span_from(s, 2);
  }
  if (s.n == 0)
    return false;
  uint64_t value = 0;
  for (size_t i = 0; i < s.n; i++) {
    unsigned digit = (unsigned)text_hex_digit(s.p[i]); /* none: more than any base */
    if (digit >= base || value > (UINT64_MAX - digit) / base)
      return false;
    value = value * base + digit;
  }
  *out = value;
  return true;
}

static bool scaled(struct span s, const char *unit, uint64_t factor, uint64_t *out) {
  size_t u = strlen(unit);
  uint64_t value;
  if (s.n <= u || memcmp(s.p + s.n - u, unit, u) != 0 ||
      !text_number(span_sub(s, 0, s.n - u), &value) || value > UINT64_MAX / factor)
    return false;
  *out = value * factor;
  return true;
}

bool text_size(struct span s, uint64_t *bytes) {
  return scaled(s, "KiB", 1u << 10, bytes) || scaled(s, "MiB", 1u << 20, bytes) ||
         scaled(s, "GiB", 1u << 30, bytes) || text_number(s, bytes);
}

bool text_duration(struct span s, unsigned *ms) {
  uint64_t value;
  if (!scaled(s, "ms", 1, &value) && !scaled(s, "s", 1000, &value) && !scaled(s, "", 1000, &value))
    return false;
  if (value > 24u * 3600 * 1000)
    return false;
  *ms = (unsigned)value;
  return true;
}

void text_shell(struct buf *b, struct span word) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=+@";
  size_t i = 0;
  while (i < word.n && word.p[i] && strchr(plain, word.p[i]))
    i++;
  if (i == word.n && i > 0) {
    buf_add_span(b, word);
    return;
  }
  buf_add_byte(b, '\'');
  for (i = 0; i < word.n; i++) {
    if (word.p[i] == '\'')
      buf_add_str(b, "'\\''");
    else
      buf_add_byte(b, word.p[i]);
  }
  buf_add_byte(b, '\'');
}

bool text_glob(struct span pattern, struct span text) {
  size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
  while (t < text.n) {
    if (p < pattern.n && pattern.p[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
      p++;
      t++;
    } else if (star != SIZE_MAX) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.n && pattern.p[p] == '*')
    p++;
  return p == pattern.n;
}

size_t text_find(struct span text, const char *word) {
  const uint8_t *at = text.n ? memmem(text.p, text.n, word, strlen(word)) : NULL;
  return at ? (size_t)(at - text.p) : SIZE_MAX;
}

bool text_starts(struct span text, const char *word) {
  return span_is(span_sub(text, 0, strlen(word)), word);
}

static bool is_blank(uint8_t c) {
  return c == ' ' || c == '\t';
}

struct span text_trim(struct span text) {
  while (text.n && is_blank(text.p[0]))
    text = span_from(text, 1);
  while (text.n && is_blank(text.p[text.n - 1]))
    text.n--;
  return text;
}

struct span text_line(struct span text) {
  const uint8_t *newline = text.n ? memchr(text.p, '\n', text.n) : NULL;
  struct span line = span_sub(text, 0, newline ? (size_t)(newline - text.p) : text.n);
  if (newline && line.n && line.p[line.n - 1] == '\r')
    line.n--;
  return line;
}

struct span text_after_line(struct span text) {
  const uint8_t *newline = text.n ? memchr(text.p, '\n', text.n) : NULL;
  return newline ? span_from(text, (size_t)(newline - text.p) + 1) : span_from(text, text.n);
}
