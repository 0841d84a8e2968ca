/* How fast a server hands out a value, and to whom: stores one, asks for it again and again in one
 * pipeline, and only counts the bytes that come back. A slow reader sends all its requests before
 * it reads anything, and then reads in small pieces, so that the server's queue is full all the
 * time. */
#include <poll.h>
#include <stdio.h>

#include "client.h"

enum {
  HEADER = CLIENT_HEADER,
  SET_EXTRAS = 8,
  GET_EXTRAS = 4, /* in the answer */
  KEY = 1,
  REQUEST = HEADER + KEY,
  OP_GET = 0x00,
  OP_SET = 0x01
};
enum {
  BATCH = 512, /* requests that are sent at a time */
  READ_MAX = 256 * 1024,
  READ_SLOW = 4096,
  STALL_MS = 20 /* without a byte more that the server takes: it takes none until it is read from */
};

/* Stores the value and reads the answer; false with errno set. */
static bool store(int fd, uint32_t size) {
  uint8_t answer[HEADER];
  size_t n = HEADER + SET_EXTRAS + KEY + (size_t)size;
  uint8_t *request = malloc(n);
  if (!request)
    return false;
  memset(request, 'v', n);
  client_put_header(request, OP_SET, KEY, SET_EXTRAS, SET_EXTRAS + KEY + size, 0);
  memset(request + HEADER, 0, SET_EXTRAS);
  bool sent = true;
  for (size_t at = 0; at < n && sent;) {
    ssize_t took = send(fd, request + at, n - at, MSG_NOSIGNAL);
    sent = took > 0;
    at += sent ? (size_t)took : 0;
  }
  free(request);
  if (!sent || recv(fd, answer, sizeof answer, MSG_WAITALL) != HEADER)
    return false;
  errno = EPROTO;
  return answer[6] == 0 && answer[7] == 0;
}

/* The requests that are still to be sent. */
struct pipeline {
  uint8_t batch[BATCH * REQUEST];
  size_t at, n; /* what of `batch` is still to be sent */
  uint64_t left;
};

static void pipeline_fill(struct pipeline *p) {
  uint64_t n = p->left < BATCH ? p->left : BATCH;
  p->left -= n;
  p->at = 0;
  p->n = (size_t)n * REQUEST;
}

/* Sends what the socket takes; false with errno set. */
static bool pipeline_send(struct pipeline *p, int fd) {
  ssize_t n = client_send(fd, p->batch + p->at, p->n - p->at);
  if (n < 0)
    return false;
  p->at += (size_t)n;
  if (p->at == p->n)
    pipeline_fill(p);
  return true;
}

static bool pipeline_sent(const struct pipeline *p) {
  return p->at == p->n;
}

/* Sends and counts until `due` bytes have come; false with errno set. */
static bool exchange(int fd, struct pipeline *p, uint64_t due, bool slow) {
  static uint8_t answers[READ_MAX];
  bool reads = !slow;
  while (due > 0) {
    bool sends = !pipeline_sent(p);
    reads |= !sends;
    struct pollfd ready = {.fd = fd,
                           .events = (short)((reads ? POLLIN : 0) | (sends ? POLLOUT : 0))};
    int count = poll(&ready, 1, reads ? -1 : STALL_MS);
    if (count < 0 && errno != EINTR)
      return false;
    reads |= count == 0;
    if ((ready.revents & POLLOUT) && !pipeline_send(p, fd))
      return false;
    if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) &&
        !client_count(fd, answers, slow ? READ_SLOW : READ_MAX, &due))
      return false;
  }
  return true;
}

int main(int argc, char **argv) {
  static struct pipeline p;
  bool slow = argc == 5 && strcmp(argv[4], "slow") == 0;
  uint32_t size = argc >= 4 ? client_number(argv[2]) : 0,
           times = argc >= 4 ? client_number(argv[3]) : 0;
  if (argc < 4 || argc > 5 || (argc == 5 && !slow) || !size || !times) {
    fputs("usage: get_values SOCKET BYTES TIMES [slow]\n", stderr);
    return 2;
  }
  for (size_t i = 0; i < BATCH; i++) {
    client_put_header(p.batch + i * REQUEST, OP_GET, KEY, 0, KEY, 0);
    p.batch[i * REQUEST + HEADER] = 'v';
  }
  p.left = times;
  pipeline_fill(&p);
  int fd = client_connect(argv[1]);
  bool ok = fd >= 0 && store(fd, size);
  double start = client_now();
  if (!ok || !exchange(fd, &p, (uint64_t)times * (HEADER + GET_EXTRAS + (uint64_t)size), slow)) {
    fprintf(stderr, "get_values: %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  double seconds = client_now() - start;
  close(fd);
  printf("%.0f gets/s, %.6f s\n", times / seconds, seconds);
  return 0;
}
