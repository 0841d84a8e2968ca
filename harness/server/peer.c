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
  int pid;       /* who has it; 0: none that was looked at */
  bool blind;    /* some process can't be looked at */
};

static bool points_to(DIR *fds, const char *name, const char *link) {
  char target[64];
  ssize_t n = readlinkat(dirfd(fds), name, target, sizeof target - 1);
  target[n > 0 ? n : 0] = '\0';
  return strcmp(target, link) == 0;
}

static void search_process(struct search *s, int pid) {
  char *path = xasprintf("/proc/%d/fd", pid);
  DIR *fds = opendir(path);
  free(path);
  s->blind |= !fds;
  for (struct dirent *d; fds && !s->pid && (d = readdir(fds)) != NULL;)
    if (points_to(fds, d->d_name, s->link))
      s->pid = pid;
  if (fds)
    closedir(fds);
}

static void search_tree(int pid, void *arg) {
  struct search *s = arg;
  search_process(s, pid);
  if (!s->pid)
    tree_each_child(pid, search_tree, s);
}

static void search_all(struct search *s) {
  DIR *proc = opendir("/proc");
  for (struct dirent *d; proc && !s->pid && (d = readdir(proc)) != NULL;)
    if (d->d_name[0] >= '1' && d->d_name[0] <= '9')
      search_process(s, atoi(d->d_name));
  if (proc)
    closedir(proc);
}

/* False when no program has the peer's socket open. */
static bool look(int fd, struct sockdiag_peer *peer) {
  struct sockdiag diag;
  bool there = sockdiag_open(&diag, fd) && sockdiag_look(&diag, true, peer) && peer->inode != 0;
  sockdiag_close(&diag);
  return there;
}

/* A server of ours may close it while it is searched for, as after a handshake that we refuse; for
 * a moment, longer on a busy machine, it is then open and no process has it. So it is another's
 * when another has it, or another user, whose processes nobody may look at. */
static enum peer_owner find_tcp(int fd, int ancestor, int *pid) {
  struct search s = {0}, others;
  struct sockdiag_peer peer, later;
  if (!look(fd, &peer))
    return PEER_UNKNOWN;
  snprintf(s.link, sizeof s.link, "socket:[%u]", peer.inode);
  others = s;
  tree_each_child(ancestor, search_tree, &s);
  if (s.pid)
    return PEER_OURS;
  if (s.blind || !look(fd, &later) || later.inode != peer.inode)
    return PEER_UNKNOWN;
  search_all(&others);
  if (others.pid && tree_holds(ancestor, others.pid))
    return PEER_OURS;
  *pid = others.pid;
  return others.pid || (others.blind && peer.uid != geteuid()) ? PEER_OTHERS : PEER_UNKNOWN;
}

enum peer_owner peer_find(const struct addr *a, int fd, int ancestor, int *pid) {
  struct ucred peer;
  socklen_t len = sizeof peer;
  *pid = 0;
  if (a->transport != TRANSPORT_UNIX)
    return find_tcp(fd, ancestor, pid);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
    return PEER_UNKNOWN;
  *pid = peer.pid;
  return tree_holds(ancestor, peer.pid) ? PEER_OURS : PEER_OTHERS;
}
