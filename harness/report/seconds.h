/* Seconds as the reports write them: three decimals with a point, whatever the locale; pure. */
#ifndef REPORT_SECONDS_H
#define REPORT_SECONDS_H

#include <inttypes.h>

#include "base/buf.h"

/* The nearest whole millisecond; what is below zero, or no number, counts as zero. */
static inline uint64_t seconds_millis(double seconds) {
  return seconds > 0 ? (uint64_t)(seconds * 1000 + 0.5) : 0;
}

/* Appends "0.012" for 12. */
static inline void seconds_add(struct buf *out, uint64_t millis) {
  buf_addf(out, "%" PRIu64 ".%03u", millis / 1000, (unsigned)(millis % 1000));
}

#endif
