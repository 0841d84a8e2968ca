#include "server/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "mcbp/frame.h"
#include "net/tls.h"
#include "server/peer.h"
#include "server/wait.h"

enum {
  OPCODE_VERSION = 0x0b,
  ANSWER_MAX = HEADER_BYTES + 256,
  SHOWN_MAX = 48, /* of an answer that is none */
  PART_MS = 2000  /* that the server has to close after the client's end */
};

static enum probe_end not_yet(struct buf *why, const char *what, int error) {
  buf_reset(why);
  buf_addf(why, "%s: %s", what, strerror(error));
  return PROBE_NOT_YET;
}

static enum probe_end wrong(struct buf *why, const char *what, struct span answer) {
  buf_reset(why);
  buf_addf(why, "%s; its answer begins with \"", what);
  text_escape(why, span_sub(answer, 0, SHOWN_MAX));
  buf_add_str(why, "\"");
  return PROBE_WRONG;
}

/* PROBE_RIGHT when the event has come. */
static enum probe_end await(const struct probe *p, int fd, short events, struct buf *why,
                            const char *what) {
  enum wait_end end = wait_for(fd, events, p->watch, p->deadline);
  if (end == WAIT_READY)
    return PROBE_RIGHT;
  if (end == WAIT_ENDED)
    return PROBE_ENDED;
  buf_reset(why);
  buf_add_str(why, what);
  return PROBE_LATE;
}

static enum probe_end connect_to(const struct probe *p, const struct addr *a, int fd,
                                 struct buf *why) {
  if (connect(fd, (const struct sockaddr *)&a->sa, a->len) == 0)
    return PROBE_RIGHT;
  if (errno != EINPROGRESS)
    return not_yet(why, "cannot connect", errno);
  enum probe_end end = await(p, fd, POLLOUT, why, "the connection is not accepted");
  if (end != PROBE_RIGHT)
    return end;
  int error = 0;
  socklen_t len = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
  return error ? not_yet(why, "cannot connect", error) : PROBE_RIGHT;
}

/* Everything that the spawned process starts descends from the keeper, whoever ends first. */
static enum probe_end judge_peer(const struct probe *p, const struct addr *a, int fd,
                                 struct buf *why) {
  int pid;
  if (!p->keeper || peer_find(a, fd, p->keeper, &pid) != PEER_OTHERS)
    return PROBE_RIGHT;
  buf_reset(why);
  if (pid)
    buf_addf(why, "process %d listens on %s, which is not the spawned server", pid, a->text);
  else
    buf_addf(why, "another process than the spawned server has answered on %s", a->text);
  return PROBE_OTHER;
}

static enum probe_end judge_answer(const struct probe *p, const struct frame *f, struct span all,
                                   uint32_t opaque, struct buf *why) {
  if (f->h.magic != MAGIC_RESPONSE || f->h.opcode != OPCODE_VERSION || f->h.opaque != opaque)
    return wrong(why, "what answers `version` gives no answer to it", all);
  buf_reset(why);
  if (f->h.status != 0) {
    buf_addf(why, "`version` was answered with status 0x%04x", f->h.status);
    return PROBE_WRONG;
  }
  if (p->version && !span_eq(span_sub(f->value, 0, strlen(p->version)), span_str(p->version))) {
    buf_addf(why, "expected a version that starts with \"%s\", but the server says \"", p->version);
    text_escape(why, f->value);
    buf_add_str(why, "\"");
    return PROBE_WRONG;
  }
  if (p->said) {
    buf_reset(p->said);
    text_escape(p->said, f->value);
  }
  return PROBE_RIGHT;
}

/* The connection of an attempt. */
struct line {
  int fd;
  struct tls *tls; /* NULL without */
};

/* Sends what TLS has to say; little enough for a send queue that was empty. */
static bool flush(const struct line *line) {
  struct span wire = tls_wire(line->tls);
  if (wire.n && send(line->fd, wire.p, wire.n, MSG_NOSIGNAL) != (ssize_t)wire.n)
    return false;
  tls_taken(line->tls, wire.n);
  return true;
}

static bool say(const struct line *line, struct span bytes) {
  if (line->tls)
    return tls_seal(line->tls, bytes) && flush(line);
  return send(line->fd, bytes.p, bytes.n, MSG_NOSIGNAL) == (ssize_t)bytes.n;
}

/* Waits for bytes and takes them in. */
static enum probe_end feed(const struct probe *p, const struct line *line, struct buf *why,
                           const char *late) {
  uint8_t bytes[4096];
  enum probe_end end = await(p, line->fd, POLLIN, why, late);
  if (end != PROBE_RIGHT)
    return end;
  ssize_t got = recv(line->fd, bytes, sizeof bytes, 0);
  if (got < 0)
    return not_yet(why, "cannot read what the server says over TLS", errno);
  if (got == 0)
    tls_feed_end(line->tls);
  else
    tls_feed(line->tls, span_of(bytes, (size_t)got));
  if (tls_state(line->tls) != TLS_FAILED)
    return PROBE_RIGHT;
  buf_reset(why);
  buf_addf(why, "TLS: %s", tls_error(line->tls));
  return got == 0 ? PROBE_NOT_YET : PROBE_WRONG;
}

static enum probe_end shake_hands(const struct probe *p, const struct line *line, struct buf *why) {
  while (tls_state(line->tls) == TLS_SHAKING) {
    if (!flush(line))
      return not_yet(why, "cannot send TLS's handshake", errno);
    enum probe_end end =
        feed(p, line, why, "TLS's handshake is not answered; does the server speak TLS there?");
    if (end != PROBE_RIGHT) {
      flush(line); /* an alert that says why */
      return end;
    }
  }
  return flush(line) ? PROBE_RIGHT : not_yet(why, "cannot send TLS's handshake", errno);
}

/* As recv(), after waiting; 0 at the end. */
static enum probe_end hear(const struct probe *p, const struct line *line, uint8_t *bytes,
                           size_t room, ssize_t *got, struct buf *why) {
  static const char late[] = "`version` is not answered";
  enum probe_end end = PROBE_RIGHT;
  *got = 0;
  if (!line->tls) {
    end = await(p, line->fd, POLLIN, why, late);
    if (end == PROBE_RIGHT)
      *got = recv(line->fd, bytes, room, 0);
    return end;
  }
  while (end == PROBE_RIGHT && !(*got = (ssize_t)tls_read(line->tls, bytes, room)) &&
         tls_state(line->tls) == TLS_OPEN)
    end = feed(p, line, why, late);
  return end;
}

static enum probe_end ask_version(const struct probe *p, const struct line *line, struct buf *why) {
  uint32_t opaque = (uint32_t)wait_clock() * 2654435761u; /* not what a stale answer would hold */
  struct header request = {.magic = MAGIC_REQUEST, .opcode = OPCODE_VERSION, .opaque = opaque};
  uint8_t bytes[ANSWER_MAX];
  header_pack(&request, bytes);
  if (!say(line, span_of(bytes, HEADER_BYTES)))
    return not_yet(why, "cannot send `version`", errno);
  for (size_t n = 0;;) {
    ssize_t got;
    enum probe_end end = hear(p, line, bytes + n, sizeof bytes - n, &got, why);
    if (end != PROBE_RIGHT)
      return end;
    if (got == 0)
      return not_yet(why, "the connection was closed before `version` was answered", ECONNRESET);
    if (got < 0)
      return not_yet(why, "cannot read the answer to `version`", errno);
    n += (size_t)got;
    struct frame f;
    enum frame_cut cut = frame_cut(span_of(bytes, n), &f);
    if (cut == FRAME_WHOLE)
      return judge_answer(p, &f, span_of(bytes, n), opaque, why);
    if (cut == FRAME_NOT || n == sizeof bytes)
      return wrong(why, "what answers `version` does not speak the binary protocol",
                   span_of(bytes, n));
  }
}

/* Ends our side and waits until the server has closed. By then it is through with the connection:
 * it may count the bytes of an answer after the client has them, and a case that asks for the
 * counters would find these among its own. */
static void part(const struct probe *p, int fd) {
  uint8_t bytes[256];
  int64_t soon = wait_clock() + PART_MS, deadline = soon < p->deadline ? soon : p->deadline;
  shutdown(fd, SHUT_WR);
  while (wait_for(fd, POLLIN, p->watch, deadline) == WAIT_READY &&
         recv(fd, bytes, sizeof bytes, 0) > 0)
    ;
}

enum probe_end probe_server(const struct probe *p, const struct addr *a, struct buf *why) {
  int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return not_yet(why, "cannot make a socket", errno);
  enum probe_end end = connect_to(p, a, fd, why);
  if (end == PROBE_RIGHT && a->transport == TRANSPORT_UNIX)
    end = judge_peer(p, a, fd, why);
  struct line line = {fd, NULL};
  if (end == PROBE_RIGHT && a->transport == TRANSPORT_TLS) {
    char host[INET6_ADDRSTRLEN];
    addr_host(a, host);
    line.tls = tls_new(a->trust, host);
    end = shake_hands(p, &line, why);
  }
  if (end == PROBE_RIGHT)
    end = ask_version(p, &line, why);
  /* On TCP it has accepted now, which it must have to be told. */
  if ((end == PROBE_RIGHT || end == PROBE_WRONG) && a->transport != TRANSPORT_UNIX &&
      judge_peer(p, a, fd, why) == PROBE_OTHER)
    end = PROBE_OTHER;
  if (end == PROBE_RIGHT)
    part(p, fd);
  tls_free(line.tls);
  close(fd);
  return end;
}
