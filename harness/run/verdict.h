/* What a case on a server came to. A value: the server's misbehaviour is never an error of ours. */
#ifndef RUN_VERDICT_H
#define RUN_VERDICT_H

#include "base/buf.h"

enum verdict_status {
  VERDICT_PASS,
  VERDICT_FAIL,
  VERDICT_ERROR,
  VERDICT_SKIPPED,
  VERDICT_XFAIL,
  VERDICT_XPASS,
  VERDICT_FLAKY
};

enum verdict_kind {
  KIND_NONE,
  /* fail */
  KIND_NONCONFORMANCE,
  KIND_UNEXPECTED_CLOSE,
  KIND_TIMEOUT,
  KIND_LEFTOVER,
  KIND_REGRESSION, /* the case is met, but the golden is not */
  KIND_DIFFERENCE, /* two servers differ */
  /* error */
  KIND_SERVER_CRASH,
  KIND_SANITIZER_REPORT,
  KIND_SERVER_LIMIT, /* the server was ended by a bound: its log, or it would not stop */
  KIND_SETUP,        /* the server could not be started or reached */
  KIND_WORKER,       /* the driver's own process died */
  KIND_INTERRUPTED
};

/* What the server's golden says to a failure of the case. */
enum verdict_golden { GOLDEN_SILENT, GOLDEN_AGREES, GOLDEN_DIFFERS };

struct verdict {
  enum verdict_status status;
  enum verdict_kind kind;
  enum verdict_golden golden;
  unsigned line;        /* in the session file; 0: none */
  unsigned step, steps; /* 1-based step in the program, and how many there are; 0: none */
  const char *field;    /* the first that differs, or NULL; stays in the process that played */
  char *brief;          /* one line, NULL when passed; owned */
  char *detail;         /* lines, each ended by a newline, or NULL; owned */
};

void verdict_fini(struct verdict *v);
/* Whether it makes a run fail. */
bool verdict_is_red(const struct verdict *v);

/* "pass" "fail" "error" "skipped" "xfail" "xpass" "flaky" */
const char *verdict_status_name(enum verdict_status s);
const char *
verdict_kind_name(enum verdict_kind k); /* "nonconformance" .. "server_crash" ..; "" for none */
bool verdict_kind_find(const char *name, enum verdict_kind *k);

#endif
