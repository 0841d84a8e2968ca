#include "report/compared.h"

#include <stdlib.h>

#include "base/check.h"

struct compared {
  size_t alike;
};

struct compared *compared_new(void) {
  return xcalloc(1, sizeof(struct compared));
}

void compared_free(struct compared *c) {
  free(c);
}

static void begin_cb(void *arg, const struct run_info *info) {
  (void)arg, (void)info;
}

static void result_cb(void *arg, const struct result *r) {
  struct compared *c = arg;
  c->alike += r->alike;
}

static void end_cb(void *arg, const struct run_totals *t) {
  (void)arg, (void)t;
}

struct sink compared_sink(struct compared *c) {
  return (struct sink){.begin = begin_cb, .result = result_cb, .end = end_cb, .arg = c};
}

void compared_summary(void *compared, struct buf *out) {
  const struct compared *c = compared;
  if (c->alike)
    buf_addf(out, "failed on both in the same way, which is no difference: %zu\n", c->alike);
}
