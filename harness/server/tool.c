#include "server/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "net/file.h"
#include "server/child.h"
#include "server/place.h"
#include "server/words.h"

enum {
  NO_DEADLINE_MS = 1 << 30, /* twelve days */
  VALGRIND_ERROR = 99,      /* as in its words below */
  END_MS = 10 * 1000,       /* it may have a backtrace to print, or a trace to close */
  OUTPUT_MAX = 16 << 10
};

#define OPTIONS "{options}"
#define OUT "{out}"
#define REPORTS "{reports}" /* filled in when the server is started */
#define SIGNAL "{signal}"   /* the stop signal's name */
#define NUMBER "{number}"   /* and number */

/* A server ignores SIGPIPE, and is told to stop with a signal: neither is a matter for gdb. Without
 * a terminal it tells where the threads are when the server has crashed; its own status is the
 * server's then, 0 when that has ended by the stop signal, and 255 when gdb is what ends it. */
static const char *const gdb_words[] = {
    "gdb",
    "-q",
    "-batch",
    "-ex",
    "handle SIGPIPE nostop noprint pass",
    "-ex",
    "handle " SIGNAL " nostop noprint pass",
    OPTIONS,
    "-ex",
    "run",
    "-ex",
    "thread apply all backtrace",
    "-ex",
    "set language c",
    "-ex",
    "quit !$_isvoid($_exitcode) ? $_exitcode : $_isvoid($_exitsignal) ? 255 : "
    "$_exitsignal == " NUMBER " ? 0 : 128 + $_exitsignal",
    "--args",
    NULL};
static const char *const gdb_terminal_words[] = {
    "gdb", "-q", "-ex", "handle SIGPIPE nostop noprint pass", OPTIONS, "--args", NULL};
static const char *const rr_words[] = {"rr", "record", OPTIONS, NULL};
/* Its reports are looked for after each case, like those of sanitizers. */
static const char *const valgrind_words[] = {"valgrind",
                                             "-q",
                                             "--error-exitcode=99",
                                             "--log-file=" REPORTS "/memcheck.%p",
                                             "--leak-check=full",
                                             "--show-leak-kinds=definite",
                                             "--errors-for-leak-kinds=definite",
                                             OPTIONS,
                                             NULL};
/* Appends: a server that is started again has a part of the same file. */
static const char *const strace_words[] = {"strace", "-f", "-tt", "-A", "-o", OUT, OPTIONS, NULL};

static const struct tool tools[] = {
    {.name = "gdb",
     .words = gdb_words,
     .terminal_words = gdb_terminal_words,
     .stretch = 10,
     .wraps = true},
    {.name = "rr",
     .out = "rr",
     .out_variable = "_RR_TRACE_DIR",
     .words = rr_words,
     .stretch = 10,
     .wraps = true},
    {.name = "valgrind", .words = valgrind_words, .stretch = 20, .error_status = VALGRIND_ERROR},
    {.name = "strace", .out = "strace.txt", .words = strace_words, .stretch = 10, .wraps = true},
};

const struct tool *tool_find(const char *name) {
  for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
    if (strcmp(tools[i].name, name) == 0)
      return &tools[i];
  return NULL;
}

unsigned tool_stretch(const struct tool_use *use, unsigned ms) {
  unsigned times = use->tool->stretch;
  return !use->terminal && ms < NO_DEADLINE_MS / times ? ms * times : NO_DEADLINE_MS;
}

static size_t count(const char *const *words) {
  size_t n = 0;
  while (words[n])
    n++;
  return n;
}

/* A word with what stands for something filled in. */
static const char *filled(struct arena *a, const char *word, const struct tool_use *use,
                          int stop_signal) {
  char *name = xasprintf("SIG%s", sigabbrev_np(stop_signal));
  char *number = xasprintf("%d", stop_signal);
  const char *const places[][2] = {{OUT, use->out}, {SIGNAL, name}, {NUMBER, number}};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    const char *at = strstr(word, places[i][0]);
    if (!at)
      continue;
    char *text =
        xasprintf("%.*s%s%s", (int)(at - word), word, places[i][1], at + strlen(places[i][0]));
    word = arena_str(a, span_str(text));
    free(text);
  }
  free(name);
  free(number);
  return word;
}

/* The tool's words, and behind them the command's; NULL-terminated. */
static const char **join(struct arena *a, const struct tool_use *use, const char *const *options,
                         int stop_signal, const char *const *command) {
  const struct tool *t = use->tool;
  const char *const *words = use->terminal && t->terminal_words ? t->terminal_words : t->words;
  const char **all =
      arena_alloc(a, (count(words) + count(options) + count(command) + 1) * sizeof *all);
  size_t n = 0;
  for (; *words; words++) {
    bool is_place = strcmp(*words, OPTIONS) == 0;
    if (!is_place)
      all[n++] = filled(a, *words, use, stop_signal);
    for (const char *const *o = options; is_place && *o; o++)
      all[n++] = *o;
  }
  for (; *command; command++)
    all[n++] = *command;
  return all;
}

/* The variables, the tool's own first. */
static const char **with_variable(struct arena *a, const struct tool_use *use,
                                  const char *const *environment) {
  const char **all = arena_alloc(a, (count(environment) + 2) * sizeof *all);
  char *variable = xasprintf("%s=%s", use->tool->out_variable, use->out);
  all[0] = arena_str(a, span_str(variable));
  memcpy(all + 1, environment, (count(environment) + 1) * sizeof *all);
  free(variable);
  return all;
}

bool tool_apply(struct profile *p, const struct tool_use *use, struct diag *diag) {
  static const char *const none[] = {NULL};
  const char *const *options = none;
  size_t bad;
  if (use->options) {
    options = (const char *const *)words_split(&p->arena, use->options, &bad);
    if (!options) {
      char *label = xasprintf("--%s", use->tool->name);
      diag_at(diag, label, 1, (unsigned)bad + 1,
              "left open; close the quote or end with a character");
      free(label);
      return false;
    }
  }
  p->command = join(&p->arena, use, options, p->stop_signal, (const char *const *)p->command);
  if (use->tool->out_variable)
    p->environment = with_variable(&p->arena, use, (const char *const *)p->environment);
  p->tool = use->tool;
  p->terminal = use->terminal;
  p->ready_ms = tool_stretch(use, p->ready_ms);
  p->stop_ms = tool_stretch(use, p->stop_ms);
  p->end_ms = END_MS;
  p->memory_bytes = 0; /* the tool's own would count */
  if (use->terminal)
    p->stop_signal = 0;
  return true;
}

/* Starts it, and takes what it prints until it has ended. Its wait status, or -1 with errno set. */
static int output_of(const struct child_plan *plan, int from, struct buf *output) {
  int status, pid = child_start(plan), error = errno;
  close(plan->output);
  if (pid < 0) {
    errno = error;
    return -1;
  }
  for (uint8_t *to; (to = buf_reserve(output, 512)) != NULL;) {
    ssize_t n = read(from, to, 512);
    if (n == 0 || (n < 0 && errno != EINTR))
      break;
    output->n += n > 0 ? (size_t)n : 0;
  }
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  return status;
}

/* Tries it, with a place of its own to write to. */
static int try_true(const struct tool *t, struct buf *output) {
  static const char *const none[] = {NULL}, *const command[] = {"true", NULL};
  char folder[] = "/tmp/mcreplay.XXXXXX";
  int ends[2];
  if (!mkdtemp(folder))
    return -1;
  char *out = xasprintf("%s/out", folder);
  struct tool_use use = {.tool = t, .out = out};
  struct arena arena;
  arena_init(&arena);
  const char *const *envp = (const char *const *)environ;
  const char **argv = join(&arena, &use, none, SIGTERM, command);
  const struct places places = {.reports = folder};
  for (size_t i = 0; argv[i]; i++)
    argv[i] = place_fill(&arena, argv[i], &places);
  struct child_plan plan = {
      .argv = (const char *const *)argv,
      .envp = t->out_variable ? (const char *const *)with_variable(&arena, &use, envp) : envp};
  int status = -1;
  if (pipe2(ends, O_CLOEXEC) == 0) {
    plan.output = ends[1];
    status = output_of(&plan, ends[0], output);
    close(ends[0]);
  }
  int error = errno;
  arena_fini(&arena);
  file_remove_tree(folder);
  free(out);
  errno = error;
  return status;
}

bool tool_works(const struct tool *t, struct buf *why) {
  struct buf output;
  buf_init(&output, OUTPUT_MAX);
  int status = try_true(t, &output);
  while (output.n && output.p[output.n - 1] == '\n')
    output.n--;
  if (status < 0 && errno == ENOENT)
    buf_addf(why, "%s is not installed; install the Debian package %s", t->name, t->name);
  else if (status < 0)
    buf_addf(why, "can't start %s: %s", t->name, strerror(errno));
  else if (status != 0)
    buf_addf(why, "%s can't run a program here; it says:\n%s", t->name, buf_cstr(&output));
  buf_fini(&output);
  return status == 0;
}
