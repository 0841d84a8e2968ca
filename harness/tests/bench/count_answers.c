/* The least that a client can do for small items: sends sets and gets on one or more connections,
 * with a depth so that no more than that many wait for their answers on each, and only counts the
 * bytes that come back. The measure for `mcreplay replay`, whose captures are recordings of it.
 *
 * Requests come in rounds: an item is stored and then read nine times. Each connection has items of
 * its own, so what is answered does not depend on how the connections take turns. */
#include <poll.h>
#include <stdio.h>

#include "client.h"

enum { HEADER = CLIENT_HEADER, SET_EXTRAS = 8, GET_EXTRAS = 4, KEY = 12, VALUE = 32 };
enum { GETS = 9, ITEMS = 1000 };
enum {
  SET = HEADER + SET_EXTRAS + KEY + VALUE,
  GET = HEADER + KEY,
  ROUND = 1 + GETS,
  ROUND_BYTES = SET + GETS * GET,
  ANSWERED_BYTES = HEADER + GETS * (HEADER + GET_EXTRAS + VALUE) /* of a round */
};
enum { OP_GET = 0x00, OP_SET = 0x01 };
enum { TALKS_MAX = 16, BATCH = 128, READ_MAX = 64 * 1024 };

struct talk {
  int fd;
  char name; /* of its items */
  uint64_t rounds;
  uint64_t made;                      /* rounds that are or were in `bytes` */
  uint8_t bytes[BATCH * ROUND_BYTES]; /* .. */
  size_t at, n;                       /* what of them is still to be sent */
  uint64_t sent, due;                 /* bytes, in all; and those that are still to come */
};

/* A request without its value. */
static uint8_t *put_request(uint8_t *at, uint8_t opcode, uint8_t extras, uint32_t value,
                            uint32_t opaque, const char *key) {
  client_put_header(at, opcode, KEY, extras, extras + KEY + value, opaque);
  memset(at + HEADER, 0, extras);
  memcpy(at + HEADER + extras, key, KEY);
  return at + HEADER + extras + KEY;
}

static void put_round(uint8_t *at, char name, uint64_t number) {
  char key[KEY + 1], value[VALUE + 1];
  uint32_t opaque = (uint32_t)(number * ROUND);
  snprintf(key, sizeof key, "%c-item-%05u", name, (unsigned)(number % ITEMS));
  snprintf(value, sizeof value, "%c%031llu", name, (unsigned long long)number);
  at = put_request(at, OP_SET, SET_EXTRAS, VALUE, opaque++, key);
  memcpy(at, value, VALUE);
  at += VALUE;
  for (int i = 0; i < GETS; i++)
    at = put_request(at, OP_GET, 0, 0, opaque++, key);
}

static void talk_fill(struct talk *t) {
  t->at = t->n = 0;
  for (int i = 0; i < BATCH && t->made < t->rounds; i++, t->n += ROUND_BYTES)
    put_round(t->bytes + t->n, t->name, t->made++);
}

static uint64_t answered(const struct talk *t) {
  return t->rounds * ANSWERED_BYTES - t->due;
}

/* Bytes that may be sent now, as far as the depth allows. */
static size_t talk_may(const struct talk *t, uint64_t depth) {
  uint64_t allowed = (answered(t) / ANSWERED_BYTES + depth / ROUND) * ROUND_BYTES;
  uint64_t room = allowed > t->sent ? allowed - t->sent : 0;
  return t->n - t->at < room ? t->n - t->at : (size_t)room;
}

/* Sends and receives what it can; false with errno set. */
static bool talk_go_on(struct talk *t, short ready, size_t may) {
  static uint8_t answers[READ_MAX];
  if (ready & POLLOUT) {
    ssize_t n = client_send(t->fd, t->bytes + t->at, may);
    if (n < 0)
      return false;
    t->at += (size_t)n;
    t->sent += (uint64_t)n;
  }
  return !(ready & (POLLIN | POLLHUP | POLLERR)) ||
         client_count(t->fd, answers, sizeof answers, &t->due);
}

/* Sends and counts until all is answered; false with errno set. */
static bool exchange(struct talk *talks, size_t n, uint64_t depth) {
  struct pollfd ready[TALKS_MAX];
  size_t may[TALKS_MAX];
  for (;;) {
    size_t busy = 0;
    for (size_t i = 0; i < n; i++) {
      struct talk *t = &talks[i];
      if (t->at == t->n)
        talk_fill(t);
      may[i] = talk_may(t, depth);
      ready[i] = (struct pollfd){.fd = t->due ? t->fd : -1,
                                 .events = (short)(POLLIN | (may[i] ? POLLOUT : 0))};
      busy += t->due > 0;
    }
    if (busy == 0)
      return true;
    if (poll(ready, n, -1) < 0 && errno != EINTR)
      return false;
    for (size_t i = 0; i < n; i++)
      if (!talk_go_on(&talks[i], ready[i].revents, may[i]))
        return false;
  }
}

int main(int argc, char **argv) {
  static struct talk talks[TALKS_MAX];
  bool four = argc == 5;
  uint32_t n = four ? client_number(argv[2]) : 0, depth = four ? client_number(argv[4]) : 0;
  uint64_t rounds = n ? client_number(argv[3]) / n / ROUND : 0;
  if (n > TALKS_MAX || rounds == 0 || depth < ROUND) {
    fputs("usage: count_answers SOCKET CONNECTIONS REQUESTS DEPTH\n", stderr);
    return 2;
  }
  bool ok = true;
  for (uint32_t i = 0; i < n && ok; i++) {
    talks[i].name = (char)('A' + i);
    talks[i].rounds = rounds;
    talks[i].due = rounds * ANSWERED_BYTES;
    talks[i].fd = client_connect(argv[1]);
    ok = talks[i].fd >= 0;
  }
  double start = client_now();
  if (!ok || !exchange(talks, n, depth)) {
    fprintf(stderr, "count_answers: %s: %s\n", argv[1], strerror(errno));
    return 1;
  }
  double seconds = client_now() - start;
  printf("%.0f requests/s, %.6f s\n", (double)(n * rounds * ROUND) / seconds, seconds);
  return 0;
}
