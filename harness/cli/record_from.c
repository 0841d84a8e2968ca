#include "cli/record_from.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/command.h"
#include "net/file.h"
#include "run/captured.h"

enum { SESSION_FILE_MAX = 64 << 20 };

struct from {
  const char *path, *out, *title;
  bool force;
  bool into; /* `out` is a folder: a session for each connection */
  struct captured_want want;
};

bool record_from_asked(int argc, char **argv) {
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], "--from") == 0 || strncmp(argv[i], "--from=", 7) == 0)
      return true;
  return false;
}

static bool parse(struct from *f, int argc, char **argv) {
  static const struct option options[] = {{"from", required_argument, NULL, 'F'},
                                          {"output", required_argument, NULL, 'o'},
                                          {"force", no_argument, NULL, 'f'},
                                          {"title", required_argument, NULL, 't'},
                                          {"port", required_argument, NULL, 'p'},
                                          {"dialect", required_argument, NULL, 'd'},
                                          {0}};
  int c;
  *f = (struct from){0};
  opterr = 0;
  while ((c = getopt_long(argc, argv, "o:f", options, NULL)) != -1)
    switch (c) {
    case 'F':
      f->path = optarg;
      break;
    case 'o':
      f->out = optarg;
      break;
    case 'f':
      f->force = true;
      break;
    case 't':
      f->title = optarg;
      break;
    case 'p':
      if (!command_port("record", optarg, &f->want.port))
        return false;
      break;
    case 'd':
      if (!command_dialect("record", optarg, &f->want.dialect))
        return false;
      break;
    default:
      command_bad_option("record", argv);
      return false;
    }
  if (optind < argc)
    return command_usage("record", "\"%s\" is too much; --from names the capture", argv[optind]),
           false;
  return true;
}

static bool is_folder(const char *path) {
  struct stat st;
  return path[0] &&
         (path[strlen(path) - 1] == '/' || (stat(path, &st) == 0 && S_ISDIR(st.st_mode)));
}

/* Where a session goes: the capture's name and the connection's, in the folder. The caller frees.
 */
static char *path_of(const struct from *f, size_t i) {
  if (!f->into)
    return xstrdup(f->out);
  const char *slash = strrchr(f->path, '/'), *name = slash ? slash + 1 : f->path;
  const char *dot = strrchr(name, '.');
  size_t n = strlen(f->out);
  return xasprintf("%s%s%.*s-c%zu.session", f->out, f->out[n - 1] == '/' ? "" : "/",
                   (int)(dot && dot > name ? (size_t)(dot - name) : strlen(name)), name, i + 1);
}

static int cannot_write(const char *path) {
  fprintf(stderr, "mcreplay record: can't write %s: %s\n", path, strerror(errno));
  return EXIT_INFRASTRUCTURE;
}

static int put(const struct from *f, size_t i, struct span text) {
  if (!f->out) {
    bool ok = fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0;
    return ok ? EXIT_WELL : cannot_write("standard output");
  }
  char *path = path_of(f, i);
  int status = file_write(path, text) ? EXIT_WELL : cannot_write(path);
  free(path);
  return status;
}

/* Nothing that is there is written over unasked, nor anything written when one of them is there. */
static bool is_free(const struct from *f, size_t sessions) {
  for (size_t i = 0; i < sessions && f->out && !f->force; i++) {
    char *path = path_of(f, i);
    bool there = access(path, F_OK) == 0;
    if (there)
      command_usage("record", "%s is there; name another with -o, or replace it with --force",
                    path);
    free(path);
    if (there)
      return false;
  }
  return true;
}

/* Makes all before it writes the first. */
static int write_sessions(const struct from *f, const struct captured *c, struct diag *diag) {
  struct buf *texts = xcalloc(c->scribes.n, sizeof *texts);
  int status = EXIT_WELL;
  for (size_t i = 0; i < c->scribes.n; i++) {
    buf_init(&texts[i], SESSION_FILE_MAX);
    if (status == EXIT_WELL && !captured_session(c, i, f->title, &texts[i], diag))
      status = EXIT_USAGE;
  }
  if (status == EXIT_WELL && f->into && !file_mkdirs(f->out))
    status = cannot_write(f->out);
  for (size_t i = 0; i < c->scribes.n; i++) {
    if (status == EXIT_WELL)
      status = put(f, i, buf_span(&texts[i]));
    buf_fini(&texts[i]);
  }
  free(texts);
  return status;
}

int record_from(int argc, char **argv) {
  struct from f;
  struct diag diag;
  struct captured c;
  int status = EXIT_USAGE;
  if (!parse(&f, argc, argv))
    return EXIT_USAGE;
  f.into = f.want.apart = f.out && is_folder(f.out);
  diag_init(&diag);
  if (captured_read(&c, f.path, &f.want, &diag) && is_free(&f, c.scribes.n)) {
    command_notes(f.path, c.notes);
    status = write_sessions(&f, &c, &diag);
  }
  fputs(diag_text(&diag), stderr);
  captured_fini(&c);
  diag_fini(&diag);
  return status;
}
