#include "run/verdict.h"

#include <stdlib.h>

static const char *const kind_names[] = {
    [KIND_NONE] = "",
    [KIND_NONCONFORMANCE] = "nonconformance",
    [KIND_UNEXPECTED_CLOSE] = "unexpected_close",
    [KIND_TIMEOUT] = "timeout",
    [KIND_LEFTOVER] = "leftover",
    [KIND_REGRESSION] = "regression",
    [KIND_DIFFERENCE] = "difference",
    [KIND_SERVER_CRASH] = "server_crash",
    [KIND_SANITIZER_REPORT] = "sanitizer_report",
    [KIND_SERVER_LIMIT] = "server_limit",
    [KIND_SETUP] = "setup",
    [KIND_WORKER] = "worker",
    [KIND_INTERRUPTED] = "interrupted",
};

enum { KINDS = sizeof kind_names / sizeof *kind_names };

void verdict_fini(struct verdict *v) {
  free(v->brief);
  free(v->detail);
  *v = (struct verdict){0};
}

bool verdict_is_red(const struct verdict *v) {
  return v->status == VERDICT_FAIL || v->status == VERDICT_ERROR || v->status == VERDICT_XPASS;
}

const char *verdict_status_name(enum verdict_status s) {
  static const char *const names[] = {"pass",  "fail",  "error", "skipped",
                                      "xfail", "xpass", "flaky"};
  return names[s];
}

const char *verdict_kind_name(enum verdict_kind k) {
  return kind_names[k];
}

bool verdict_kind_find(const char *name, enum verdict_kind *k) {
  for (int i = 1; i < KINDS; i++)
    if (strcmp(name, kind_names[i]) == 0) {
      *k = (enum verdict_kind)i;
      return true;
    }
  return false;
}
