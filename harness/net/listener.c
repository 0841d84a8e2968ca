#include "net/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"

struct listener {
  struct addr at;
  int fd;
  struct event *event;
  listener_cb accepted;
  void *arg;
};

/* A socket file that its listener left behind when it was killed. */
static bool is_left_behind(const struct addr *at) {
  struct sockaddr_un sa;
  struct stat st;
  memcpy(&sa, &at->sa, sizeof sa);
  if (lstat(sa.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
    return false;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  bool refused =
      fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof sa) != 0 && errno == ECONNREFUSED;
  if (fd >= 0)
    close(fd);
  return refused;
}

static void remove_file(const struct addr *at) {
  struct sockaddr_un sa;
  memcpy(&sa, &at->sa, sizeof sa);
  unlink(sa.sun_path);
}

static bool bind_to(int fd, const struct addr *at) {
  if (bind(fd, (const struct sockaddr *)&at->sa, at->len) == 0)
    return true;
  if (errno != EADDRINUSE || at->transport != TRANSPORT_UNIX)
    return false;
  if (!is_left_behind(at)) {
    errno = EADDRINUSE;
    return false;
  }
  remove_file(at);
  return bind(fd, (const struct sockaddr *)&at->sa, at->len) == 0;
}

static int open_socket(const struct addr *at) {
  int fd = socket(at->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  if (fd < 0)
    return -1;
  if (at->transport != TRANSPORT_UNIX)
    CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  if (bind_to(fd, at) && listen(fd, SOMAXCONN) == 0)
    return fd;
  int err = errno;
  close(fd);
  errno = err;
  return -1;
}

static void on_ready(evutil_socket_t fd, short what, void *arg) {
  struct listener *l = arg;
  (void)what;
  int conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (conn >= 0)
    l->accepted(l->arg, conn);
  else if (errno == EMFILE || errno == ENFILE)
    listener_rest(l);
}

struct listener *listener_new(struct event_base *base, const struct addr *at, listener_cb accepted,
                              void *arg, struct buf *why) {
  int fd = open_socket(at);
  if (fd < 0) {
    buf_addf(why, "can't listen at %s: %s", at->text, strerror(errno));
    return NULL;
  }
  struct listener *l = xcalloc(1, sizeof *l);
  *l = (struct listener){.at = *at, .fd = fd, .accepted = accepted, .arg = arg};
  if (at->transport != TRANSPORT_UNIX)
    addr_bound(&l->at, fd);
  l->event = event_new(base, fd, EV_READ | EV_PERSIST, on_ready, l);
  CHECK(l->event && event_add(l->event, NULL) == 0);
  return l;
}

void listener_free(struct listener *l) {
  if (!l)
    return;
  event_free(l->event);
  close(l->fd);
  if (l->at.transport == TRANSPORT_UNIX)
    remove_file(&l->at);
  free(l);
}

const struct addr *listener_addr(const struct listener *l) {
  return &l->at;
}

void listener_rest(struct listener *l) {
  event_del(l->event);
}

void listener_wake(struct listener *l) {
  CHECK(event_add(l->event, NULL) == 0);
}
