/* A bystander: a connection beside a play's own that acts when it is told to: it asks for the
 * version, which servers tell before authentication, too, and is answered. It shows that a server
 * goes on serving others while a client stands still, and takes on new ones: now and then it closes
 * and another connection acts in its place. Internal to the run layer. */
#ifndef RUN_BYSTANDER_H
#define RUN_BYSTANDER_H

#include <stdbool.h>

#include "net/addr.h"

struct event_base;
struct bystander;

/* Connects when it first acts. `done` is called from the event loop, once for each act with what
 * went wrong or NULL; also in between with what went wrong then. After that it acts no more. */
struct bystander *bystander_new(struct event_base *base, const struct addr *to,
                                void (*done)(void *arg, const char *wrong), void *arg);
void bystander_free(struct bystander *b);

/* Not while it acts. */
void bystander_act(struct bystander *b);
bool bystander_acts(const struct bystander *b);

#endif
