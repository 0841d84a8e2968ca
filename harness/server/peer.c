#include "server/peer.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "net/sockdiag.h"
#include "server/tree.h"

/* A search for the descriptor of a socket. */
struct search {
  char link[32]; /* what such a descriptor points to */
  bool found;
  bool blind; /* some process can't be looked at */
};

static bool points_to(DIR *fds, const char *name, const char *link) {
  char target[64];
  ssize_t n = readlinkat(dirfd(fds), name, target, sizeof target - 1);
  target[n > 0 ? n : 0] = '\0';
  return strcmp(target, link) == 0;
}

static void search_process(int pid, void *arg) {
  struct search *s = arg;
  char *path = xasprintf("/proc/%d/fd", pid);
  DIR *fds = opendir(path);
  free(path);
  s->blind |= !fds;
  for (struct dirent *d; fds && !s->found && (d = readdir(fds)) != NULL;)
    s->found = points_to(fds, d->d_name, s->link);
  if (fds)
    closedir(fds);
  if (!s->found)
    tree_each_child(pid, search_process, s);
}

/* The number of the socket at the other end, or 0 when no program has it open. */
static uint32_t peer_inode(int fd) {
  struct sockdiag diag;
  struct sockdiag_peer peer = {0};
  bool there = sockdiag_open(&diag, fd) && sockdiag_look(&diag, &peer);
  sockdiag_close(&diag);
  return there ? peer.inode : 0;
}

static enum peer_owner find_tcp(int fd, int ancestor) {
  struct search s = {0};
  uint32_t inode = peer_inode(fd);
  if (inode == 0)
    return PEER_UNKNOWN;
  snprintf(s.link, sizeof s.link, "socket:[%u]", inode);
  tree_each_child(ancestor, search_process, &s);
  if (s.found)
    return PEER_OURS;
  /* A server of ours may have closed it while we searched, as after a handshake that we refuse. */
  return s.blind || peer_inode(fd) != inode ? PEER_UNKNOWN : PEER_OTHERS;
}

enum peer_owner peer_find(const struct addr *a, int fd, int ancestor, int *pid) {
  struct ucred peer;
  socklen_t len = sizeof peer;
  *pid = 0;
  if (a->transport != TRANSPORT_UNIX)
    return find_tcp(fd, ancestor);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
    return PEER_UNKNOWN;
  *pid = peer.pid;
  return tree_holds(ancestor, peer.pid) ? PEER_OURS : PEER_OTHERS;
}
