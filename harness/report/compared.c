#include "report/compared.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/check.h"

enum { WORST = 5 };

/* Ratios that are told of single cases; below them they are what any two plays differ by. */
static const double least_memory = 1.1, least_cpu = 1.25;

/* A case run in which the candidate costs more. */
struct dearer {
  double ratio;
  char *what;
};

/* The worst ones, the worst first. */
struct top {
  struct dearer list[WORST];
  size_t n;
};

struct compared {
  size_t alike;
  struct figures_sum sum;
  struct top memory, cpu;
};

struct compared *compared_new(void) {
  return xcalloc(1, sizeof(struct compared));
}

static void top_fini(struct top *t) {
  for (size_t i = 0; i < t->n; i++)
    free(t->list[i].what);
}

void compared_free(struct compared *c) {
  if (!c)
    return;
  top_fini(&c->memory);
  top_fini(&c->cpu);
  free(c);
}

static void begin_cb(void *arg, const struct run_info *info) {
  (void)arg, (void)info;
}

/* Takes the case in when it is among the worst; `figure` says what the two cost. */
static void top_offer(struct top *t, double ratio, const struct result *r, struct buf *figure) {
  size_t at = t->n;
  while (at > 0 && t->list[at - 1].ratio < ratio)
    at--;
  if (at < WORST) {
    if (t->n == WORST)
      free(t->list[--t->n].what);
    memmove(&t->list[at + 1], &t->list[at], (t->n - at) * sizeof *t->list);
    t->n++;
    t->list[at].ratio = ratio;
    t->list[at].what =
        xasprintf("%s  %s [%s %s]", buf_cstr(figure), r->id, r->delivery, r->transport);
  }
  buf_reset(figure);
}

static void result_cb(void *arg, const struct result *r) {
  struct compared *c = arg;
  const struct figures *f = r->figures;
  c->alike += r->alike;
  if (!f)
    return;
  figures_sum_add(&c->sum, f);
  double memory = figures_memory_ratio(f), cpu = figures_cpu_ratio(f);
  struct buf figure;
  buf_init(&figure, 256);
  if (memory >= least_memory) {
    figures_put_memory(&figure, f[CANDIDATE].peak, f[BASELINE].peak);
    top_offer(&c->memory, memory, r, &figure);
  }
  if (cpu >= least_cpu) {
    figures_put_cpu(&figure, f[CANDIDATE].cpu_ns, f[BASELINE].cpu_ns);
    top_offer(&c->cpu, cpu, r, &figure);
  }
  buf_fini(&figure);
}

static void end_cb(void *arg, const struct run_totals *t) {
  (void)arg, (void)t;
}

struct sink compared_sink(struct compared *c) {
  return (struct sink){.begin = begin_cb, .result = result_cb, .end = end_cb, .arg = c};
}

static void put_top(struct buf *out, const char *what, const struct top *t) {
  if (t->n)
    buf_addf(out, "  most more %s:\n", what);
  for (size_t i = 0; i < t->n; i++)
    buf_addf(out, "    %5.2f  %s\n", t->list[i].ratio, t->list[i].what);
}

void compared_summary(void *compared, struct buf *out) {
  const struct compared *c = compared;
  const struct figures_sum *s = &c->sum;
  if (c->alike)
    buf_addf(out, "failed on both in the same way, which is no difference: %zu\n", c->alike);
  buf_add_str(out, "the candidate against the baseline:\n");
  if (s->cases) {
    buf_addf(out, "  peak memory  %5.2f  ", figures_ratio(s->peak[CANDIDATE], s->peak[BASELINE]));
    figures_put_memory(out, s->peak[CANDIDATE], s->peak[BASELINE]);
    buf_addf(out, "\n  CPU time     %5.2f  ",
             figures_ratio(s->cpu_ns[CANDIDATE], s->cpu_ns[BASELINE]));
    figures_put_cpu(out, s->cpu_ns[CANDIDATE], s->cpu_ns[BASELINE]);
    buf_addf(out, ", over %zu case runs\n", s->cases);
  } else {
    buf_add_str(out, "  memory and CPU time could not be measured\n");
  }
  if (s->reads[BASELINE]) {
    buf_addf(out, "  reads        %5.2f  ", figures_ratio(s->reads[CANDIDATE], s->reads[BASELINE]));
    buf_addf(out, "%" PRIu64 " against %" PRIu64 " in which the client got the answers\n",
             s->reads[CANDIDATE], s->reads[BASELINE]);
  }
  put_top(out, "memory", &c->memory);
  put_top(out, "CPU time", &c->cpu);
}
