#include "net/sockdiag.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  LISTENING = 10, /* the kernel's number; netinet/tcp.h can't be included beside linux/tcp.h */
  ANSWER_MAX = 2048
};

static void set_end(const struct sockaddr_storage *sa, __be16 *port, __be32 address[4]) {
  if (sa->ss_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const void *)sa;
    *port = in6->sin6_port;
    memcpy(address, &in6->sin6_addr, sizeof in6->sin6_addr);
  } else {
    const struct sockaddr_in *in = (const void *)sa;
    *port = in->sin_port;
    memcpy(address, &in->sin_addr, sizeof in->sin_addr);
  }
}

bool sockdiag_open(struct sockdiag *d, int fd) {
  struct sockaddr_storage ours = {0}, theirs = {0};
  socklen_t n = sizeof ours, m = sizeof theirs;
  *d = (struct sockdiag){.netlink = -1};
  if (getsockname(fd, (struct sockaddr *)&ours, &n) != 0 ||
      getpeername(fd, (struct sockaddr *)&theirs, &m) != 0)
    return false;
  struct sockdiag_question q = {
      .h = {.nlmsg_len = sizeof q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
      .request = {.sdiag_family = (__u8)ours.ss_family,
                  .sdiag_protocol = IPPROTO_TCP,
                  .idiag_ext = 1 << (INET_DIAG_INFO - 1)}};
  q.request.id.idiag_cookie[0] = q.request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  set_end(&theirs, &q.request.id.idiag_sport, q.request.id.idiag_src);
  set_end(&ours, &q.request.id.idiag_dport, q.request.id.idiag_dst);
  for (int i = 0; i < SOCKDIAG_LOOKS; i++)
    d->questions[i] = q;
  d->netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
  return d->netlink >= 0;
}

void sockdiag_close(struct sockdiag *d) {
  if (d->netlink >= 0)
    close(d->netlink);
  d->netlink = -1;
}

/* A socket that no program has any more comes without its tcp_info; a newer kernel's has more. */
static bool read_info(const struct rtattr *a, struct sockdiag_peer *peer) {
  enum { NEEDED = offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(uint64_t) };
  struct tcp_info info;
  if (a->rta_type != INET_DIAG_INFO || RTA_PAYLOAD(a) < NEEDED)
    return false;
  memcpy(&info, RTA_DATA(a), NEEDED);
  peer->received = info.tcpi_bytes_received;
  return true;
}

static bool read_answer(const struct sockdiag *d, const struct nlmsghdr *h, size_t n,
                        struct sockdiag_peer *peer) {
  enum { FIXED = NLMSG_SPACE(sizeof(struct inet_diag_msg)) };
  if (n < FIXED || h->nlmsg_len > n || h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
    return false;
  const struct inet_diag_msg *m = NLMSG_DATA(h);
  /* Where there is no such connection, the kernel may answer for the socket that listens. */
  if (m->idiag_state == LISTENING || m->id.idiag_dport != d->questions[0].request.id.idiag_dport)
    return false;
  *peer = (struct sockdiag_peer){
      .inode = m->idiag_inode, .uid = m->idiag_uid, .unread = m->idiag_rqueue};
  size_t left = h->nlmsg_len - FIXED;
  const struct rtattr *a = (const void *)((const char *)h + FIXED);
  for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
    if (read_info(a, peer))
      return true;
  return false;
}

bool sockdiag_look(const struct sockdiag *d, bool all_there, struct sockdiag_peer *peer) {
  union {
    struct nlmsghdr h;
    char room[ANSWER_MAX];
  } answers[SOCKDIAG_LOOKS];
  struct iovec room[SOCKDIAG_LOOKS];
  struct mmsghdr came[SOCKDIAG_LOOKS];
  unsigned looks = all_there ? 1 : SOCKDIAG_LOOKS;
  size_t asked = looks * sizeof d->questions[0];
  for (unsigned i = 0; i < looks; i++) {
    room[i] = (struct iovec){&answers[i], sizeof answers[i]};
    came[i].msg_hdr = (struct msghdr){.msg_iov = &room[i], .msg_iovlen = 1};
  }
  /* The answers are there when send returns. */
  if (d->netlink < 0 || send(d->netlink, d->questions, asked, 0) != (ssize_t)asked ||
      recvmmsg(d->netlink, came, looks, 0, NULL) != (int)looks)
    return false;
  struct sockdiag_peer first = {0};
  for (unsigned i = 0; i < looks; i++) {
    if (!read_answer(d, &answers[i].h, came[i].msg_len, peer))
      return false;
    if (i == 0)
      first = *peer;
  }
  peer->received = first.received;
  return true;
}
