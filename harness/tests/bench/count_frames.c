/* The speed that a server and the kernel allow: sends noop frames as fast as the socket takes them,
 * or with a depth so that no more than that many wait for their answers, and only counts the bytes
 * that come back. The measure for mcreplay's own speed. */
#include <poll.h>
#include <stdio.h>

#include "client.h"

enum { FRAME = CLIENT_HEADER, CHUNK_FRAMES = 64 * 1024 / FRAME, CHUNK = CHUNK_FRAMES * FRAME };
enum { OP_NOOP = 0x0a };

struct sender {
  uint8_t bytes[CHUNK];
  size_t at, n;       /* what of `bytes` is still to send */
  uint64_t next, end; /* the frames that are not yet in `bytes` */
};

static void sender_fill(struct sender *s) {
  s->at = s->n = 0;
  for (; s->n < CHUNK && s->next < s->end; s->n += FRAME)
    client_put_header(s->bytes + s->n, OP_NOOP, 0, 0, 0, (uint32_t)s->next++);
}

/* Sends and counts until every frame is answered; false with errno set. */
static bool exchange(int fd, uint64_t frames, uint64_t depth) {
  static struct sender sender;
  static uint8_t answers[CHUNK];
  sender.end = frames;
  uint64_t due = frames * FRAME, unsent = due;
  while (due > 0) {
    if (sender.at == sender.n)
      sender_fill(&sender);
    uint64_t room = depth * FRAME - (due - unsent), left = sender.n - sender.at;
    size_t chunk = (size_t)(left < room ? left : room);
    bool sending = chunk > 0;
    struct pollfd ready = {.fd = fd, .events = (short)(POLLIN | (sending ? POLLOUT : 0))};
    if (poll(&ready, 1, -1) < 0 && errno != EINTR)
      return false;
    if (ready.revents & POLLOUT) {
      ssize_t n = client_send(fd, sender.bytes + sender.at, chunk);
      if (n < 0)
        return false;
      sender.at += (size_t)n;
      unsent -= (uint64_t)n;
    }
    if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) &&
        !client_count(fd, answers, sizeof answers, &due))
      return false;
  }
  return true;
}

int main(int argc, char **argv) {
  uint64_t frames = argc == 3 || argc == 4 ? client_number(argv[2]) : 0;
  uint64_t depth = argc == 4 ? client_number(argv[3]) : frames;
  if (frames == 0 || depth == 0) {
    fputs("usage: count_frames SOCKET FRAMES [DEPTH]\n", stderr);
    return 2;
  }
  int fd = client_connect(argv[1]);
  double start = client_now();
  if (fd < 0 || !exchange(fd, frames, depth)) {
    fprintf(stderr, "count_frames: %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  double seconds = client_now() - start;
  close(fd);
  printf("%.0f frames/s, %.6f s\n", (double)frames / seconds, seconds);
  return 0;
}
