/* A command line split into words as a shell does it: at blanks, with '..', ".." and backslash;
 * no variables, no globs, no operators. Pure. */
#ifndef SERVER_WORDS_H
#define SERVER_WORDS_H

#include "base/arena.h"

/* A NULL-terminated array in the arena, empty for a blank line. NULL when a quote is left open or a
 * backslash ends the line: `*bad` is then its offset. */
const char **words_split(struct arena *a, const char *line, size_t *bad);

#endif
