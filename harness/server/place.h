/* Placeholders in a profile's texts: `{socket}`, `{port}`, `{dir}`, `{bin}`, `{reports}`, and for
 * TLS
 * `{cert}`, `{key}` and `{ca}`. Pure. */
#ifndef SERVER_PLACE_H
#define SERVER_PLACE_H

#include "base/arena.h"

/* What they stand for. */
struct places {
  const char *socket; /* NULL on TCP */
  const char *port;   /* NULL unless the driver picks the port */
  const char *dir;
  const char *bin;             /* the folder of the driver's program */
  const char *reports;         /* the folder for what sanitizers and checkers write */
  const char *cert, *key, *ca; /* NULL without TLS */
};

/* Finds the first `{word}` of small letters in a text that is none of these; false when there
 * is none. */
bool place_unknown(struct span text, struct span *found);

/* Whether any text of a NULL-terminated array (or NULL) holds the placeholder, braces included. */
bool place_used(const char *const *texts, const char *placeholder);

/* The text with each placeholder replaced; in the arena. One that stands for NULL stays as it is.
 */
const char *place_fill(struct arena *a, const char *text, const struct places *places);

#endif
