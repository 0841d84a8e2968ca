/* A YAML file read against tables of keys. Every complaint, those about meaning included, names
 * file, line and column; a misspelt key is told its neighbour; reading goes on after an error, so
 * that one run finds them all.
 *
 * Holds the parsed document; what is read out of it lives in the caller's arena. No descriptors.
 * Fails only through the diagnostics: a function returns false when it has complained. */
#ifndef SERVER_YAML_H
#define SERVER_YAML_H

#include <yaml.h>

#include "base/arena.h"
#include "base/diag.h"

struct yaml {
  const char *file;
  struct arena *arena;
  struct diag *diag;
  yaml_document_t document;
};

/* Parses a text of exactly one document. After true the caller closes it. `file` is borrowed. */
bool yaml_open(struct yaml *y, struct span text, const char *file, struct arena *arena,
               struct diag *diag);
void yaml_close(struct yaml *y);
yaml_node_t *yaml_root(struct yaml *y);

/* Where a node begins, both from 1. */
unsigned yaml_line(const yaml_node_t *node);
unsigned yaml_col(const yaml_node_t *node);

/* Complains at a node; returns false. */
bool yaml_error(struct yaml *y, const yaml_node_t *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* One key of a mapping: its value is read by `read`, which stores at `offset` in the caller's
 * struct and is told the key's name for its complaints. A table ends with a NULL name. */
struct yaml_key {
  const char *name;
  bool (*read)(struct yaml *y, const char *name, yaml_node_t *node, void *to);
  size_t offset;
  bool required;
};

/* Reads a mapping into a struct: unknown, repeated and missing keys are errors. `name` says what
 * the mapping is: a key, or "a profile". */
bool yaml_record(struct yaml *y, const char *name, yaml_node_t *node, const struct yaml_key *keys,
                 void *into);

/* Calls `each` for every pair of a mapping with free keys, in file order; repeated keys are errors.
 */
bool yaml_pairs(struct yaml *y, const char *name, yaml_node_t *node,
                bool (*each)(struct yaml *y, struct span key, const yaml_node_t *at,
                             yaml_node_t *value, void *arg),
                void *arg);

/* Calls `each` for every item of a list, in order. */
bool yaml_items(struct yaml *y, const char *name, yaml_node_t *node,
                bool (*each)(struct yaml *y, const char *name, yaml_node_t *item, void *arg),
                void *arg);

/* The text of a scalar, quoted or not; it holds no NUL and lives as long as the document. An
 * unquoted empty scalar is an error, as YAML takes it for a missing value. */
bool yaml_scalar(struct yaml *y, const char *name, yaml_node_t *node, struct span *out);

/* Readers for tables. `to` is a `const char **`: */
bool yaml_text(struct yaml *y, const char *name, yaml_node_t *node, void *to);
/* `to` is a `const char ***`: a NULL-terminated array of the texts in a list. */
bool yaml_texts(struct yaml *y, const char *name, yaml_node_t *node, void *to);

#endif
