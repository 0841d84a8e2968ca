#include "cli/show_capture.h"

#include <errno.h>
#include <stdio.h>

#include "cli/command.h"
#include "net/capture.h"
#include "run/conversation.h"

/* The conversation on standard output. */
struct printer {
  struct conversation *talk;
  uint64_t began; /* of the first event */
  bool any;
};

/* The bytes of one side. */
struct collector {
  unsigned conn;
  bool from_server, any;
  struct buf *out;
};

/* Hands each event to `take`. */
static int read_all(const struct show_capture *show,
                    void (*take)(void *arg, const struct capture_event *e), void *arg) {
  struct diag diag;
  struct capture_event e;
  enum capture_read read = CAPTURE_BAD;
  diag_init(&diag);
  struct capture *c = capture_open(show->path, show->port, &diag);
  while (c && (read = capture_next(c, &e, &diag)) == CAPTURE_READ)
    take(arg, &e);
  fflush(stdout);
  if (c)
    command_notes(show->path, capture_notes(c));
  capture_close(c);
  fputs(diag_text(&diag), stderr);
  diag_fini(&diag);
  return read == CAPTURE_END ? EXIT_WELL : EXIT_USAGE;
}

static void print_event(void *arg, const struct capture_event *e) {
  struct printer *p = arg;
  if (!p->any)
    p->began = e->usec;
  p->any = true;
  struct tape_entry entry = {.conn = (unsigned)e->conn + 1,
                             .usec = e->usec > p->began ? e->usec - p->began : 0};
  switch (e->what) {
  case CAPTURE_OPENED:
    entry.kind = TAPE_OPENED;
    break;
  case CAPTURE_DATA:
    entry.kind = e->from_server ? TAPE_CAME : TAPE_SENT;
    break;
  case CAPTURE_ENDED:
    entry.kind = e->from_server ? TAPE_ENDED : TAPE_HALF_CLOSED;
    break;
  case CAPTURE_RESET:
    entry.kind = e->from_server ? TAPE_RESET : TAPE_CLOSED;
    break;
  case CAPTURE_LOST:
    printf("# c%u goes on, but bytes are missing\n", entry.conn);
    return;
  }
  conversation_add(p->talk, &entry, e->bytes);
}

int show_capture(const struct show_capture *show) {
  const struct conversation_style style = {
      .dialect = show->dialect, .whole = true, .times = show->times};
  struct printer p = {.talk = conversation_new(stdout, style)};
  int status = read_all(show, print_event, &p);
  conversation_free(p.talk);
  if (status == EXIT_WELL && !p.any)
    status = command_usage("show", "%s: no connection in it speaks MCBP%s", show->path,
                           show->port ? " on that port" : "; name the server's port with --port");
  if (fflush(stdout) == 0 && !ferror(stdout))
    return status;
  fprintf(stderr, "mcreplay show: can't write: %s\n", strerror(errno));
  return EXIT_INFRASTRUCTURE;
}

static void collect_event(void *arg, const struct capture_event *e) {
  struct collector *c = arg;
  if (e->conn + 1 != c->conn)
    return;
  c->any = true;
  if (e->what == CAPTURE_DATA && e->from_server == c->from_server)
    buf_add_span(c->out, e->bytes);
}

int show_capture_bytes(const struct show_capture *show, unsigned conn, bool from_server,
                       struct buf *out) {
  struct collector c = {.conn = conn, .from_server = from_server, .out = out};
  int status = read_all(show, collect_event, &c);
  if (status == EXIT_WELL && !c.any)
    return command_usage("show", "%s: it has no MCBP connection c%u", show->path, conn);
  if (status == EXIT_WELL && out->failed)
    return command_usage("show", "%s: more than %zu MiB", show->path, out->cap >> 20);
  return status;
}
