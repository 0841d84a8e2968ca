#include "server/launch.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "net/file.h"
#include "server/keeper.h"
#include "server/place.h"
#include "server/tool.h"
#include "server/wait.h"

enum { DIR_MAX = 80 }; /* so that the socket's path fits its address */

static bool fail(struct buf *why, const char *what) {
  buf_addf(why, "%s: %s", what, strerror(errno));
  return false;
}

static const char *print(struct arena *a, const char *head, const char *tail) {
  char *text = xasprintf("%s%s", head, tail);
  const char *kept = arena_str(a, span_str(text));
  free(text);
  return kept;
}

static const char *temporary(void) {
  const char *tmp = getenv("TMPDIR");
  return tmp && *tmp == '/' ? tmp : "/tmp";
}

static bool make_dir(struct server *s, struct buf *why) {
  char *dir = xasprintf("%s/mcreplay.XXXXXX", temporary());
  if (strlen(dir) > DIR_MAX) {
    free(dir);
    dir = xstrdup("/tmp/mcreplay.XXXXXX");
  }
  bool ok = mkdtemp(dir) != NULL || fail(why, "cannot make a private folder");
  s->dir = arena_str(&s->arena, span_str(dir));
  free(dir);
  return ok;
}

static bool try_port(uint16_t port) {
  struct addr a;
  addr_loopback(&a, port);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool ok = fd >= 0 && bind(fd, (struct sockaddr *)&a.sa, a.len) == 0;
  if (fd >= 0)
    close(fd);
  return ok;
}

/* A port that was free a moment ago, at random and below those that the kernel gives out: one of
 * the kernel's would be given to the next who asks, and another server could come to answer in our
 * server's place. */
static bool pick_port(uint16_t *port, struct buf *why) {
  enum { LOWEST = 10000, COUNT = 22000, TRIES = 100 };
  for (int i = 0; i < TRIES; i++) {
    uint32_t random;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
      break;
    *port = (uint16_t)(LOWEST + random % COUNT);
    if (try_port(*port))
      return true;
  }
  return fail(why, "cannot find a free port");
}

/* The program that a process runs, "" when that can't be told. */
static const char *program_of(struct arena *a, const char *process) {
  char exe[PATH_MAX];
  ssize_t n = readlink(process, exe, sizeof exe);
  return arena_str(a, span_of(exe, n > 0 ? (size_t)n : 0));
}

/* The folder of the program that runs, so that a profile can name servers that are built with it.
 */
static const char *own_folder(struct arena *a) {
  const char *exe = program_of(a, "/proc/self/exe"), *slash = strrchr(exe, '/');
  return arena_str(a, span_of(exe, slash ? (size_t)(slash - exe) : 0));
}

void launch_note_program(struct server *s) {
  char process[64];
  if (!s->pid)
    return;
  snprintf(process, sizeof process, "/proc/%d/exe", s->pid);
  s->program = program_of(&s->arena, process);
}

/* Decides where the server shall listen, as far as we decide it. */
static bool choose_address(struct server *s, struct places *places, struct buf *why) {
  const struct profile_transport *t = &s->profile->transports[s->transport];
  const struct profile_tls *tls = s->profile->tls;
  *places =
      (struct places){.dir = s->dir, .bin = own_folder(&s->arena), .reports = s->reports.path};
  if (s->transport == TRANSPORT_TLS) {
    places->cert = tls->cert;
    places->key = tls->key;
    places->ca = tls->ca;
  }
  s->file = NULL;
  s->picks_port = s->transport != TRANSPORT_UNIX && !t->port_file_env;
  if (s->transport == TRANSPORT_UNIX) {
    s->file = places->socket = print(&s->arena, s->dir, "/socket");
    CHECK(addr_unix(&s->addr, s->file));
  } else if (t->port_file_env) {
    s->file = print(&s->arena, s->dir, "/port");
  } else {
    uint16_t port;
    char text[8];
    if (!pick_port(&port, why))
      return false;
    addr_loopback(&s->addr, port);
    if (s->transport == TRANSPORT_TLS)
      addr_secure(&s->addr, tls->trust);
    snprintf(text, sizeof text, "%u", port);
    places->port = arena_str(&s->arena, span_str(text));
  }
  return true;
}

static size_t count(const char *const *texts) {
  size_t n = 0;
  while (texts[n])
    n++;
  return n;
}

static const char **make_argv(struct server *s, const struct places *places) {
  const char **command = s->profile->command, **args = s->profile->transports[s->transport].args;
  const char **argv = arena_alloc(&s->arena, (count(command) + count(args) + 1) * sizeof *argv);
  size_t n = 0;
  for (; *command; command++)
    argv[n++] = place_fill(&s->arena, *command, places);
  for (; *args; args++)
    argv[n++] = place_fill(&s->arena, *args, places);
  return argv;
}

/* Sets a variable in an array of `*n`, in place of one of the same name. */
static void set_variable(const char **envp, size_t *n, const char *variable) {
  size_t name = strcspn(variable, "=") + 1, i = 0;
  while (i < *n && strncmp(envp[i], variable, name) != 0)
    i++;
  envp[i] = variable;
  *n += i == *n;
}

static const char **make_envp(struct server *s, const struct places *places) {
  const char *const *own = (const char *const *)environ;
  const char **more = s->profile->environment;
  const char *port_file_env = s->profile->transports[s->transport].port_file_env;
  const char **envp =
      arena_alloc(&s->arena, (count(own) + count(more) + REPORTS_VARIABLES + 2) * sizeof *envp);
  const char *variables[REPORTS_VARIABLES];
  size_t n = 0;
  for (; *own; own++)
    envp[n++] = *own;
  for (; *more; more++)
    set_variable(envp, &n, place_fill(&s->arena, *more, places));
  if (port_file_env)
    set_variable(envp, &n, print(&s->arena, print(&s->arena, port_file_env, "="), s->file));
  reports_variables(&s->reports, &s->arena, envp, variables);
  for (int i = 0; i < REPORTS_VARIABLES; i++)
    set_variable(envp, &n, variables[i]);
  s->wants_leaks = reports_want_leaks(envp);
  return envp;
}

/* The keeper's first news comes when the exec has been done. */
static void await_exec(struct server *s) {
  struct keeper_news news = {.event = KEEPER_ENDED};
  while (wait_for(s->fd, POLLIN, -1, INT64_MAX) != WAIT_READY)
    ;
  if (keeper_receive(s->fd, &news) == 1 && news.event == KEEPER_STARTED) {
    s->pid = news.value;
    return;
  }
  s->ended = true;
  s->fate = SERVER_NOT_STARTED;
  s->what = news.event == KEEPER_NOT_STARTED
                ? xasprintf("cannot run %s: %s", s->profile->command[0], strerror(news.value))
                : xstrdup("lost its keeper, which was killed");
}

bool launch_start(struct server *s, struct buf *why) {
  const struct profile *p = s->profile;
  struct places places;
  bool ok = false, has_dir = false, has_reports = false;
  arena_init(&s->arena);
  s->fd = -1;
  s->fate = SERVER_RUNNING;
  s->ended = false;
  s->pid = 0;
  s->program = NULL;
  s->log = ring_new();
  if (!s->log) {
    fail(why, "cannot share memory for the log");
    goto out;
  }
  has_dir = make_dir(s, why);
  if (!has_dir)
    goto out;
  has_reports = reports_open(&s->reports, temporary());
  if (!has_reports)
    fail(why, "cannot make a folder for sanitizers' reports");
  if (!has_reports || !choose_address(s, &places, why))
    goto out;
  s->argv = make_argv(s, &places);
  struct keeper_job job = {.argv = s->argv,
                           .envp = make_envp(s, &places),
                           .dir = s->dir,
                           .reports = s->reports.path,
                           .log = s->log,
                           .stop_signal = p->stop_signal,
                           .signals_below = p->tool && p->tool->wraps,
                           .terminal = p->terminal,
                           .stop_ms = p->stop_ms,
                           .log_bytes = p->log_bytes,
                           .memory_bytes = p->memory_bytes,
                           .open_files = p->open_files};
  s->keeper = keeper_start(&job, &s->fd);
  if (s->keeper < 0) {
    fail(why, "cannot make a process");
    goto out;
  }
  await_exec(s);
  ok = true;
out:
  if (!ok) {
    if (has_dir)
      rmdir(s->dir);
    if (has_reports)
      rmdir(s->reports.path);
    reports_close(&s->reports);
    ring_free(s->log);
    s->log = NULL;
    s->argv = NULL;
    arena_fini(&s->arena);
  }
  return ok;
}

void launch_undo(struct server *s) {
  if (s->fd < 0)
    return;
  close(s->fd); /* the keeper exits at that */
  while (waitpid(s->keeper, NULL, 0) < 0 && errno == EINTR)
    ;
  ring_free(s->log);
  reports_close(&s->reports);
  arena_fini(&s->arena);
  free(s->what);
  s->what = NULL;
}
