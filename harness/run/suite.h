/* The suite: session files found, compiled and selected. Owns its cases, sorted by id. */
#ifndef RUN_SUITE_H
#define RUN_SUITE_H

#include "base/vec.h"
#include "run/paths.h"

struct test_case {
  char *id;   /* path below cases/ without the ending; for a file elsewhere, its path without it */
  char *file; /* as it can be given again */
  struct session *session;
  char *notes; /* of a capture: lines on what it lacks, or NULL */
};

struct suite {
  struct vec cases; /* of struct test_case */
};

void suite_init(struct suite *s);
void suite_fini(struct suite *s);

/* Loads what `args` name: folders, session files, captures of packets, or ids, areas or patterns of
 * ids (`get/miss`, `get`, `get*`); all cases when there are none. Everything is compiled; false,
 * with diagnostics, when anything is wrong or a name finds nothing. */
bool suite_load(struct suite *s, const struct paths *paths, char *const *args, size_t nargs,
                struct diag *diag);

/* Appends the text of a session file, or the session that a capture makes; its notes, if it has
 * any, are the caller's to free. False with a diagnostic. */
bool suite_text(const char *file, struct buf *text, char **notes, struct diag *diag);

/* Keeps the cases whose id holds `pattern`, or matches it where it holds `*` or `?`. */
void suite_keep(struct suite *s, const char *pattern);

/* Keeps the cases that carry the tag. */
void suite_keep_tag(struct suite *s, const char *tag);

/* Keeps the cases that need the capability. */
void suite_keep_needs(struct suite *s, const char *capability);

/* The id of a case that is, or would be, in this file; the caller frees. */
char *suite_id(const struct paths *paths, const char *file);

const struct test_case *suite_case(const struct suite *s, size_t i);

/* Whether a NULL-terminated list of words holds this one. */
bool words_have(const char *const *words, const char *word);

#endif
