/* Starting a server's keeper: the private folder, the filled-in command line and environment. */
#ifndef SERVER_LAUNCH_H
#define SERVER_LAUNCH_H

#include "server/internal.h"

/* Starts the process of a server whose profile and transport are set, and waits until it has been
 * executed or could not be (then the fate says so). False when no process can be made; `why` gets a
 * sentence and nothing is left to undo. */
bool launch_start(struct server *s, struct buf *why);

/* Notes which program runs, now that it is ready, so that whatever starts it has made room. */
void launch_note_program(struct server *s);

/* Undoes launch_start: ends the keeper, and with it whatever still runs. Nothing when there is
 * none.
 */
void launch_undo(struct server *s);

#endif
