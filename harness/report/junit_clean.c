#include "report/junit.h"

/* The length of the character that `s` starts with when it is valid UTF-8 (RFC 3629: shortest form,
 * no surrogates, up to U+10FFFF) and XML 1.0 allows it (its production Char); otherwise 0. */
static size_t char_length(struct span s) {
  uint8_t lead = s.p[0];
  if (lead < 0x80)
    return lead >= 0x20 || lead == '\t' || lead == '\n' || lead == '\r' ? 1 : 0;
  size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || s.n < n)
    return 0;
  uint32_t code = lead & (0xffu >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    if ((s.p[i] & 0xc0) != 0x80)
      return 0;
    code = code << 6 | (s.p[i] & 0x3fu);
  }
  static const uint32_t least[] = {[2] = 0x80, [3] = 0x800, [4] = 0x10000};
  if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    return 0;
  return code == 0xfffe || code == 0xffff ? 0 : n;
}

void junit_clean(struct buf *out, struct span text, size_t max) {
  static const char dots[] = "...";
  size_t dots_n = max < 3 ? max : 3;
  size_t start = out->n;
  size_t cut = start; /* the last border that leaves room for the dots */
  while (text.n > 0) {
    size_t n = char_length(text);
    if (n)
      buf_add(out, text.p, n);
    else
      buf_addf(out, "\\x%02x", text.p[0]);
    text = span_from(text, n ? n : 1);
    if (out->n - start > max) {
      out->n = cut;
      buf_add(out, dots, dots_n);
      return;
    }
    if (out->n - start <= max - dots_n)
      cut = out->n;
  }
}
