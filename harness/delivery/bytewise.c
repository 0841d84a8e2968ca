/* bytewise: the server reads one byte at a time, so that it meets every state in which a frame can
 * be cut short.
 *
 * Of a part longer than 1024 bytes, a big value as a rule, only the first and the last 64 bytes go
 * singly and what is between them goes 4096 bytes at a time: each byte costs a turn of both
 * processes, and a value of a megabyte would take a minute. */
#include "delivery/kinds.h"

enum { LONG_PART = 1024, SINGLE = 64, MIDDLE_CHUNK = 4096 };

static void part_cut(size_t from, size_t to, struct cuts *out) {
  if (to - from > LONG_PART) {
    for (size_t i = 1; i <= SINGLE; i++)
      cuts_add(out, from + i);
    size_t tail = to - SINGLE;
    for (from += SINGLE; tail - from > MIDDLE_CHUNK; from += MIDDLE_CHUNK)
      cuts_add(out, from + MIDDLE_CHUNK);
    cuts_add(out, tail);
    from = tail;
  }
  while (from < to)
    cuts_add(out, ++from);
}

static void bytewise_cut(const struct delivery *d, struct rng *rng, const struct batch *b,
                         struct cuts *out) {
  (void)d, (void)rng;
  for (size_t i = 0; i < b->n; i++)
    for (size_t from = batch_start(b, i); from < b->ends[i];) {
      struct parts parts;
      parts_next(b, from, b->ends[i], &parts);
      for (size_t k = 0; k < parts.n; from = parts.ends[k++])
        part_cut(from, parts.ends[k], out);
    }
}

const struct delivery_kind delivery_bytewise = {
    .name = "bytewise",
    .usage = "bytewise",
    .what = "byte by byte, each waiting until the one before was read (big values in part)",
    .paced = true,
    .all = (const char *const[]){"bytewise", NULL},
    .cut = bytewise_cut,
};
