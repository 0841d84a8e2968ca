/* The list of a server's known deviations: fixtures/known/<server>.yaml, a YAML list of entries
 *
 *   - case: opcode/unknown-?    a pattern of ids, of * and ?
 *     delivery: "*"            a pattern of deliveries, all when left out
 *     kind: nonconformance     the failure that is expected
 *     why: one sentence        required
 *     link: URL                where it is discussed, if anywhere
 *
 * A case that fails as an entry says is xfail, one that passes all the same is xpass, which is red.
 */
#ifndef RUN_KNOWN_H
#define RUN_KNOWN_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/vec.h"
#include "run/verdict.h"

struct known_entry {
  const char *pattern, *delivery, *kind_name, *why, *link;
  enum verdict_kind kind;
  unsigned line, col;
};

struct known {
  struct arena arena;
  const char *file;
  struct vec entries; /* of struct known_entry */
};

/* Reads a list; false with diagnostics. `known_fini` in either case. */
bool known_parse(struct known *k, struct span text, const char *file, struct diag *diag);
/* An empty list. */
void known_init(struct known *k);
void known_fini(struct known *k);

/* The entry for a case under a delivery, or NULL. */
const struct known_entry *known_find(const struct known *k, const char *id, const char *delivery);

/* Complains about each entry that fits none of the ids that `has` answers for. */
bool known_check(const struct known *k, bool (*has)(void *arg, const char *pattern), void *arg,
                 struct diag *diag);

/* Whether a failure is the one that the entry expects. */
bool known_expects(const struct known_entry *e, const struct verdict *v);

/* Turns a verdict into xfail or xpass where an entry says so; the texts go on saying what happened.
 */
void known_apply(const struct known_entry *e, struct verdict *v);

#endif
