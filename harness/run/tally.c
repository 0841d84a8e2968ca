#include "run/tally.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/text.h"

struct row {
  char *key, *line, *where; /* where: the first case; NULL: no case yet */
  size_t cases, outside;    /* how often seen in cases, and without one */
};

void tally_init(struct tally *t, const struct baseline *baseline, bool valgrind) {
  *t = (struct tally){.baseline = baseline, .valgrind = valgrind};
  vec_init(&t->rows, sizeof(struct row));
  if (baseline)
    t->met = xcalloc(baseline->entries.n + 1, sizeof *t->met);
}

void tally_fini(struct tally *t) {
  for (size_t i = 0; i < t->rows.n; i++) {
    struct row *r = vec_at(&t->rows, i);
    free(r->key);
    free(r->line);
    free(r->where);
  }
  vec_fini(&t->rows);
  free(t->met);
}

static struct row *row_of(struct tally *t, const char *key, const char *line) {
  for (size_t i = 0; i < t->rows.n; i++) {
    struct row *r = vec_at(&t->rows, i);
    if (strcmp(r->key, key) == 0)
      return r;
  }
  struct row *r = vec_push(&t->rows);
  *r = (struct row){.key = xstrdup(key), .line = xstrdup(line)};
  return r;
}

bool tally_add(struct tally *t, const char *key, const char *line, int known, const char *where) {
  if (known >= 0) {
    CHECK(t->baseline && (size_t)known < t->baseline->entries.n);
    return t->met[known]++ == 0;
  }
  struct row *r = row_of(t, key, line);
  if (where && !r->where)
    r->where = xstrdup(where);
  return where ? r->cases++ == 0 : r->outside++ == 0;
}

static void add_entry(const struct baseline_entry *e, struct buf *out) {
  buf_addf(out, "%s: %s in %s", e->tool, e->kind ? e->kind : "any kind", e->function);
}

/* Whether anything has shown that a tool watches the server. */
static bool has_a_say(const struct tally *t, const char *tool) {
  if (strcmp(tool, "memcheck") == 0)
    return t->valgrind;
  for (size_t i = 0; i < t->rows.n; i++) {
    const struct row *r = vec_at(&t->rows, i);
    if (text_starts(span_str(r->key), tool))
      return true;
  }
  for (size_t i = 0; i < t->baseline->entries.n; i++) {
    const struct baseline_entry *e = vec_at(&t->baseline->entries, i);
    if (t->met[i] && strcmp(e->tool, tool) == 0)
      return true;
  }
  return false;
}

void tally_add_text(const struct tally *t, struct buf *out) {
  size_t entries = t->baseline ? t->baseline->entries.n : 0, named = 0;
  for (size_t i = 0; i < t->rows.n; i++) {
    const struct row *r = vec_at(&t->rows, i);
    if (i == 0)
      buf_add_str(out, "sanitizer reports:\n");
    buf_addf(out, "  %s: ", r->line);
    if (r->cases)
      buf_addf(out, "%zu case run%s, first %s", r->cases, r->cases == 1 ? "" : "s", r->where);
    if (r->outside)
      buf_addf(out, "%s%zu time%s in no case", r->cases ? "; " : "", r->outside,
               r->outside == 1 ? "" : "s");
    buf_add_byte(out, '\n');
  }
  for (size_t i = 0; i < entries; i++) {
    const struct baseline_entry *e = vec_at(&t->baseline->entries, i);
    if (!has_a_say(t, e->tool))
      continue;
    if (named++ == 0)
      buf_add_str(out, "known sanitizer reports:\n");
    buf_add_str(out, "  ");
    add_entry(e, out);
    if (t->met[i])
      buf_addf(out, ": %zu time%s (%s)\n", t->met[i], t->met[i] == 1 ? "" : "s", e->why);
    else
      buf_add_str(out, ": not seen in this run\n");
  }
}
