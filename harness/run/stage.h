/* A stage: where a process plays cases, one after another. Owns the event bases and gives each play
 * a key space that none before it had. The servers are the caller's. Internal to the run layer. */
#ifndef RUN_STAGE_H
#define RUN_STAGE_H

#include "run/config.h"
#include "run/play.h"
#include "server/server.h"

struct stage;

/* `index` tells this process's key spaces from those of others on the same server. */
struct stage *stage_new(const struct run_config *config, unsigned index);
void stage_free(struct stage *s);

/* The options of a job's play; tape and transcript are left to the caller. */
struct play_options stage_options(const struct run_config *config, const struct job *job);

/* Plays on a server to the end, as often at once as the delivery demands; the options' address, pid
 * and key space are filled in here. `*wrapped` tells that key spaces have been used up: what is
 * played on this server from now on may meet the keys of earlier plays. The caller owns the
 * verdict. */
struct verdict stage_play(struct stage *s, const struct server *server, struct play_options options,
                          bool *wrapped);

/* Lets time pass, so that what tells the time tells another one. */
void stage_wait(struct stage *s, unsigned ms);

#endif
