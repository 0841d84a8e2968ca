/* A bystander: a connection beside a play's own that asks a noop, is answered, and closes. It shows
 * that a server goes on serving others while a client stands still. Internal to the run layer. */
#ifndef RUN_BYSTANDER_H
#define RUN_BYSTANDER_H

#include "net/addr.h"

struct event_base;
struct bystander;

/* Starts one; `done` is called once from the event loop, with what went wrong or NULL. The caller
 * frees it, from `done` too. */
struct bystander *bystander_new(struct event_base *base, const struct addr *to,
                                void (*done)(void *arg, const char *wrong), void *arg);
void bystander_free(struct bystander *b);

#endif
