#include "run/captured.h"

#include <stdlib.h>

#include "base/check.h"

enum { KEPT_MAX = 256 << 20 };

/* A capture's connection: its session, and what it is called there. */
struct place {
  struct scribe *scribe;
  size_t conn;
};

static struct scribe *add_scribe(struct captured *c, const struct captured_want *want) {
  struct scribe *s = scribe_new(want->dialect, KEPT_MAX);
  *(struct scribe **)vec_push(&c->scribes) = s;
  return s;
}

static struct scribe *scribe_at(const struct captured *c, size_t i) {
  return *(struct scribe **)vec_at(&c->scribes, i);
}

static void open_conn(struct captured *c, const struct captured_want *want, struct vec *places) {
  bool another = want->apart || c->scribes.n == 0;
  struct scribe *s = another ? add_scribe(c, want) : scribe_at(c, c->scribes.n - 1);
  struct place *p = vec_push(places);
  *p = (struct place){s, scribe_open(s)};
}

static bool take(const struct place *p, const struct capture_event *e) {
  switch (e->what) {
  case CAPTURE_DATA:
    return scribe_bytes(p->scribe, p->conn, e->from_server, e->bytes);
  case CAPTURE_ENDED:
    return scribe_end(p->scribe, p->conn,
                      e->from_server ? SCRIBE_SERVER_CLOSED : SCRIBE_CLIENT_ENDED);
  case CAPTURE_RESET:
    return scribe_end(p->scribe, p->conn,
                      e->from_server ? SCRIBE_SERVER_CLOSED : SCRIBE_CLIENT_GONE);
  case CAPTURE_LOST:
    return scribe_end(p->scribe, p->conn, SCRIBE_LOST);
  case CAPTURE_OPENED:
    break;
  }
  return true;
}

/* Reads to the end, or until more has come than is kept. */
static bool read_all(struct captured *c, struct capture *capture, const struct captured_want *want,
                     struct diag *diag) {
  struct capture_event e;
  struct vec places; /* by the capture's connection */
  enum capture_read read;
  size_t kept = 0;
  vec_init(&places, sizeof(struct place));
  while ((read = capture_next(capture, &e, diag)) == CAPTURE_READ) {
    if (e.what == CAPTURE_OPENED)
      open_conn(c, want, &places);
    kept += e.bytes.n;
    if (kept > KEPT_MAX || !take(vec_at(&places, e.conn), &e)) {
      diag_at(diag, c->path, 0, 0,
              "more than %d MiB, which no session holds; take a part of it: editcap -A, -B or -r",
              KEPT_MAX >> 20);
      read = CAPTURE_BAD;
      break;
    }
  }
  vec_fini(&places);
  return read == CAPTURE_END;
}

bool captured_read(struct captured *c, const char *path, const struct captured_want *want,
                   struct diag *diag) {
  *c = (struct captured){.path = path};
  vec_init(&c->scribes, sizeof(struct scribe *));
  struct capture *capture = capture_open(path, want->port, diag);
  bool ok = capture && read_all(c, capture, want, diag);
  c->notes = xstrdup(ok ? capture_notes(capture) : "");
  capture_close(capture);
  if (ok && c->scribes.n == 0) {
    diag_at(diag, path, 0, 0, "no connection in it speaks MCBP%s",
            want->port ? " on that port" : "; if one does, name the server's port with --port");
    ok = false;
  }
  return ok;
}

void captured_fini(struct captured *c) {
  for (size_t i = 0; i < c->scribes.n; i++)
    scribe_free(scribe_at(c, i));
  vec_fini(&c->scribes);
  free(c->notes);
}

bool captured_session(const struct captured *c, size_t i, const char *title, struct buf *out,
                      struct diag *diag) {
  const char *slash = strrchr(c->path, '/'), *name = slash ? slash + 1 : c->path;
  char *own = c->scribes.n > 1 ? xasprintf("what passed on connection %zu of %s", i + 1, name)
                               : xasprintf("what passed in %s", name);
  struct buf why;
  buf_init(&why, 64 << 10);
  const struct scribe_head head = {title ? title : own, c->notes};
  bool ok = scribe_write(scribe_at(c, i), &head, out, &why);
  if (!ok)
    diag_at(diag, c->path, 0, 0, "%s", buf_cstr(&why));
  buf_fini(&why);
  free(own);
  return ok;
}
