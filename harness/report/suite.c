#include "report/suite.h"

#include <stdlib.h>

#include "base/check.h"

void suite_fini(struct suite *s) {
  free(s->records);
  s->records = NULL;
  s->n = s->room = 0;
}

void suite_add(struct suite *s, struct record r) {
  if (s->n == s->room) {
    s->room = s->room ? s->room * 2 : 64;
    s->records = xrealloc(s->records, s->room * sizeof *s->records);
  }
  s->records[s->n++] = r;
  s->count[r.outcome]++;
  s->millis += r.millis;
}

static int record_compare(const void *a, const void *b) {
  return strcmp(((const struct record *)a)->name, ((const struct record *)b)->name);
}

void suite_sort(struct suite *s) {
  if (s->n > 1)
    qsort(s->records, s->n, sizeof *s->records, record_compare);
}

void suites_fini(struct suites *all) {
  for (size_t i = 0; i < all->n; i++)
    suite_fini(&all->p[i]);
  free(all->p);
  *all = (struct suites){0};
}

struct suite *suites_find(struct suites *all, const char *name) {
  for (size_t i = 0; i < all->n; i++)
    if (strcmp(all->p[i].name, name) == 0)
      return &all->p[i];
  return NULL;
}

struct suite *suites_add(struct suites *all, struct suite s) {
  all->p = xrealloc(all->p, (all->n + 1) * sizeof *all->p);
  all->p[all->n] = s;
  return &all->p[all->n++];
}

static int suite_compare(const void *a, const void *b) {
  return strcmp(((const struct suite *)a)->name, ((const struct suite *)b)->name);
}

void suites_sort(struct suites *all) {
  if (all->n > 1)
    qsort(all->p, all->n, sizeof *all->p, suite_compare);
  for (size_t i = 0; i < all->n; i++)
    suite_sort(&all->p[i]);
}
