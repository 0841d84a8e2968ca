/* The two sides of a comparison. */
#ifndef RUN_SIDE_H
#define RUN_SIDE_H

enum side { BASELINE, CANDIDATE, SIDES };

static inline const char *side_name(enum side s) {
  return s == BASELINE ? "baseline" : "candidate";
}

#endif
