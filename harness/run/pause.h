/* A pause of the run: waits for a line, or the end, of standard input on the caller's event base.
 * Owns its event; reads the descriptor, which stays open. Internal to the run layer. */
#ifndef RUN_PAUSE_H
#define RUN_PAUSE_H

struct event_base;
struct pause;

/* `go` is called once from the event loop. What stands behind the line may be read, too. */
struct pause *pause_new(struct event_base *base, void (*go)(void *arg), void *arg);
void pause_free(struct pause *p);

#endif
