#include "server/ready.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/text.h"
#include "net/file.h"
#include "server/wait.h"

enum { PORT_FILE_MAX = 4096 };

static enum probe_end trouble(struct buf *why, const char *what, int error) {
  buf_reset(why);
  buf_addf(why, "%s: %s", what, strerror(error));
  return PROBE_WRONG;
}

static enum probe_end file_wait(const struct ready *r, struct buf *why) {
  char events[4096];
  enum probe_end end = PROBE_RIGHT;
  int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0)
    return trouble(why, "cannot watch the server's folder", errno);
  if (inotify_add_watch(fd, r->dir, IN_CREATE | IN_MOVED_TO) < 0) {
    end = trouble(why, "cannot watch the server's folder", errno);
    goto out;
  }
  /* Looked for only after the watch is set: what appears in between has its event. */
  while (access(r->file, F_OK) != 0) {
    enum wait_end wait = wait_for(fd, POLLIN, r->probe.watch, r->probe.deadline);
    if (wait == WAIT_ENDED) {
      end = PROBE_ENDED;
      goto out;
    }
    if (wait == WAIT_LATE) {
      buf_reset(why);
      buf_addf(why, "%s has not appeared", r->file);
      end = PROBE_LATE;
      goto out;
    }
    while (read(fd, events, sizeof events) > 0)
      ;
  }
out:
  close(fd);
  return end;
}

/* Finds the line "TCP INET: PORT". */
static bool port_find(const char *text, uint16_t *port) {
  static const char prefix[] = "TCP INET: ";
  uint64_t number;
  for (const char *line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    struct span rest = span_from(span_str(line), sizeof prefix - 1);
    if (strncmp(line, prefix, sizeof prefix - 1) == 0 &&
        text_number(span_sub(rest, 0, strcspn((const char *)rest.p, "\n")), &number) &&
        number > 0 && number <= UINT16_MAX) {
      *port = (uint16_t)number;
      return true;
    }
  }
  return false;
}

static enum probe_end port_read(const struct ready *r, struct addr *a, struct buf *why) {
  struct buf text;
  uint16_t port;
  enum probe_end end = PROBE_RIGHT;
  buf_init(&text, PORT_FILE_MAX);
  if (!file_read(r->file, &text)) {
    end = trouble(why, "cannot read the port file", errno);
  } else if (!port_find(buf_cstr(&text), &port)) {
    buf_reset(why);
    buf_add_str(why, "the port file holds no line \"TCP INET: PORT\"");
    end = PROBE_WRONG;
  } else {
    addr_loopback(a, port);
    if (r->trust)
      addr_secure(a, r->trust);
  }
  buf_fini(&text);
  return end;
}

enum probe_end ready_wait(const struct ready *r, struct addr *a, struct buf *why) {
  enum probe_end end = r->file ? file_wait(r, why) : PROBE_RIGHT;
  if (end == PROBE_RIGHT && r->is_port_file)
    end = port_read(r, a, why);
  if (end != PROBE_RIGHT)
    return end;
  while ((end = probe_server(&r->probe, a, why)) == PROBE_NOT_YET) {
    if (r->probe.watch < 0)
      return PROBE_WRONG;
    /* The socket is bound, or is about to be, but nobody listens yet, and no event tells of
     * listen(): look again in a millisecond, unless the server ends before. */
    if (wait_for(-1, 0, r->probe.watch, wait_clock() + 1) == WAIT_ENDED)
      return PROBE_ENDED;
    if (wait_left(r->probe.deadline) == 0)
      return PROBE_LATE;
  }
  return end;
}
