/* Shrinking: from a session that fails to the shortest one found that still fails with the same
 * signature: by requests with their answers, then by values, then by the delivery.
 *
 * A shorter session must not fail because what it expects has become wrong, as when a `get` has
 * lost its `set`. So each one counts only if something vouches for it: a reference server that
 * passes it; else the server itself, which passes it under another delivery, if there is one under
 * which it passes the whole session. Where there is none, only that is left out which no answer
 * depends on as far as commands and keys tell (session/depend.h), and values are replaced only
 * where they are stored and read whole and the status is not what differs.
 *
 * Plays in this process, each time on a server of its own, and blocks. Every text is compiled
 * before it is played. The same failure gives the same result. */
#ifndef RUN_SHRINK_H
#define RUN_SHRINK_H

#include <signal.h>

#include "run/signature.h"
#include "run/trial.h"
#include "session/draft.h"

enum shrink_end {
  SHRINK_DONE,
  SHRINK_PASSES,    /* it does not fail */
  SHRINK_CUTS_LOST, /* it fails with cuts that the new file would not get */
  SHRINK_REFERENCE_FAILS,
  SHRINK_NO_SERVER,
  SHRINK_SPENT,      /* all plays allowed have been made; the result is good as far as it goes */
  SHRINK_INTERRUPTED /* the same */
};

enum voucher {
  VOUCHER_NONE, /* commands and keys tell */
  VOUCHER_DELIVERY,
  VOUCHER_REFERENCE
};

struct shrink_options {
  struct trial *server;
  struct trial *reference;         /* NULL: none */
  struct span text;                /* of the session */
  const char *file;                /* that is to be made: for what is named beside it */
  struct session_loader loader;    /* for that file */
  const struct delivery *delivery; /* that it fails under */
  uint64_t seed;                   /* of the run; the cuts follow from it and the id */
  const char *id, *new_id;         /* of the case, and of the file that is to be made */
  unsigned tries;                  /* plays of each candidate; 0: as many as seem needed */
  uint64_t plays;                  /* at most */
  const volatile sig_atomic_t *stop;
  void (*progress)(void *arg, const struct draft *best, uint64_t plays);
  void *arg;
};

struct shrink_size {
  uint64_t requests, bytes; /* that the client sends */
};

struct shrink_result {
  enum shrink_end end;
  struct signature signature;
  struct buf text;          /* of the shortest session, in canonical form */
  struct delivery delivery; /* the simplest that shows the failure */
  uint64_t seed;
  struct shrink_size before, after;
  enum voucher voucher;
  struct delivery voucher_delivery;
  uint64_t plays;
  unsigned tries, shown, tried; /* it failed `shown` of `tried` times at the start */
  struct buf why;               /* a bad end: a sentence, with lines behind it */
};

/* The session compiles. */
void shrink_run(const struct shrink_options *o, struct shrink_result *r);
void shrink_result_fini(struct shrink_result *r);

#endif
