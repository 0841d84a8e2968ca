/* A partition of case runs into parts of about the same duration. Pure: the same items give the
 * same parts in whatever order they stand. */
#ifndef RUN_SHARD_H
#define RUN_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shard_item {
  const char *id, *delivery, *transport; /* tell it from all others */
  uint64_t us;                           /* how long it takes, a day at most */
  bool timed;                            /* when not, the median of those that are is taken */
};

/* Stores for each item which part it is in, from 0. The longest come first, each into the part that
 * has least so far. No part is empty when there are as many items as parts. */
void shard_split(const struct shard_item *items, size_t n, unsigned parts, unsigned *part_of);

#endif
