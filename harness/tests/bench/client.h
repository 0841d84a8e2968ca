/* What the bench's clients share: the socket, the clock, their arguments, and a request's header.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Connected to a Unix socket; -1 with errno set. */
static inline int client_connect(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    close(fd);
    fd = -1;
  }
  return fd;
}

/* Seconds. */
static inline double client_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A number from 1 on that is the whole word, or 0. */
static inline uint32_t client_number(const char *word) {
  char *end;
  unsigned long n = strtoul(word, &end, 10);
  return *end == '\0' && n < UINT32_MAX ? (uint32_t)n : 0;
}

enum { CLIENT_HEADER = 24 }; /* bytes */

static inline void client_put32(uint8_t *at, uint32_t n) {
  for (int i = 0; i < 4; i++)
    at[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* A request's header; `body` is the length of extras, key and value. */
static inline void client_put_header(uint8_t *at, uint8_t opcode, uint8_t key, uint8_t extras,
                                     uint32_t body, uint32_t opaque) {
  enum { MAGIC = 0x80, KEY_AT = 3, EXTRAS_AT = 4, BODY_AT = 8, OPAQUE_AT = 12 };
  memset(at, 0, CLIENT_HEADER);
  at[0] = MAGIC;
  at[1] = opcode;
  at[KEY_AT] = key;
  at[EXTRAS_AT] = extras;
  client_put32(at + BODY_AT, body);
  client_put32(at + OPAQUE_AT, opaque);
}

/* Sends of `n` bytes what the socket takes; how many that were, or -1 with errno set. */
static inline ssize_t client_send(int fd, const void *bytes, size_t n) {
  ssize_t took = send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
  return took < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : took;
}

/* Receives what is there, at most `room` of `due` bytes, and takes it off `due`; false with errno
 * set, EPROTO when the server has closed early or sent more than is due. */
static inline bool client_count(int fd, void *answers, size_t room, uint64_t *due) {
  ssize_t n = recv(fd, answers, room, MSG_DONTWAIT);
  if (n == 0 || (n > 0 && (uint64_t)n > *due)) {
    errno = EPROTO;
    return false;
  }
  *due -= n > 0 ? (uint64_t)n : 0;
  return n > 0 || errno == EAGAIN || errno == EINTR;
}

#endif
