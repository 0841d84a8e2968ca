#include "run/ddmin.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static size_t count(const bool *keep, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++)
    kept += keep[i];
  return kept;
}

/* Leaves out the last `chunk` of the items that stand before `end`; false when it doesn't hold
 * then. `*start` is where these items begin. */
static bool drop(bool *keep, bool *tried, size_t n, size_t end, size_t chunk, size_t *start,
                 bool (*holds)(void *arg, bool *keep), void *arg) {
  memcpy(tried, keep, n * sizeof *tried);
  size_t at = end, left = chunk;
  while (at > 0 && left > 0) {
    at--;
    left -= tried[at];
    tried[at] = false;
  }
  *start = at;
  if (left == chunk || !holds(arg, tried) || count(tried, n) >= count(keep, n))
    return false;
  memcpy(keep, tried, n * sizeof *keep);
  return true;
}

size_t ddmin(bool *keep, size_t n, bool (*holds)(void *arg, bool *keep), void *arg) {
  bool *tried = xcalloc(n ? n : 1, sizeof *tried);
  size_t chunk = count(keep, n);
  while (chunk > 0) {
    bool dropped = false;
    for (size_t end = n, start; end > 0; end = start)
      dropped |= drop(keep, tried, n, end, chunk, &start, holds, arg);
    if (chunk > 1)
      chunk /= 2;
    else if (!dropped)
      break;
  }
  free(tried);
  return count(keep, n);
}

uint64_t ddmin_least(uint64_t least, uint64_t most, bool (*holds)(void *arg, uint64_t number),
                     void *arg) {
  if (least < most && holds(arg, least))
    return least;
  while (least + 1 < most) {
    uint64_t middle = least + (most - least) / 2;
    if (holds(arg, middle))
      most = middle;
    else
      least = middle;
  }
  return most;
}
