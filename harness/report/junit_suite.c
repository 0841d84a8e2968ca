#include "report/junit_suite.h"

#include <stdlib.h>

#include "base/check.h"

void junit_suite_fini(struct junit_suite *s) {
  free(s->records);
  s->records = NULL;
  s->n = s->room = 0;
}

void junit_suite_add(struct junit_suite *s, struct junit_record r) {
  if (s->n == s->room) {
    s->room = s->room ? s->room * 2 : 64;
    s->records = xrealloc(s->records, s->room * sizeof *s->records);
  }
  s->records[s->n++] = r;
  s->count[r.outcome]++;
  s->millis += r.millis;
}

static int record_compare(const void *a, const void *b) {
  return strcmp(((const struct junit_record *)a)->name, ((const struct junit_record *)b)->name);
}

void junit_suites_fini(struct junit_suites *all) {
  for (size_t i = 0; i < all->n; i++)
    junit_suite_fini(&all->p[i]);
  free(all->p);
  *all = (struct junit_suites){0};
}

struct junit_suite *junit_suites_find(struct junit_suites *all, const char *name) {
  for (size_t i = 0; i < all->n; i++)
    if (strcmp(all->p[i].name, name) == 0)
      return &all->p[i];
  return NULL;
}

struct junit_suite *junit_suites_add(struct junit_suites *all, struct junit_suite s) {
  all->p = xrealloc(all->p, (all->n + 1) * sizeof *all->p);
  all->p[all->n] = s;
  return &all->p[all->n++];
}

static int suite_compare(const void *a, const void *b) {
  return strcmp(((const struct junit_suite *)a)->name, ((const struct junit_suite *)b)->name);
}

void junit_suites_sort(struct junit_suites *all) {
  if (all->n > 1)
    qsort(all->p, all->n, sizeof *all->p, suite_compare);
  for (size_t i = 0; i < all->n; i++)
    if (all->p[i].n > 1)
      qsort(all->p[i].records, all->p[i].n, sizeof *all->p[i].records, record_compare);
}
