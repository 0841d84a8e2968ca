#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

enum { KEPT = 100, LINE_MAX_BYTES = 2048, TEXT_MAX = KEPT * LINE_MAX_BYTES };

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
  char message[LINE_MAX_BYTES - 256];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(message, sizeof message, fmt, ap);
  va_end(ap);
  buf_addf(&d->text, "%s:", file);
  if (line)
    buf_addf(&d->text, "%u:", line);
  if (line && col)
    buf_addf(&d->text, "%u:", col);
  buf_addf(&d->text, " %s\n", message);
}

const char *diag_text(struct diag *d) {
  return buf_cstr(&d->text);
}
