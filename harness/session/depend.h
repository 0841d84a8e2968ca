/* What the requests of a draft depend on: which of them a correct server may answer otherwise once
 * others are gone. Goes by commands and keys, and knows nothing of a server: a request whose effect
 * it does not know may concern all others. Pure. */
#ifndef SESSION_DEPEND_H
#define SESSION_DEPEND_H

#include "session/draft.h"

/* Adds to `keep`, which has a place for each unit, all that those in it depend on: earlier requests
 * that may have changed what theirs are about. */
void depend_close(const struct draft *d, bool *keep);

/* Whether the loop that begins at this line (from 0) may go round less often. */
bool depend_allows_fewer(const struct draft *d, size_t line);

/* Whether all requests store, read or delete whole items: then a value may be replaced by another
 * one wherever it stands, and a correct server answers accordingly. */
bool depend_is_plain(const struct draft *d);

#endif
