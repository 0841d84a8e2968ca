/* Which processors a worker and its servers run on: all that the driver may use, or one for both.
 *
 * A driver that sends the next chunk when the server has read the one before acts in turn with it.
 * On two processors each turn wakes one of them up while the other looks and looks; on the same one
 * the turn is handed over, for half of the work. Where they are to act at the same time, they must
 * not be held together.
 *
 * All of it is done as far as the system lets us: nothing but speed depends on it. */
#ifndef SERVER_SEATS_H
#define SERVER_SEATS_H

#include <sched.h>
#include <stdbool.h>

struct seats {
  cpu_set_t all, one;
  bool several; /* there is something to choose */
};

/* The one is that of so many behind `processor` among those that the calling process may use. */
void seats_init(struct seats *s, int processor, unsigned behind);

/* Seats a process, with all of its threads; those that it starts later follow them. 0: the calling
 * thread. */
void seats_give(const struct seats *s, int pid, bool one);

#endif
