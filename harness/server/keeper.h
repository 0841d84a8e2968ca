/* The keeper: a process that stands between the driver and one server. It is forked without exec,
 * so it is small and starts quickly; it owns the server's process, its output and its folder.
 *
 * The driver's end of the channel carries orders, one byte each, to the keeper and news from it.
 * When that end is closed, or the driver dies (PR_SET_PDEATHSIG, for the case that some process
 * forked by the driver still holds the end open), the keeper kills all of the server's processes,
 * removes the folder and exits. When the keeper is killed, the kernel kills the server. */
#ifndef SERVER_KEEPER_H
#define SERVER_KEEPER_H

#include "server/child.h"
#include "server/ring.h"

/* Borrowed until keeper_start returns. */
struct keeper_job {
  const char *const *argv, *const *envp;
  const char *dir;     /* removed when the keeper exits */
  const char *reports; /* likewise; NULL: none */
  struct ring *log;    /* shared with the driver */
  int stop_signal;     /* 0: none, it ends by itself */
  bool signals_below;  /* the signal goes to the children of what is started, not to that itself */
  bool terminal;       /* it gets the terminal that the driver has; its output is not read */
  unsigned stop_ms;
  uint64_t log_bytes, memory_bytes, open_files; /* the last two: 0 for no limit of ours */
};

enum keeper_order { KEEPER_STOP = 's', KEEPER_KILL = 'k' };

enum keeper_event {
  KEEPER_STARTED,     /* first; value: the server's pid */
  KEEPER_NOT_STARTED, /* first; value: errno of its exec; nothing follows */
  KEEPER_ENDED /* last; value: its wait status. All its processes are gone, the log is complete */
};

/* What made the server end. */
enum keeper_cause {
  CAUSE_ITSELF,
  CAUSE_STOPPED,
  CAUSE_KILLED,
  CAUSE_STUBBORN, /* stop_ms passed; then killed */
  CAUSE_LOG       /* log_bytes exceeded; then killed */
};

struct keeper_news {
  enum keeper_event event;
  enum keeper_cause cause; /* with KEEPER_ENDED */
  int value;
};

/* Forks the keeper; stores the driver's end of the channel, which is non-blocking. Returns the
 * keeper's pid, or -1 with errno set. */
int keeper_start(const struct keeper_job *job, int *fd);

void keeper_send(int fd, enum keeper_order order);

/* Takes one piece of news: 1, or 0 when there is none now, or -1 when the keeper is gone. */
int keeper_receive(int fd, struct keeper_news *news);

#endif
