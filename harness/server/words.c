#include "server/words.h"

#include "base/buf.h"

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

/* Takes one word off `*p`, which is at its first character. False with `*p` at what is left open.
 */
static bool word_take(const char **p, struct buf *word) {
  const char *s = *p, *open = NULL; /* the quote that we are in */
  for (; *s && (open || !is_blank(*s)); s++) {
    if (*s == '\\' && (!open || (*open == '"' && (s[1] == '"' || s[1] == '\\')))) {
      if (!s[1]) {
        *p = s;
        return false;
      }
      buf_add_byte(word, (uint8_t) * ++s);
    } else if (open && *s == *open) {
      open = NULL;
    } else if (!open && (*s == '\'' || *s == '"')) {
      open = s;
    } else {
      buf_add_byte(word, (uint8_t)*s);
    }
  }
  *p = open ? open : s;
  return !open;
}

const char **words_split(struct arena *a, const char *line, size_t *bad) {
  const char **words = arena_alloc(a, (strlen(line) / 2 + 2) * sizeof *words);
  const char **result = words, *p = line;
  size_t n = 0;
  struct buf word;
  buf_init(&word, strlen(line));
  for (;;) {
    while (is_blank(*p))
      p++;
    if (!*p)
      break;
    buf_reset(&word);
    if (!word_take(&p, &word)) {
      *bad = (size_t)(p - line);
      result = NULL;
      break;
    }
    words[n++] = arena_str(a, buf_span(&word));
  }
  buf_fini(&word);
  return result;
}
