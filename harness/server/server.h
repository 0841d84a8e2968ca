/* A server under test: spawned, ready, watched, stopped.
 *
 * Between the driver and each server stands a keeper, a small process that is the server's parent
 * and subreaper. It drains the server's output into a bounded log, tells how the server ended, and
 * when the driver is gone, however that comes about, it kills all of the server's processes and
 * removes their folder. The server dies with the keeper (PR_SET_PDEATHSIG), so nothing stays behind
 * after a SIGKILL of either; see server/keeper.h.
 *
 * Owns the keeper's channel and the server's private folder ({dir}), which is gone when server_stop
 * has done its work. What the server does wrong is told in values; only bugs abort. Each server
 * belongs to the process that spawned it. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "net/addr.h"
#include "server/profile.h"
#include "server/seats.h"

struct server;

/* How a server ended, or why it never was ready. */
enum server_fate {
  SERVER_RUNNING,
  SERVER_STOPPED, /* ended by our stop, as it should: exit status 0 or the stop signal itself */
  SERVER_CRASHED, /* ended by itself: a signal or an exit that nobody asked for, whatever its status
                   */
  SERVER_STUBBORN,  /* did not end on the stop signal in time; killed */
  SERVER_REPORTED,  /* ended by our stop, with the status of one of which a sanitizer or checker has
                       reported something */
  SERVER_UNCHECKED, /* ended by the stop signal itself, so that LeakSanitizer found no time */
  SERVER_LOG_LIMIT, /* wrote more than the profile's log_bytes; killed */
  SERVER_NOT_STARTED, /* exec failed, or ended before it was ready */
  SERVER_NOT_READY,   /* no right answer within ready_ms; killed */
  SERVER_WRONG        /* another program answers, or another version */
};

/* Starts it and returns at once; NULL when no process can be made (`why` says). The profile is
 * borrowed and outlives the server. An attached profile gives a server without a process. */
struct server *server_spawn(const struct profile *p, enum transport t, struct buf *why);

/* Waits until it accepts connections, answers `version`, and is the right one: its version fits,
 * and it is the spawned process or descends from it (peer.h); on TCP that is left open where the
 * system doesn't tell, and another process on a port that we picked makes us try another port. On
 * failure `why` gets a sentence and the fate says which kind; the caller still calls server_stop.
 */
bool server_await(struct server *s, struct buf *why);

const struct addr *server_addr(const struct server *s);
/* The command line that started it, placeholders filled in; NULL-terminated, the server's own. NULL
 * when attached. */
const char *const *server_command(const struct server *s);
/* What a server that is ready answers to `version`, escaped; "" before. The server's own. */
const char *server_version(struct server *s);
/* Of the server's process; 0 when attached. */
int server_pid(const struct server *s);
/* Puts it on the one processor of the worker's, or back on all (seats.h); true when it then shares
 * that one. One that is attached, or runs under a tool, stays where it is. */
bool server_seat(struct server *s, const struct seats *seats, bool one);
/* Readable when there is news of the server; -1 when attached. Valid from server_await, which may
 * have to start the server again, until server_stop. */
int server_fd(const struct server *s);

/* Takes in what the keeper has to say without blocking. */
enum server_fate server_look(struct server *s);
/* As server_look, but waits up to `ms` for an end; for "was it a crash?" after a lost connection.
 */
enum server_fate server_look_wait(struct server *s, unsigned ms);
/* The same after the server has closed a connection: one that answers on another is not waited for,
 * or hardly. */
enum server_fate server_look_closed(struct server *s, unsigned ms);
/* For how long that should be waited for. */
unsigned server_end_ms(const struct server *s);

/* Appends a sentence: "was killed by signal 11 (Segmentation fault)", "exited with status 1",
 * "wrote more than 16 MiB to its log", ..; nothing while it runs. */
void server_describe(const struct server *s, struct buf *out);
/* Appends the last `n` bytes of what it wrote to standard output and error. */
void server_log_tail(struct server *s, size_t n, struct buf *out);

/* Appends what sanitizers and checkers have written since the last call: the folder that they are
 * told to write to, and reports in its log. Waits a moment for the end of a report that is being
 * written. False, at the cost of hardly anything, when there is no report (see sanitizer.h). */
bool server_reports(struct server *s, struct buf *out);

/* Ends it asynchronously: takes the server over, sends the stop signal, returns at once. At most 64
 * servers are stopping at a time; the next call waits for one of them. */
void server_stop(struct server *s);
/* As server_stop, but waits for the end, whatever it is, and appends the reports until then. */
void server_finish(struct server *s, struct buf *reports);
/* As server_stop, but kills it without a clean stop, which then is no bad end. */
void server_kill(struct server *s);

/* A server that did not stop as it should, or has been reported on since it was last asked for
 * that. */
struct server_bad_end {
  const struct profile *profile; /* of what server it was */
  enum transport transport;
  enum server_fate fate;  /* SERVER_STOPPED: there are but the reports */
  int signal;             /* that killed it when it had been told to stop; 0: it was not that */
  const char *what, *log; /* a sentence, and the tail of its log */
  const char *reports;    /* as of server_reports; "" when there are none */
};

/* Waits until every stopping server has ended; calls `bad` for each since the last call that did
 * not stop as it should or has been reported on; the end's texts are borrowed for the call. A
 * server whose end was seen by server_await or server_look is not told again. */
void server_stop_all(void (*bad)(void *arg, const struct server_bad_end *end), void *arg);

#endif
