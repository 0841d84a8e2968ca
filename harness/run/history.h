/* What is remembered from run to run: how long each case run took, and which were red last time.
 *
 * A JSON file. A run replaces what it has played and keeps the times of what it has not; red is
 * only what was red in the last run. A file that is no such history counts as none. */
#ifndef RUN_HISTORY_H
#define RUN_HISTORY_H

#include "run/result.h"

struct history;

struct history_run {
  uint64_t us; /* how long it took, the longest of its repetitions; 0 when not timed */
  bool timed, red;
};

/* Reads a history. One that is not there is empty, and so is what is no regular file; a bad one is
 * empty too, and `why` gets what is wrong. */
struct history *history_load(const char *path, struct buf *why);
void history_free(struct history *h);

/* What is remembered of a case run; false when nothing is. */
bool history_find(const struct history *h, const char *id, const char *delivery,
                  const char *transport, struct history_run *out);

/* The seed of the last run. */
uint64_t history_seed(const struct history *h);

/* The deliveries and the transports of what was red, as lists with commas that the caller frees;
 * false, and both NULL, when nothing was. */
bool history_red(const struct history *h, char **deliveries, char **transports);

/* The sink to give to the run that is to be remembered; it borrows `h`. */
struct sink history_sink(struct history *h);

/* Writes the history with the run that the sink has heard of; `keep_times` leaves all times as they
 * were. Makes the folders above the file; leaves alone what is no regular file. False with errno.
 */
bool history_write(struct history *h, const char *path, bool keep_times);

#endif
