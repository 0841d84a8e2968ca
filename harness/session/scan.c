#include "session/scan.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

static bool is_blank(int c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static bool is_word(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

static bool __attribute__((format(printf, 3, 0)))
report(const struct scan *s, size_t pos, const char *fmt, va_list ap) {
  char message[1024];
  vsnprintf(message, sizeof message, fmt, ap);
  diag_at(s->diag, s->file, s->number, (unsigned)pos + 1, "%s", message);
  return false;
}

bool scan_error(const struct scan *s, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  report(s, s->pos, fmt, ap);
  va_end(ap);
  return false;
}

bool scan_error_at(const struct scan *s, size_t pos, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  report(s, pos, fmt, ap);
  va_end(ap);
  return false;
}

int scan_peek(const struct scan *s) {
  return s->pos < s->line.n ? s->line.p[s->pos] : 0;
}

void scan_blanks(struct scan *s) {
  while (s->pos < s->line.n && is_blank(s->line.p[s->pos]))
    s->pos++;
}

bool scan_end(struct scan *s) {
  scan_blanks(s);
  return s->pos == s->line.n || s->line.p[s->pos] == '#';
}

bool scan_expect_end(struct scan *s) {
  if (scan_end(s))
    return true;
  struct span rest = scan_text(span_from(s->line, s->pos));
  return scan_error(s, "unexpected \"%.*s\"; nothing may follow here", SCAN_ARG(rest));
}

bool scan_take(struct scan *s, char c) {
  if (scan_peek(s) != c || s->pos == s->line.n)
    return false;
  s->pos++;
  return true;
}

struct span scan_word(struct scan *s) {
  size_t from = s->pos;
  while (s->pos < s->line.n && is_word(s->line.p[s->pos]))
    s->pos++;
  return span_sub(s->line, from, s->pos - from);
}

bool scan_number(struct scan *s, const char *what, uint64_t max, uint64_t *out) {
  size_t from = s->pos;
  struct span word = scan_word(s);
  if (!text_number(word, out)) {
    size_t n = word.n ? word.n : scan_peek(s) != 0;
    return scan_error_at(s, from, "%s: \"%.*s\" is no number; write decimal or 0x hexadecimal",
                         what, SCAN_ARG(span_sub(s->line, from, n)));
  }
  if (*out > max)
    return scan_error_at(s, from, "%s: %.*s is too big; at most %llu fits", what, SCAN_ARG(word),
                         (unsigned long long)max);
  return true;
}

/* Whether blanks and then `name=` stand at `pos`. */
static bool field_follows(const struct scan *s, size_t pos) {
  struct scan ahead = *s;
  ahead.pos = pos;
  if (scan_end(&ahead))
    return true;
  struct span word = scan_word(&ahead);
  return word.n > 0 && scan_peek(&ahead) == '=';
}

size_t scan_value_end(const struct scan *s) {
  bool quoted = false;
  unsigned depth = 0;
  size_t i = s->pos;
  for (; i < s->line.n; i++) {
    uint8_t c = s->line.p[i];
    if (quoted) {
      if (c == '\\')
        i++;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '(') {
      depth++;
    } else if (c == ')' && depth > 0) {
      depth--;
    } else if (c == '#' || (is_blank(c) && depth == 0 && field_follows(s, i))) {
      return i;
    }
  }
  return s->line.n;
}

size_t scan_start(const struct scan *s) {
  size_t i = 0;
  while (i < s->line.n && is_blank(s->line.p[i]))
    i++;
  return i;
}

struct span scan_text(struct span line) {
  bool quoted = false;
  size_t n = line.n;
  for (size_t i = 0; i < line.n; i++) {
    uint8_t c = line.p[i];
    if (quoted && c == '\\') {
      i++;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == '#' && !quoted) {
      n = i;
      break;
    }
  }
  size_t from = 0;
  while (from < n && is_blank(line.p[from]))
    from++;
  while (n > from && is_blank(line.p[n - 1]))
    n--;
  return span_sub(line, from, n - from);
}

struct span scan_counter(struct span line) {
  struct scan scan = {.line = line};
  scan_word(&scan);
  scan_blanks(&scan);
  scan_word(&scan);
  scan_blanks(&scan);
  if (!span_is(scan_word(&scan), "as"))
    return (struct span){0};
  scan_blanks(&scan);
  return scan_word(&scan);
}
