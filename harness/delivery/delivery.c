#include "delivery/delivery.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "delivery/kinds.h"

static const struct delivery_kind *const kinds[] = {
    &delivery_whole,          &delivery_pipelined,      &delivery_bytewise,   &delivery_split,
    &delivery_fields,         &delivery_random,         &delivery_half_close, &delivery_slow_read,
    &delivery_slow_read_last, &delivery_pause,          &delivery_crowd,      &delivery_records,
    &delivery_across_records, &delivery_inside_records,
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

void cuts_init(struct cuts *c) {
  *c = (struct cuts){0};
}

void cuts_fini(struct cuts *c) {
  free(c->ends);
  *c = (struct cuts){0};
}

void cuts_add(struct cuts *c, size_t end) {
  if (end <= (c->n ? c->ends[c->n - 1] : 0))
    return;
  if (c->n == c->room) {
    c->room = c->room ? c->room * 2 : 64;
    c->ends = xrealloc(c->ends, c->room * sizeof c->ends[0]);
  }
  c->ends[c->n++] = end;
}

const struct delivery_kind *const *delivery_kinds(size_t *n) {
  *n = KINDS;
  return kinds;
}

static const struct delivery_kind *kind_find(struct span name) {
  for (size_t i = 0; i < KINDS; i++)
    if (span_is(name, kinds[i]->name))
      return kinds[i];
  return NULL;
}

static void add_quoted(struct buf *b, struct span text) {
  buf_add_byte(b, '"');
  text_escape(b, text);
  buf_add_byte(b, '"');
}

static void explain_unknown(struct span name, struct buf *why) {
  buf_add_str(why, "no delivery is called ");
  add_quoted(why, name);
  buf_add_str(why, "; there are");
  for (size_t i = 0; i < KINDS; i++)
    buf_addf(why, " %s", kinds[i]->usage);
  buf_add_str(why, " all");
}

/* What stands behind the colon; `colon` is whether there is one. */
static bool number_parse(const struct delivery_kind *kind, bool colon, struct span text,
                         uint64_t *number, struct buf *why) {
  if (!kind->takes_number) {
    if (colon)
      buf_addf(why, "the delivery %s takes no number: leave out what follows it", kind->name);
    return !colon;
  }
  if (text_number(text, number) && *number >= kind->least && *number <= kind->most)
    return true;
  buf_addf(why, "the delivery %s needs a number from %" PRIu64 " to %" PRIu64 " behind a colon",
           kind->usage, kind->least, kind->most);
  if (colon) {
    buf_add_str(why, ", not ");
    add_quoted(why, text);
  }
  return false;
}

bool delivery_parse(struct span text, struct delivery *d, struct buf *why) {
  const uint8_t *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
  struct span name = span_sub(text, 0, colon ? (size_t)(colon - text.p) : text.n);
  *d = (struct delivery){.kind = kind_find(name)};
  if (!d->kind) {
    explain_unknown(name, why);
    return false;
  }
  if (!number_parse(d->kind, colon, span_from(text, name.n + 1), &d->number, why))
    return false;
  int n = d->kind->takes_number
              ? snprintf(d->name, sizeof d->name, "%s:%" PRIu64, d->kind->name, d->number)
              : snprintf(d->name, sizeof d->name, "%s", d->kind->name);
  CHECK(n > 0 && (size_t)n < sizeof d->name);
  return true;
}

/* A list under construction. */
struct deliveries {
  struct delivery *p;
  size_t n;
};

static void add_new(struct deliveries *list, const struct delivery *d) {
  for (size_t i = 0; i < list->n; i++)
    if (list->p[i].kind == d->kind && list->p[i].number == d->number)
      return;
  list->p = xrealloc(list->p, (list->n + 1) * sizeof list->p[0]);
  list->p[list->n++] = *d;
}

static void add_all(struct deliveries *list, struct buf *why) {
  for (size_t i = 0; i < KINDS; i++)
    for (const char *const *form = kinds[i]->all; *form; form++) {
      struct delivery d;
      CHECK(delivery_parse(span_str(*form), &d, why));
      add_new(list, &d);
    }
}

bool delivery_parse_list(const char *text, struct delivery **list, size_t *n, struct buf *why) {
  struct deliveries found = {0};
  for (const char *item = text;; item++) {
    struct delivery d;
    size_t len = strcspn(item, ",");
    struct span name = span_of(item, len);
    if (span_is(name, "all")) {
      add_all(&found, why);
    } else if (delivery_parse(name, &d, why)) {
      add_new(&found, &d);
    } else {
      free(found.p);
      found = (struct deliveries){0};
      break;
    }
    item += len;
    if (!*item)
      break;
  }
  *list = found.p;
  *n = found.n;
  return found.p != NULL;
}

void delivery_record_ends(const struct delivery *d, const struct batch *b, struct cuts *out) {
  out->n = 0;
  if (d->kind->records)
    d->kind->records(b, out);
  for (size_t i = 0; !d->kind->records && i < b->n; i++)
    cuts_add(out, b->ends[i]);
  CHECK((out->n ? out->ends[out->n - 1] : 0) == b->bytes.n);
}

void delivery_cut(const struct delivery *d, struct rng *rng, const struct batch *b,
                  struct cuts *out) {
  out->n = 0;
  CHECK((b->n ? b->ends[b->n - 1] : 0) == b->bytes.n);
  if (d->kind->cut)
    d->kind->cut(d, rng, b, out);
  cuts_add(out, b->bytes.n);
  CHECK((out->n ? out->ends[out->n - 1] : 0) == b->bytes.n);
}
