/* What server.c (its life) and stop.c (its end) share. */
#ifndef SERVER_INTERNAL_H
#define SERVER_INTERNAL_H

#include "base/arena.h"
#include "server/reports.h"
#include "server/ring.h"
#include "server/server.h"

struct server {
  const struct profile *profile;
  enum transport transport;
  struct addr addr;
  enum server_fate fate;
  struct buf version; /* what it answered when it was ready */
  char *what;         /* the sentence about its end; NULL while it runs */

  /* Of the process; unused when attached. */
  struct arena arena;
  const char *dir;
  const char **argv; /* as filled in */
  const char *file;  /* in it: the socket or the port file; NULL when there is none */
  bool picks_port;   /* {port} was filled in */
  struct ring *log;
  struct reports reports;
  bool reported;       /* some have been read */
  bool reports_done;   /* no more are looked at: it is killed, and nobody asks what for */
  bool wants_leaks;    /* LeakSanitizer's check, if it was built with it, would run at its end */
  const char *program; /* that runs; NULL: not known */
  int fd;              /* the channel to the keeper; -1 when attached */
  int keeper;          /* pid */
  int pid;             /* of the server; 0 when it was not started */
  bool ended;          /* nothing more will come from the keeper */
  bool seated;         /* on one processor */
  int stop_signal;     /* that killed it when it had been told to stop, and is not the one that told
                          it */
};

/* Ends the keeper, and with it whatever still runs, and frees all. */
void server_free(struct server *s);

#endif
