#include "server/place.h"

#include "base/buf.h"

static const char *const known[] = {"{socket}",  "{port}", "{dir}", "{bin}",
                                    "{reports}", "{cert}", "{key}", "{ca}"};

/* The `{word}` at the front of a text, braces included, or an empty span. */
static struct span place_at(struct span s) {
  size_t n = 1;
  if (s.n == 0 || s.p[0] != '{')
    return span_sub(s, 0, 0);
  while (n < s.n && s.p[n] >= 'a' && s.p[n] <= 'z')
    n++;
  return span_sub(s, 0, n > 1 && n < s.n && s.p[n] == '}' ? n + 1 : 0);
}

bool place_unknown(struct span text, struct span *found) {
  for (size_t i = 0; i < text.n; i++) {
    struct span word = place_at(span_from(text, i));
    bool is_known = word.n == 0;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
      is_known |= span_is(word, known[k]);
    if (!is_known) {
      *found = word;
      return true;
    }
  }
  return false;
}

bool place_used(const char *const *texts, const char *placeholder) {
  for (; texts && *texts; texts++)
    if (strstr(*texts, placeholder))
      return true;
  return false;
}

const char *place_fill(struct arena *a, const char *text, const struct places *places) {
  const char *const values[] = {places->socket,  places->port, places->dir, places->bin,
                                places->reports, places->cert, places->key, places->ca};
  struct span in = span_str(text);
  struct buf out;
  buf_init(&out, SIZE_MAX / 2);
  for (size_t i = 0, n; i < in.n; i += n) {
    struct span word = place_at(span_from(in, i));
    const char *value = NULL;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
      if (span_is(word, known[k]))
        value = values[k];
    n = value ? word.n : 1;
    buf_add_span(&out, value ? span_str(value) : span_sub(in, i, 1));
  }
  const char *filled = arena_str(a, buf_span(&out));
  buf_fini(&out);
  return filled;
}
