#include "run/sightings.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "run/wire.h"

enum { KEY_MAX = 512, LINE_MAX_BYTES = 1024, REPORT_MAX = 16 << 10 };

static void add_some(struct buf *out, struct span s) {
  text_escape(out, span_sub(s, 0, 200));
}

static struct buf key_of(const struct sanitizer_report *r, size_t cap) {
  struct buf key;
  buf_init(&key, cap * 4);
  buf_addf(&key, "%s: ", r->tool);
  add_some(&key, r->kind);
  if (r->function.n) {
    buf_add_str(&key, " in ");
    add_some(&key, r->function);
  }
  return key;
}

static char *line_of(const struct sanitizer_report *r) {
  struct buf line = key_of(r, LINE_MAX_BYTES);
  if (r->file.n) {
    buf_add_str(&line, " at ");
    add_some(&line, sanitizer_base_name(r->file));
    if (r->line)
      buf_addf(&line, ":%u", r->line);
  }
  return buf_take(&line);
}

static char *text_of(struct span report) {
  struct buf out, clean;
  buf_init(&out, 2 * REPORT_MAX);
  buf_init(&clean, 4 * REPORT_MAX);
  for (struct span rest = report; rest.n; rest = text_after_line(rest)) {
    if (out.n > REPORT_MAX) {
      buf_add_str(&out, "| ..\n");
      break;
    }
    buf_reset(&clean);
    text_escape(&clean, span_sub(text_line(rest), 0, REPORT_MAX / 4));
    buf_addf(&out, "| %s\n", buf_cstr(&clean));
  }
  buf_fini(&clean);
  return buf_take(&out);
}

const struct sighting *sightings_at(const struct sightings *f, size_t i) {
  return vec_at(&f->list, i);
}

bool sightings_hold(const struct sightings *f, const char *key) {
  for (size_t i = 0; i < f->list.n; i++)
    if (strcmp(sightings_at(f, i)->key, key) == 0)
      return true;
  return false;
}

const struct sighting *sightings_first_new(const struct sightings *f) {
  for (size_t i = 0; i < f->list.n; i++)
    if (sightings_at(f, i)->known < 0)
      return sightings_at(f, i);
  return NULL;
}

void sightings_read(struct sightings *f, struct span text, const struct baseline *b) {
  struct sanitizer_report r;
  *f = (struct sightings){0};
  vec_init(&f->list, sizeof(struct sighting));
  while (sanitizer_next(&text, &r)) {
    struct buf key = key_of(&r, KEY_MAX);
    if (sightings_hold(f, buf_cstr(&key))) {
      buf_fini(&key);
      continue;
    }
    int known = b ? baseline_find(b, &r) : -1;
    struct sighting *sighting = vec_push(&f->list);
    *sighting = (struct sighting){
        .key = buf_take(&key), .line = line_of(&r), .text = text_of(r.text), .known = known};
    f->news += known < 0;
  }
}

void sightings_fini(struct sightings *f) {
  for (size_t i = 0; i < f->list.n; i++) {
    struct sighting *sighting = vec_at(&f->list, i);
    free(sighting->key);
    free(sighting->line);
    free(sighting->text);
  }
  vec_fini(&f->list);
}

void sightings_judge(const struct sightings *f, const char *mark, struct verdict *v) {
  const struct sighting *first = sightings_first_new(f);
  struct buf brief, detail;
  if (!first)
    return;
  buf_init(&brief, WIRE_BRIEF_MAX);
  buf_init(&detail, WIRE_DETAIL_MAX);
  buf_addf(&brief, "%s (%s)", first->line, mark);
  if (f->news > 1)
    buf_addf(&brief, ", and %zu more", f->news - 1);
  for (size_t i = 0; i < f->list.n; i++)
    if (sightings_at(f, i)->known < 0)
      buf_addf(&detail, "%s%s%s", f->news > 1 ? sightings_at(f, i)->line : "",
               f->news > 1 ? "\n" : "", sightings_at(f, i)->text);
  if (v->brief)
    buf_addf(&detail, "besides, %s: %s\n", verdict_kind_name(v->kind), v->brief);
  if (v->detail)
    buf_add_str(&detail, v->detail);
  free(v->brief);
  free(v->detail);
  v->status = VERDICT_ERROR;
  v->kind = KIND_SANITIZER_REPORT;
  v->field = NULL;
  v->brief = buf_take(&brief);
  v->detail = buf_take(&detail);
}
