/* What stands for a CAS in the scribe's lines: a capture where a client sends it back later. */
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "session/freedom.h"
#include "session/scope.h"
#include "session/scribe_internal.h"

/* A CAS that was answered or sent. */
struct use {
  uint64_t cas;
  size_t mark;
  bool answer;
};

/* A value that is captured: its uses from `first`, an answer, to `last`. */
struct captured {
  const struct use *uses;
  size_t n, first, last; /* marks */
  size_t conn;           /* that all uses are on, or SCRIBE_NONE */
};

/* A name: free behind its last use, but for the same connection alone, where what uses it next
 * can't come earlier. */
struct slot {
  size_t last, conn;
};

static int by_cas(const void *a, const void *b) {
  const struct use *x = a, *y = b;
  if (x->cas != y->cas)
    return x->cas < y->cas ? -1 : 1;
  return (x->mark > y->mark) - (x->mark < y->mark);
}

static int by_first(const void *a, const void *b) {
  const struct captured *x = a, *y = b;
  return (x->first > y->first) - (x->first < y->first);
}

static bool is_request(const struct frame *f) {
  return f->h.magic == MAGIC_REQUEST || f->h.magic == MAGIC_ALT_REQUEST;
}

static void collect(const struct scribe_plan *p, struct vec *uses) {
  for (size_t i = 0; i < p->marks.n; i++) {
    const struct mark *m = plan_mark(p, i);
    struct frame f;
    if (!mark_frame(p->scribe, m, &f) || f.h.cas == 0)
      continue;
    if (m->from_server ? frame_is_answer(&f) : is_request(&f))
      *(struct use *)vec_push(uses) = (struct use){f.h.cas, i, m->from_server};
  }
}

/* The uses of one value that a capture serves: from its first answer on, if a request follows. */
static void consider(const struct scribe_plan *p, const struct use *uses, size_t n,
                     struct vec *captured) {
  size_t first = 0;
  bool sent_back = false;
  while (first < n && !uses[first].answer)
    first++;
  for (size_t i = first; i < n; i++)
    sent_back |= !uses[i].answer;
  if (!sent_back)
    return;
  struct captured *c = vec_push(captured);
  *c = (struct captured){.uses = uses + first,
                         .n = n - first,
                         .first = uses[first].mark,
                         .last = uses[n - 1].mark,
                         .conn = plan_mark(p, uses[first].mark)->conn};
  for (size_t i = first; i < n; i++)
    if (plan_mark(p, uses[i].mark)->conn != c->conn)
      c->conn = SCRIBE_NONE;
}

static struct slot *find_slot(struct vec *slots, const struct captured *c) {
  if (slots->n < VARS_MAX)
    return vec_push(slots);
  for (size_t i = 0; i < slots->n; i++) {
    struct slot *s = vec_at(slots, i);
    if (s->last < c->first && s->conn == c->conn && c->conn != SCRIBE_NONE)
      return s;
  }
  return NULL;
}

static void name_uses(struct scribe_plan *p, const struct captured *c, struct vec *slots) {
  struct slot *slot = find_slot(slots, c);
  if (!slot) {
    for (size_t i = 0; i < c->n; i++)
      p->literal_cas += !c->uses[i].answer;
    return;
  }
  *slot = (struct slot){c->last, c->conn};
  size_t number = (size_t)(slot - (struct slot *)slots->items) + 1;
  for (size_t i = 0; i < c->n; i++) {
    char *text = p->lines[c->uses[i].mark].cas;
    snprintf(text, sizeof p->lines->cas, i ? "$cas%zu" : "?cas%zu:nonzero", number);
  }
}

void scribe_plan_cas(struct scribe_plan *p) {
  struct vec uses, captured, slots;
  vec_init(&uses, sizeof(struct use));
  vec_init(&captured, sizeof(struct captured));
  vec_init(&slots, sizeof(struct slot));
  collect(p, &uses);
  if (uses.n)
    qsort(uses.items, uses.n, uses.size, by_cas);
  for (size_t i = 0, n; i < uses.n; i += n) {
    const struct use *u = vec_at(&uses, i);
    n = 1;
    while (i + n < uses.n && u[n].cas == u->cas)
      n++;
    consider(p, u, n, &captured);
  }
  if (captured.n)
    qsort(captured.items, captured.n, captured.size, by_first);
  for (size_t i = 0; i < captured.n; i++)
    name_uses(p, vec_at(&captured, i), &slots);
  vec_fini(&uses);
  vec_fini(&captured);
  vec_fini(&slots);
}
