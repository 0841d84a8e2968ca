#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

/* NUMBERS_MAX is room for what else a line holds, so that a hundred lines always fit. */
enum {
  KEPT = 100,
  FILE_MAX = 4096,
  MESSAGE_MAX = 1792,
  NUMBERS_MAX = 64,
  TEXT_MAX = KEPT * (FILE_MAX + MESSAGE_MAX + NUMBERS_MAX)
};

void diag_init(struct diag *d) {
  buf_init(&d->text, TEXT_MAX);
  d->count = 0;
}

void diag_fini(struct diag *d) {
  buf_fini(&d->text);
}

void diag_at(struct diag *d, const char *file, unsigned line, unsigned col, const char *fmt, ...) {
  if (++d->count > KEPT)
    return;
  char message[MESSAGE_MAX];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(message, sizeof message, fmt, ap);
  va_end(ap);
  buf_addf(&d->text, "%.*s:", FILE_MAX, file);
  if (line)
    buf_addf(&d->text, "%u:", line);
  if (line && col)
    buf_addf(&d->text, "%u:", col);
  buf_addf(&d->text, " %s\n", message);
}

const char *diag_text(struct diag *d) {
  return buf_cstr(&d->text);
}
