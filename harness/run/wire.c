#include "run/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

struct packed {
  struct wire_report report;
  uint32_t brief, detail, kept, finding; /* bytes of text that follow; UINT32_MAX: NULL */
};

enum {
  PACKET_MAX =
      sizeof(struct packed) + WIRE_BRIEF_MAX + WIRE_DETAIL_MAX + WIRE_PATH_MAX + WIRE_FINDING_MAX
};

static ssize_t send_all(int fd, const void *p, size_t n) {
  ssize_t sent;
  do
    sent = send(fd, p, n, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent;
}

static ssize_t receive(int fd, void *p, size_t n, int flags) {
  ssize_t got;
  do
    got = recv(fd, p, n, flags);
  while (got < 0 && errno == EINTR);
  return got;
}

bool wire_send_job(int fd, const struct job *job) {
  return send_all(fd, job, sizeof *job) == (ssize_t)sizeof *job;
}

bool wire_receive_job(int fd, struct job *job) {
  return receive(fd, job, sizeof *job, 0) == (ssize_t)sizeof *job;
}

bool wire_send_go(int fd) {
  return send_all(fd, "g", 1) == 1;
}

bool wire_receive_go(int fd) {
  char go;
  return receive(fd, &go, 1, 0) == 1;
}

static uint32_t add_text(struct buf *out, const char *text, size_t max) {
  if (!text)
    return UINT32_MAX;
  size_t n = strnlen(text, max);
  buf_add(out, text, n);
  return (uint32_t)n;
}

bool wire_send_report(int fd, const struct wire_report *r) {
  struct packed head = {.report = *r};
  struct buf packet;
  buf_init(&packet, PACKET_MAX);
  buf_fill(&packet, 0, sizeof head);
  head.brief = add_text(&packet, r->verdict.brief, WIRE_BRIEF_MAX);
  head.detail = add_text(&packet, r->verdict.detail, WIRE_DETAIL_MAX);
  head.kept = add_text(&packet, r->kept, WIRE_PATH_MAX);
  head.finding = add_text(&packet, r->finding, WIRE_FINDING_MAX);
  memcpy(packet.p, &head, sizeof head);
  bool ok = send_all(fd, packet.p, packet.n) == (ssize_t)packet.n;
  buf_fini(&packet);
  return ok;
}

static char *take_text(const uint8_t **at, uint32_t n) {
  if (n == UINT32_MAX)
    return NULL;
  char *s = xmalloc(n + 1);
  memcpy(s, *at, n);
  s[n] = '\0';
  *at += n;
  return s;
}

bool wire_receive_report(int fd, struct wire_report *r, bool *ended) {
  uint8_t *packet = xmalloc(PACKET_MAX);
  struct packed head;
  ssize_t n = receive(fd, packet, PACKET_MAX, MSG_DONTWAIT);
  bool ok = n >= (ssize_t)sizeof head;
  *ended = !ok && !(n < 0 && errno == EAGAIN);
  if (ok) {
    memcpy(&head, packet, sizeof head);
    const uint8_t *at = packet + sizeof head;
    *r = head.report;
    r->verdict.brief = take_text(&at, head.brief);
    r->verdict.detail = take_text(&at, head.detail);
    r->kept = take_text(&at, head.kept);
    r->finding = take_text(&at, head.finding);
  }
  free(packet);
  return ok;
}
