#include "run/signature.h"

#include <stdlib.h>

#include "base/check.h"
#include "mcbp/header.h"

static int command_of(const struct pattern *p) {
  enum { OPCODE = 1, OWN = 0x100 };
  if (!p || p->n < HEADER_BYTES || (p->mask && !p->mask[OPCODE]))
    return SIGNATURE_NO_COMMAND;
  return p->bytes[OPCODE] + (p->server ? OWN : 0);
}

/* What a line of `either` or `each` expects, if it is one of theirs. */
static const struct expected *expected_at(const struct step *s, unsigned line) {
  for (size_t i = 0; s->choice && i < s->choice->n; i++)
    for (size_t k = 0; k < s->choice->alternatives[i].n; k++)
      if (s->choice->alternatives[i].items[k].line == line)
        return &s->choice->alternatives[i].items[k];
  for (size_t i = 0; s->each && i < s->each->n; i++)
    if (s->each->items[i].line == line)
      return &s->each->items[i];
  return s->each && s->each->terminator.line == line ? &s->each->terminator : NULL;
}

/* The command that a line of the session is about. */
static int command_at(const struct session *s, unsigned line) {
  for (size_t i = 0; line && i < s->nsteps; i++) {
    const struct step *step = &s->steps[i];
    const struct expected *e = expected_at(step, line);
    if (e)
      return command_of(e->pattern);
    if (step->line != line)
      continue;
    if (step->choice)
      return command_of(step->choice->alternatives[0].items[0].pattern);
    return command_of(step->each ? step->each->items[0].pattern : step->pattern);
  }
  return SIGNATURE_NO_COMMAND;
}

struct signature signature_of(const struct verdict *v, const struct session *s) {
  struct signature g = {
      .kind = v->kind, .command = SIGNATURE_NO_COMMAND, .field = v->field, .dialect = s->dialect};
  bool ended = v->kind == KIND_SERVER_CRASH || v->kind == KIND_SERVER_LIMIT ||
               v->kind == KIND_SANITIZER_REPORT;
  if (!ended) /* where a crash was noticed depends on what was under way */
    g.command = command_at(s, v->line);
  else
    g.field = NULL;
  if (v->brief && (ended || (v->field && strcmp(v->field, "status") == 0)))
    g.how = xstrdup(v->brief);
  return g;
}

void signature_fini(struct signature *g) {
  free(g->how);
  *g = (struct signature){0};
}

static bool same_text(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

bool signature_same(const struct signature *a, const struct signature *b) {
  return a->kind == b->kind && a->command == b->command && same_text(a->field, b->field) &&
         same_text(a->how, b->how);
}

void signature_describe(const struct signature *g, struct buf *out) {
  buf_add_str(out, verdict_kind_name(g->kind));
  if (g->command >= 0) {
    bool own = g->command > 0xff;
    const char *name = opcode_name(g->dialect, own, (uint8_t)g->command);
    buf_add_str(out, own ? ": the answer to server." : ": the answer to ");
    if (name)
      buf_add_str(out, name);
    else
      buf_addf(out, "op0x%02x", g->command & 0xff);
  }
  if (g->how || g->field)
    buf_addf(out, "%s%s", g->command >= 0 ? ", " : ": ", g->how ? g->how : g->field);
}
