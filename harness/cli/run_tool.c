#include "cli/run_tool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/command.h"
#include "cli/run_select.h"
#include "net/file.h"
#include "server/tool.h"
#include "session/cursor.h"

/* What the tool writes, as a path from the root: the server may be somewhere else. */
static char *out_path(const struct tool *t) {
  char *here = getcwd(NULL, 0);
  if (!here)
    DIE("no working directory: %s", strerror(errno));
  char *path =
      xasprintf("%s/%s%s", here, run_options_in_build() ? "build/report/" : "mcreplay-", t->out);
  free(here);
  return path;
}

/* Makes room for what the tool will write. A recording stands beside those before it. */
static bool prepare(const char *out) {
  char *folder = xstrdup(out);
  *strrchr(folder, '/') = '\0';
  bool ok = file_mkdirs(folder) && (unlink(out) == 0 || errno == ENOENT || errno == EISDIR);
  free(folder);
  return ok;
}

static int use(struct run_options *o, const struct run_words *w, const struct tool_use *tool) {
  struct run_config *config = &o->config;
  struct diag diag;
  struct buf why;
  int status = EXIT_WELL;
  diag_init(&diag);
  buf_init(&why, 32 << 10);
  if (!tool_apply(o->profile, tool, &diag)) {
    fputs(diag_text(&diag), stderr);
    status = EXIT_USAGE;
  } else if (!tool_works(tool->tool, &why)) {
    fprintf(stderr, "%s: --%s: %s\n", w->head, tool->tool->name, buf_cstr(&why));
    status = EXIT_INFRASTRUCTURE;
  } else if (tool->out && !prepare(tool->out)) {
    fprintf(stderr, "%s: --%s: can't write %s: %s\n", w->head, tool->tool->name, tool->out,
            strerror(errno));
    status = EXIT_INFRASTRUCTURE;
  }
  config->workers = 1;
  config->timeout_ms = tool_stretch(tool, config->timeout_ms);
  config->total_ms = tool_stretch(tool, config->total_ms);
  buf_fini(&why);
  diag_fini(&diag);
  return status;
}

static void add_note(struct run_options *o, const struct tool *t, const char *out) {
  char *note = out ? xasprintf("%s; %s writes to %s", o->note, t->name, out)
                   : xasprintf("%s; under %s", o->note, t->name);
  free(o->note);
  o->note = note;
}

int run_tool_start(struct run_options *o, const struct run_words *w) {
  const struct tool *t = w->tool ? tool_find(w->tool) : NULL;
  if (!t)
    return EXIT_WELL;
  if (o->profile->attached)
    return command_usage(w->program,
                         "--%s: a server that runs already can't be started under it; name "
                         "its profile (-s) or its command (--command)",
                         t->name);
  struct tool_use tool = {.tool = t, .options = w->tool_options};
  tool.terminal = t->terminal_words && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  struct job job;
  size_t n = run_select_count(o, &job);
  if (tool.terminal && n != 1)
    return command_usage(w->program,
                         "--%s on a terminal is for one case run, and %zu are selected; name "
                         "one case and one delivery, or give </dev/null for a backtrace of each "
                         "crash",
                         t->name, n);
  char *out = t->out ? out_path(t) : NULL;
  tool.out = out;
  int status = use(o, w, &tool);
  add_note(o, t, out);
  free(out);
  return status;
}

int run_tool_pause(const struct run_options *o, const struct run_words *w) {
  struct job job;
  unsigned steps;
  if (!w->pause_before)
    return EXIT_WELL;
  size_t n = run_select_count(o, &job);
  if (w->tool)
    return command_usage(w->program, "--pause-before and --%s exclude each other; give one",
                         w->tool);
  if (n != 1)
    return command_usage(w->program,
                         "--pause-before is for one case run, and %zu are selected; name "
                         "one case, one delivery and one transport",
                         n);
  if (o->deliveries[job.delivery].kind->crowds)
    return command_usage(w->program,
                         "--pause-before is for one player; name another delivery than %s",
                         o->deliveries[job.delivery].name);
  const struct test_case *c = suite_case(&o->suite, job.test);
  if (!step_numbered(c->session, w->pause_before, &steps))
    return command_usage(w->program, "--pause-before: %s has %u step%s; name one from 1 to %u",
                         c->id, steps, steps == 1 ? "" : "s", steps);
  return EXIT_WELL;
}

void run_tool_end(const struct run_options *o) {
  sigset_t ttou, before;
  if (!o->profile->terminal)
    return;
  /* The signal comes to who asks for the terminal from the background. */
  sigemptyset(&ttou);
  sigaddset(&ttou, SIGTTOU);
  sigprocmask(SIG_BLOCK, &ttou, &before);
  tcsetpgrp(STDIN_FILENO, getpgrp());
  sigprocmask(SIG_SETMASK, &before, NULL);
}
