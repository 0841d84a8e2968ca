/* Which CAS a server has given where another one was given when it was recorded. Remembers the last
 * of them, about a million, in 16 MiB. Owns its memory; pure. */
#ifndef RUN_CAS_MAP_H
#define RUN_CAS_MAP_H

#include <stdint.h>

struct cas_map;

struct cas_map *cas_map_new(void);
void cas_map_free(struct cas_map *m);

void cas_map_put(struct cas_map *m, uint64_t recorded, uint64_t now);

/* What stands for the recorded one now; that itself when it is not known. */
uint64_t cas_map_get(const struct cas_map *m, uint64_t recorded);

#endif
