#include "net/border.h"

#include <fcntl.h>
#include <sys/socket.h>

/* A message that is surely one piece in the receiver's queue; the kernel cuts longer ones, and the
 * descriptor would go with the first piece. */
enum { ONE_PIECE = 32 * 1024 };

int border_open(void) {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

ssize_t border_send(int fd, int carried, struct span bytes) {
  if (bytes.n > ONE_PIECE)
    return send(fd, bytes.p, bytes.n - ONE_PIECE, MSG_DONTWAIT | MSG_NOSIGNAL);

  struct iovec iov = {.iov_base = (void *)bytes.p, .iov_len = bytes.n};
  union {
    struct cmsghdr align;
    char room[CMSG_SPACE(sizeof carried)];
  } control = {0};
  struct msghdr msg = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control.room};
  struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
  cmsg->cmsg_level = SOL_SOCKET;
  cmsg->cmsg_type = SCM_RIGHTS;
  cmsg->cmsg_len = CMSG_LEN(sizeof carried);
  memcpy(CMSG_DATA(cmsg), &carried, sizeof carried);
  return sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}
