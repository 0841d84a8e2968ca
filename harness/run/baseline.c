#include "run/baseline.h"

#include "base/text.h"
#include "server/yaml.h"

static bool read_tool(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  const char **tool = to;
  if (!yaml_text(y, name, node, to))
    return false;
  if (sanitizer_tool_known(*tool))
    return true;
  return yaml_error(y, node,
                    "unknown tool \"%s\"; write AddressSanitizer, LeakSanitizer, MemorySanitizer, "
                    "ThreadSanitizer, UndefinedBehaviorSanitizer or memcheck",
                    *tool);
}

static bool read_why(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  const char **why = to;
  if (!yaml_text(y, name, node, to))
    return false;
  return text_trim(span_str(*why)).n > 0 ||
         yaml_error(y, node, "no reason is given; say in a sentence why the report may stay");
}

static const struct yaml_key keys[] = {
    {"tool", read_tool, offsetof(struct baseline_entry, tool), true},
    {"function", yaml_text, offsetof(struct baseline_entry, function), true},
    {"kind", yaml_text, offsetof(struct baseline_entry, kind), false},
    {"why", read_why, offsetof(struct baseline_entry, why), true},
    {"link", yaml_text, offsetof(struct baseline_entry, link), false},
    {0},
};

static bool read_entry(struct yaml *y, const char *name, yaml_node_t *node, void *arg) {
  struct baseline *b = arg;
  struct baseline_entry *e = vec_push(&b->entries);
  (void)name;
  return yaml_record(y, "an entry", node, keys, e);
}

void baseline_init(struct baseline *b) {
  *b = (struct baseline){0};
  arena_init(&b->arena);
  vec_init(&b->entries, sizeof(struct baseline_entry));
}

bool baseline_read(struct baseline *b, struct span text, const char *file, struct diag *diag) {
  struct yaml y;
  if (!yaml_open(&y, text, arena_str(&b->arena, span_str(file)), &b->arena, diag))
    return false;
  bool ok = yaml_items(&y, "a list of known sanitizer reports", yaml_root(&y), read_entry, b);
  yaml_close(&y);
  return ok;
}

void baseline_fini(struct baseline *b) {
  vec_fini(&b->entries);
  arena_fini(&b->arena);
}

int baseline_find(const struct baseline *b, const struct sanitizer_report *r) {
  for (size_t i = 0; i < b->entries.n; i++) {
    const struct baseline_entry *e = vec_at(&b->entries, i);
    if (strcmp(e->tool, r->tool) == 0 && span_is(r->function, e->function) &&
        (!e->kind || span_is(r->kind, e->kind)))
      return (int)i;
  }
  return -1;
}
