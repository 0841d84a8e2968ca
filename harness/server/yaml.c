#include "server/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "mcbp/near.h"

enum { KEYS_MAX = 32 };

/* An encoding error has no mark, only an offset. */
static void offset_position(struct span text, size_t offset, unsigned *line, unsigned *col) {
  *line = *col = 1;
  for (size_t i = 0; i < offset && i < text.n; i++) {
    *col = text.p[i] == '\n' ? 1 : *col + 1;
    *line += text.p[i] == '\n';
  }
}

static bool parser_error(const yaml_parser_t *p, struct span text, const char *file,
                         struct diag *diag) {
  CHECK(p->error != YAML_MEMORY_ERROR);
  unsigned line = (unsigned)p->problem_mark.line + 1, col = (unsigned)p->problem_mark.column + 1;
  if (p->error == YAML_READER_ERROR)
    offset_position(text, p->problem_offset, &line, &col);
  diag_at(diag, file, line, col, "not YAML: %s%s%s", p->context ? p->context : "",
          p->context ? ": " : "", p->problem);
  return false;
}

bool yaml_open(struct yaml *y, struct span text, const char *file, struct arena *arena,
               struct diag *diag) {
  *y = (struct yaml){.file = file, .arena = arena, .diag = diag};
  yaml_parser_t parser;
  yaml_document_t second;
  bool ok = false;
  CHECK(yaml_parser_initialize(&parser));
  yaml_parser_set_input_string(&parser, text.p, text.n);
  if (!yaml_parser_load(&parser, &y->document)) {
    parser_error(&parser, text, file, diag);
    goto out;
  }
  if (!yaml_root(y)) {
    diag_at(diag, file, 1, 1, "the file is empty");
  } else if (!yaml_parser_load(&parser, &second)) {
    parser_error(&parser, text, file, diag);
  } else {
    yaml_node_t *extra = yaml_document_get_root_node(&second);
    if (extra)
      yaml_error(y, extra, "a second document begins here; a file holds one");
    ok = !extra;
    yaml_document_delete(&second);
  }
  if (!ok)
    yaml_document_delete(&y->document);
out:
  yaml_parser_delete(&parser);
  return ok;
}

void yaml_close(struct yaml *y) {
  yaml_document_delete(&y->document);
}

yaml_node_t *yaml_root(struct yaml *y) {
  return yaml_document_get_root_node(&y->document);
}

unsigned yaml_line(const yaml_node_t *node) {
  return (unsigned)node->start_mark.line + 1;
}

unsigned yaml_col(const yaml_node_t *node) {
  return (unsigned)node->start_mark.column + 1;
}

bool yaml_error(struct yaml *y, const yaml_node_t *node, const char *fmt, ...) {
  char *message = NULL;
  va_list ap;
  va_start(ap, fmt);
  int n = vasprintf(&message, fmt, ap);
  va_end(ap);
  CHECK(n >= 0);
  diag_at(y->diag, y->file, yaml_line(node), yaml_col(node), "%s", message);
  free(message);
  return false;
}

static const char *kind_name(const yaml_node_t *node) {
  return node->type == YAML_MAPPING_NODE    ? "a mapping"
         : node->type == YAML_SEQUENCE_NODE ? "a list"
                                            : "text";
}

bool yaml_scalar(struct yaml *y, const char *name, yaml_node_t *node, struct span *out) {
  /* `[-s, {socket}]` is well-formed YAML, and never what was meant. */
  if (node->type == YAML_MAPPING_NODE && node->data.mapping.style == YAML_FLOW_MAPPING_STYLE)
    return yaml_error(y, node, "%s: a mapping where text belongs; put braces in quotes", name);
  if (node->type != YAML_SCALAR_NODE)
    return yaml_error(y, node, "%s: %s where text belongs", name, kind_name(node));
  *out = span_of(node->data.scalar.value, node->data.scalar.length);
  if (out->n == 0 && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
    return yaml_error(y, node, "%s: no value; an empty text is written \"\"", name);
  if (out->n && memchr(out->p, '\0', out->n))
    return yaml_error(y, node, "%s: holds a NUL character", name);
  return true;
}

bool yaml_text(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  struct span text;
  if (!yaml_scalar(y, name, node, &text))
    return false;
  *(const char **)to = arena_str(y->arena, text);
  return true;
}

bool yaml_items(struct yaml *y, const char *name, yaml_node_t *node,
                bool (*each)(struct yaml *y, const char *name, yaml_node_t *item, void *arg),
                void *arg) {
  if (node->type != YAML_SEQUENCE_NODE)
    return yaml_error(y, node, "%s: %s where a list belongs", name, kind_name(node));
  bool ok = true;
  for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top;
       i++)
    ok &= each(y, name, yaml_document_get_node(&y->document, *i), arg);
  return ok;
}

static bool add_text(struct yaml *y, const char *name, yaml_node_t *item, void *arg) {
  const char ***next = arg;
  return yaml_text(y, name, item, (*next)++);
}

bool yaml_texts(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  size_t n = 0;
  if (node->type == YAML_SEQUENCE_NODE)
    n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
  const char **texts = arena_alloc(y->arena, (n + 1) * sizeof *texts), **next = texts;
  if (!yaml_items(y, name, node, add_text, &next))
    return false;
  *(const char ***)to = texts;
  return true;
}

/* Whether an earlier pair of the mapping has the same key. */
static bool is_repeated(struct yaml *y, const yaml_node_t *mapping, const yaml_node_pair_t *pair,
                        struct span key) {
  for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < pair; p++) {
    const yaml_node_t *k = yaml_document_get_node(&y->document, p->key);
    if (k->type == YAML_SCALAR_NODE &&
        span_eq(key, span_of(k->data.scalar.value, k->data.scalar.length)))
      return true;
  }
  return false;
}

bool yaml_pairs(struct yaml *y, const char *name, yaml_node_t *node,
                bool (*each)(struct yaml *y, struct span key, const yaml_node_t *at,
                             yaml_node_t *value, void *arg),
                void *arg) {
  if (node->type != YAML_MAPPING_NODE)
    return yaml_error(y, node, "%s: %s where a mapping belongs", name, kind_name(node));
  bool ok = true;
  for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top;
       p++) {
    yaml_node_t *at = yaml_document_get_node(&y->document, p->key);
    struct span key = {0};
    if (!yaml_scalar(y, "a key", at, &key))
      ok = false;
    else if (is_repeated(y, node, p, key))
      ok = yaml_error(y, at, "%s: given twice", (const char *)key.p);
    else
      ok &= each(y, key, at, yaml_document_get_node(&y->document, p->value), arg);
  }
  return ok;
}

struct record {
  const char *name;
  const struct yaml_key *keys;
  char *into;
  bool seen[KEYS_MAX];
};

static bool unknown_key(struct yaml *y, const struct record *r, struct span key,
                        const yaml_node_t *at) {
  struct near near = near_of(key);
  for (size_t i = 0; r->keys[i].name; i++)
    near_offer(&near, r->keys[i].name);
  return yaml_error(y, at, "%s: no such key in %s%s%s%s", (const char *)key.p, r->name,
                    near.best ? "; did you mean " : "", near.best ? near.best : "",
                    near.best ? "?" : "");
}

static bool read_pair(struct yaml *y, struct span key, const yaml_node_t *at, yaml_node_t *value,
                      void *arg) {
  struct record *r = arg;
  for (size_t i = 0; r->keys[i].name; i++)
    if (span_is(key, r->keys[i].name)) {
      r->seen[i] = true;
      return r->keys[i].read(y, r->keys[i].name, value, r->into + r->keys[i].offset);
    }
  return unknown_key(y, r, key, at);
}

bool yaml_record(struct yaml *y, const char *name, yaml_node_t *node, const struct yaml_key *keys,
                 void *into) {
  struct record r = {.name = name, .keys = keys, .into = into};
  bool ok = yaml_pairs(y, name, node, read_pair, &r);
  for (size_t i = 0; keys[i].name && node->type == YAML_MAPPING_NODE; i++) {
    CHECK(i < KEYS_MAX);
    if (keys[i].required && !r.seen[i])
      ok = yaml_error(y, node, "%s: the key %s is missing", name, keys[i].name);
  }
  return ok;
}
