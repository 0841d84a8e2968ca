#include "run/pause.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

struct pause {
  struct event *readable;
  void (*go)(void *arg);
  void *arg;
};

static void readable_cb(evutil_socket_t fd, short what, void *arg) {
  struct pause *p = arg;
  char typed[512];
  ssize_t n = what & EV_READ ? read(fd, typed, sizeof typed) : 0;
  if (n > 0 ? !memchr(typed, '\n', (size_t)n) : n < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  event_del(p->readable);
  p->go(p->arg);
}

struct pause *pause_new(struct event_base *base, void (*go)(void *arg), void *arg) {
  struct pause *p = xcalloc(1, sizeof *p);
  p->go = go;
  p->arg = arg;
  p->readable = event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, readable_cb, p);
  if (!p->readable)
    DIE("no event");
  /* What can't be waited for, such as /dev/null, is at its end, or closed. */
  if (event_add(p->readable, NULL) != 0)
    event_active(p->readable, EV_TIMEOUT, 0);
  return p;
}

void pause_free(struct pause *p) {
  if (!p)
    return;
  event_free(p->readable);
  free(p);
}
