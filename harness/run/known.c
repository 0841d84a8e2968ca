#include "run/known.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "server/yaml.h"

static bool read_kind(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  struct known_entry *e =
      (struct known_entry *)((char *)to - offsetof(struct known_entry, kind_name));
  if (!yaml_text(y, name, node, to))
    return false;
  if (verdict_kind_find(e->kind_name, &e->kind) && e->kind < KIND_SETUP)
    return true;
  return yaml_error(y, node,
                    "unknown kind \"%s\"; write nonconformance, unexpected_close, timeout, "
                    "leftover, server_crash or server_limit",
                    e->kind_name);
}

static const struct yaml_key keys[] = {
    {"case", yaml_text, offsetof(struct known_entry, pattern), true},
    {"delivery", yaml_text, offsetof(struct known_entry, delivery), false},
    {"kind", read_kind, offsetof(struct known_entry, kind_name), true},
    {"why", yaml_text, offsetof(struct known_entry, why), true},
    {"link", yaml_text, offsetof(struct known_entry, link), false},
    {0},
};

static bool read_entry(struct yaml *y, const char *name, yaml_node_t *node, void *arg) {
  struct known *k = arg;
  struct known_entry *e = vec_push(&k->entries);
  (void)name;
  *e = (struct known_entry){.delivery = "*", .line = yaml_line(node), .col = yaml_col(node)};
  return yaml_record(y, "an entry", node, keys, e);
}

void known_init(struct known *k) {
  *k = (struct known){0};
  arena_init(&k->arena);
  vec_init(&k->entries, sizeof(struct known_entry));
}

bool known_parse(struct known *k, struct span text, const char *file, struct diag *diag) {
  known_init(k);
  k->file = arena_str(&k->arena, span_str(file));
  struct yaml y;
  if (!yaml_open(&y, text, k->file, &k->arena, diag))
    return false;
  bool ok = yaml_items(&y, "a list of known deviations", yaml_root(&y), read_entry, k);
  yaml_close(&y);
  return ok;
}

void known_fini(struct known *k) {
  vec_fini(&k->entries);
  arena_fini(&k->arena);
}

const struct known_entry *known_find(const struct known *k, const char *id, const char *delivery) {
  for (size_t i = 0; i < k->entries.n; i++) {
    const struct known_entry *e = vec_at(&k->entries, i);
    if (text_glob(span_str(e->pattern), span_str(id)) &&
        text_glob(span_str(e->delivery), span_str(delivery)))
      return e;
  }
  return NULL;
}

bool known_check(const struct known *k, bool (*has)(void *arg, const char *pattern), void *arg,
                 struct diag *diag) {
  bool ok = true;
  for (size_t i = 0; i < k->entries.n; i++) {
    const struct known_entry *e = vec_at(&k->entries, i);
    if (has(arg, e->pattern))
      continue;
    diag_at(diag, k->file, e->line, e->col,
            "no case fits \"%s\"; remove the entry or mend its pattern", e->pattern);
    ok = false;
  }
  return ok;
}

bool known_expects(const struct known_entry *e, const struct verdict *v) {
  return (v->status == VERDICT_FAIL || v->status == VERDICT_ERROR) && v->kind == e->kind;
}

void known_apply(const struct known_entry *e, struct verdict *v) {
  if (v->status == VERDICT_PASS) {
    v->status = VERDICT_XPASS;
    v->brief = xasprintf("passes, but is listed as a known %s: %s; remove the entry", e->kind_name,
                         e->why);
  } else if (known_expects(e, v)) {
    char *brief = xasprintf("%s (%s)", e->why, v->brief ? v->brief : "");
    free(v->brief);
    v->brief = brief;
    v->status = VERDICT_XFAIL;
  }
}
