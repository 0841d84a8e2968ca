/* A server profile: how a server is started, known to be ready and right, and stopped. YAML, read
 * with libyaml against a table of keys; every error names file, line and column. Owns its memory.
 *
 *   name: memcached                    required
 *   command: [memcached, -t, "2"]      required; looked up in PATH
 *   transports:                        required: one or more
 *     unix: {args: [-s, "{socket}"]}   command and args must hold {socket}
 *     tcp:                             .. must hold {port}, unless port-file-env is given
 *       args: [-p, "-1"]
 *       port-file-env: NAME
 *     tls: {args: [..]}                as tcp; the server's certificate is {cert}, or its own
 *   environment: {NAME: VALUE, ..}
 *   version: "1.6"
 *   capabilities: [flush, ..]
 *   volatile-stats: ["lru_*", ..]      what the server counts of its own accord, for goldens
 *   goldens: memcached                 the folder of its goldens; NAME when not given, and another
 *                                      name for servers that must give the same bytes
 *   dialect: stock                     or couchbase
 *   ready-within: 10s
 *   stop: {signal: SIGTERM, within: 10s}
 *   log-limit: 16MiB
 *   memory-limit: 2GiB                 not for a server built with ASan or TSan
 *   open-files: 4096                   the soft limit that it starts with
 *
 * {socket}, {port}, {dir} (the server's own folder), {bin} (the folder of the driver's program)
 * and, on tls, {cert}, {key} and {ca} (files, PEM) are filled in wherever they stand in command,
 * args and environment. */
#ifndef SERVER_PROFILE_H
#define SERVER_PROFILE_H

#include "base/arena.h"
#include "base/diag.h"
#include "mcbp/names.h"
#include "net/addr.h"

/* How the server listens on one transport. */
struct profile_transport {
  bool supported;
  const char **args;         /* appended to the command; NULL-terminated */
  const char *port_file_env; /* the server writes "TCP INET: PORT" lines to the file named in this
                                variable, then renames it; NULL: {port} in args is a port found
                                free, and another one is tried when the server fails to bind it */
};

struct tool;

/* What TLS takes on this machine. The files are those that placeholders stand for. */
struct profile_tls {
  const char *cert, *key, *ca;
  const struct tls_trust *trust; /* of `ca` */
};

struct profile {
  struct arena arena;
  const char *name;
  const char *goldens;         /* the folder of its goldens */
  const char *file;            /* NULL for one made of a command line */
  const char **command;        /* NULL-terminated; NULL when attached */
  const struct addr *attached; /* where it listens; NULL when it is spawned */
  const char **environment;    /* "NAME=VALUE", NULL-terminated; added to the driver's own */
  struct profile_transport transports[TRANSPORTS];
  const struct profile_tls *tls; /* borrowed; to be set before a server is spawned on TLS */
  const char *version;           /* the answer to `version` must start with it; NULL: any */
  const char **capabilities;     /* NULL-terminated */
  const char **volatile_stats;   /* NULL-terminated: patterns of keys, of * and ? */
  enum dialect dialect;
  int stop_signal;       /* SIGTERM when not given */
  unsigned stop_ms;      /* then SIGKILL */
  unsigned ready_ms;     /* that server_await waits for the first right answer */
  uint64_t log_bytes;    /* the server is ended when it writes more than this */
  uint64_t memory_bytes; /* of address space (RLIMIT_AS); 0: no limit */
  uint64_t open_files;   /* soft limit (RLIMIT_NOFILE); 0: as it is */
  unsigned end_ms;       /* that the news of its end may come after its connections have ended, on a
                            machine that has much to do, too */
  /* Set by tool_apply. */
  const struct tool *tool; /* that the command starts it under; NULL: none */
  bool terminal;           /* the tool gets the terminal; the stop signal is 0, for none */
};

/* Compiles a profile's text; NULL and diagnostics when anything in it is wrong. The caller frees.
 */
struct profile *profile_parse(struct span text, const char *file, struct diag *diag);

/* A profile for a command given on the command line: split at blanks as a shell does with quotes;
 * it must hold {socket} (Unix) or {port} (TCP, and with {cert} as well TLS). `label` is the option
 * that gave it, for messages.
 */
struct profile *profile_of_command(const char *command, const char *label, struct diag *diag);

/* Puts another program in the place of the command's first word; the profile has a command. */
void profile_set_program(struct profile *p, const char *program);

/* A profile for a server that runs already; it has no command. */
struct profile *profile_attached(const struct addr *a);

void profile_free(struct profile *p);
/* Whether a server on TLS is given one of the files for its certificate. */
bool profile_wants_cert(const struct profile *p);
bool profile_can(const struct profile *p, const char *capability);

#endif
