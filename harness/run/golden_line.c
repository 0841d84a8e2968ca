#include "run/golden_line.h"

#include "base/check.h"
#include "mcbp/header.h"
#include "session/scan.h"
#include "session/turn.h"

enum { CAS_OFF = 16 };

static bool in_cas(const struct pattern *p, uint32_t off) {
  return !p->raw && off >= CAS_OFF && off < HEADER_BYTES;
}

bool golden_line_open(const struct pattern *p, bool *open) {
  *open = false;
  if (p->ngaps)
    return false;
  for (size_t i = 0; i < p->ncaptures; i++)
    if (!in_cas(p, p->captures[i].off))
      return false;
  for (size_t i = 0; i < p->npatches; i++) {
    bool named = p->patches[i].kind == PATCH_VAR;
    if (named && !in_cas(p, p->patches[i].off))
      return false;
    *open |= named;
  }
  for (uint32_t i = 0; p->mask && i < p->n; i++) {
    if (p->mask[i] != 0xff && !in_cas(p, i))
      return false;
    *open |= p->mask[i] != 0xff;
  }
  return true;
}

/* A line of the case; a CAS that is open there becomes a hole, whatever name it has. */
static void put_text(struct buf *out, struct span text, const struct pattern *p) {
  static const char field[] = " cas=";
  bool quoted = false, open;
  CHECK(golden_line_open(p, &open));
  if (!open) {
    buf_add_span(out, text);
    return;
  }
  for (size_t i = 0; i < text.n; i++) {
    if (!quoted && text.n - i > strlen(field) && memcmp(text.p + i, field, strlen(field)) == 0) {
      buf_addf(out, "%s*", field);
      for (i += strlen(field); i < text.n && text.p[i] != ' '; i++)
        continue;
      if (i == text.n)
        break;
    }
    buf_add_byte(out, text.p[i]);
    if (quoted && text.p[i] == '\\' && i + 1 < text.n)
      buf_add_byte(out, text.p[++i]);
    else if (text.p[i] == '"')
      quoted = !quoted;
  }
}

void golden_line(struct buf *out, struct span text, const struct pattern *p,
                 const struct step *loop, size_t round) {
  struct buf line;
  buf_init(&line, SIZE_MAX / 2);
  put_text(&line, text, p);
  turn_line(out, buf_span(&line), loop ? scan_counter(loop->text) : (struct span){0}, round);
  buf_fini(&line);
}
