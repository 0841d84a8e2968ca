/* Transcripts written down as text. */
#ifndef ANSWERED_H
#define ANSWERED_H

#include "compiled.h"
#include "run/transcript.h"

/* A play that answered the lines, in the key space `ns`. They are lines of the notation; `@2`
 * before one is the step that it met, `@-` none; `end` and `reset` are ends. A "+" before a line
 * makes it part of the answer before it. Connection 1 unless `c2 ` comes first. The caller ends it.
 */
static inline void answered(struct transcript *t, const char *lines, const char *ns) {
  transcript_init(t, 1 << 20);
  memcpy(t->ns, ns, sizeof t->ns);
  struct buf bytes;
  buf_init(&bytes, 1 << 20);
  size_t step = 0;
  unsigned conn = 1;
  enum answer_kind kind = ANSWER_BYTES;
  bool open = false;
  while (*lines) {
    const char *end = strchrnul(lines, '\n');
    bool more = *lines == '+';
    if (open && !more) {
      transcript_add(t, kind, conn, step, buf_span(&bytes));
      buf_reset(&bytes);
    }
    if (!more) {
      conn = 1;
      kind = ANSWER_BYTES;
      if (*lines == 'c') {
        conn = (unsigned)lines[1] - '0';
        lines += 3;
      }
      step = lines[1] == '-' ? ANSWER_UNEXPECTED : (size_t)(lines[1] - '0');
    }
    lines += more ? 2 : 3;
    char *line = xasprintf("%.*s", (int)(end - lines), lines);
    if (strcmp(line, "end") == 0)
      kind = ANSWER_END;
    else if (strcmp(line, "reset") == 0)
      kind = ANSWER_RESET;
    else
      add_line_bytes(&bytes, line, false);
    free(line);
    open = true;
    lines = *end ? end + 1 : end;
  }
  if (open)
    transcript_add(t, kind, conn, step, buf_span(&bytes));
  buf_fini(&bytes);
}

#endif
