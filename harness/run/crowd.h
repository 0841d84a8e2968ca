/* A crowd: many plays of one session at once, each in a key space of its own, every fourth a slow
 * reader, while other connections come, send half a request, on TLS
 * also half a handshake, and reset. The verdict is the first
 * play's that is not a pass. Internal to the run layer. */
#ifndef RUN_CROWD_H
#define RUN_CROWD_H

#include "run/play.h"

struct crowd;

/* Starts `n` plays; `ns` gives each its key space. `done` is called once, from the event loop. Tape
 * and transcript of the options take down the first play. */
struct crowd *crowd_new(struct event_base *base, const struct play_options *options, size_t n,
                        const char (*ns)[4], void (*done)(void *arg), void *arg);
void crowd_free(struct crowd *c);

struct verdict crowd_verdict(struct crowd *c);

#endif
