/* The name nearest to a misspelt one, for "did you mean". Pure; nothing can fail. */
#ifndef MCBP_NEAR_H
#define MCBP_NEAR_H

#include "base/span.h"

struct near {
  struct span word;
  const char *best; /* NULL while no candidate is near */
  size_t bound;     /* a better candidate's distance is below it */
};

/* Starts a search. A name is near when at most two edits (a character put in, left out or replaced,
 * two neighbours swapped) lead to it, and fewer than the word has characters. Borrows the word. */
struct near near_of(struct span word);

/* Offers a name, which is borrowed; of equally near ones the first offered stays. NULL is none. */
void near_offer(struct near *n, const char *name);

#endif
