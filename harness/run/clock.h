/* The monotonic clock, for durations. */
#ifndef RUN_CLOCK_H
#define RUN_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds from an arbitrary start. */
static inline uint64_t clock_usec(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* Seconds since a time of clock_usec. */
static inline double clock_since(uint64_t start) {
  return (double)(clock_usec() - start) * 1e-6;
}

#endif
