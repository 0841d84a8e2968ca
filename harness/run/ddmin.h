/* Delta debugging: the few of many items that something holds for. Pure; what holds is the caller's
 * to find out, and what costs time. */
#ifndef RUN_DDMIN_H
#define RUN_DDMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Leaves items out, many at once as long as that goes, then one by one, those at the end first.
 * `keep` has all n items at the start, for which it holds, and is left with those of the last set
 * for which it did: no single one of them can be left out. `holds` may keep further items of the
 * set that it is asked about, and is not asked when nothing would be left out. Returns how many are
 * left. */
size_t ddmin(bool *keep, size_t n, bool (*holds)(void *arg, bool *keep), void *arg);

/* The least number from `least` on for which it holds, where it does for all above one for which it
 * does; it holds for `most`, about which nobody is asked. */
uint64_t ddmin_least(uint64_t least, uint64_t most, bool (*holds)(void *arg, uint64_t number),
                     void *arg);

#endif
