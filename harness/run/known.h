/* What is known of a server, in two lists: its deviations, fixtures/known/<server>.yaml, and what
 * fails now and then, fixtures/known/<server>.flaky.yaml. Both are YAML lists of entries
 *
 *   - case: opcode/unknown-?    a pattern of ids, of * and ?
 *     delivery: "*"            a pattern of deliveries, all when left out
 *     kind: nonconformance     the failure that is expected
 *     why: one sentence        required
 *     link: URL                where it is discussed, if anywhere
 *
 * or, in the first list, about the server's end when it has been told to stop
 *
 *   - stop: SIGSEGV            the signal that kills it
 *     transport: tls           where it listens, everywhere when left out
 *     why: one sentence        required, and the link
 *
 * What sanitizers report is known by other things, see run/baseline.h.
 *
 * A case that fails as an entry says is xfail, or flaky. One that passes all the same is xpass,
 * which is red, but for the flaky ones. One that fails in another way has failed. */
#ifndef RUN_KNOWN_H
#define RUN_KNOWN_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/vec.h"
#include "net/addr.h"
#include "run/suite.h"
#include "run/verdict.h"

struct known_entry {
  const char *pattern, *delivery, *kind_name, *why, *link;
  enum verdict_kind kind;
  const char *stop, *transport; /* of a stop's entry, which has no pattern of cases; else NULL */
  bool flaky;
  const char *file; /* where it stands, with line and column */
  unsigned line, col;
};

struct known {
  struct arena arena;
  struct vec entries; /* of struct known_entry, of both lists */
};

/* Knows nothing. */
void known_init(struct known *k);
/* Adds what a list holds; false with diagnostics. */
bool known_read(struct known *k, struct span text, const char *file, bool flaky, struct diag *diag);
void known_fini(struct known *k);

/* The entry for a case under a delivery, or NULL. */
const struct known_entry *known_find(const struct known *k, const char *id, const char *delivery);

/* The entry for a server that a signal has killed when it was told to stop, or NULL. */
const struct known_entry *known_find_stop(const struct known *k, int signal, enum transport t);

/* Complains about each entry of which a case is in the other list too, and, when the suite is
 * `whole`, about each that fits no case. */
bool known_check(const struct known *k, const struct suite *suite, bool whole, struct diag *diag);

/* What an entry makes of a verdict. Other bytes than those of the golden are no expected failure.
 */
enum verdict_status known_status(const struct known_entry *e, const struct verdict *v);

/* Turns a verdict into xfail, xpass or flaky where the entry says so; the texts go on saying what
 * happened. */
void known_apply(const struct known_entry *e, struct verdict *v);

#endif
