/* The goldens of a server: what it answered before, a file per case in a folder per server,
 * fixtures/golden/<server>/<id>.golden, in the notation of sessions (session_compile_golden). */
#ifndef RUN_GOLDEN_H
#define RUN_GOLDEN_H

#include "run/suite.h"

struct goldens;

/* Loads those of the suite's cases that are there; a missing folder is one without any. NULL with
 * diagnostics when one is wrong. The caller frees. */
struct goldens *goldens_load(const char *folder, const struct suite *suite,
                             const struct paths *paths, struct diag *diag);
void goldens_free(struct goldens *g);

/* The golden of the suite's case at that index, or NULL. */
const struct session *goldens_find(const struct goldens *g, size_t test);
/* How many there are. */
size_t goldens_count(const struct goldens *g);

/* Complains about each golden in the folder whose case is not in cases/, and each file there that
 * is no golden. */
bool goldens_check(const char *folder, const struct paths *paths, struct diag *diag);

/* Calls `each` with the path of every file below the folder; false when it can't be read. */
bool goldens_each(const char *folder, void (*each)(void *arg, const char *path), void *arg);

/* The id of the case of a golden in the folder, or NULL when the path is that of no golden; the
 * caller frees. */
char *golden_id(const char *folder, const char *path);
/* The path of a case's golden; the caller frees. */
char *golden_path(const char *folder, const char *id);

#endif
