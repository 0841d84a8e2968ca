/* Both streams of one captured TCP connection, put back in order.
 *
 * A segment counts as soon as all before it on its side is there, and also all that it acknowledges
 * of the other side: so that what is told is in the order in which the two ends knew of it, however
 * the packets were captured. Until then it is held, 1 MiB or 1024 segments at most. What has come
 * once counts; when it comes again with other bytes, that is told. Pure. */
#ifndef NET_TCP_ORDER_H
#define NET_TCP_ORDER_H

#include "base/buf.h"
#include "base/vec.h"
#include "net/packet.h"

enum tcp_what {
  TCP_DATA,
  TCP_ENDED, /* FIN */
  TCP_RESET,
  TCP_DIFFERS /* what came again differs from what had come; the first counts */
};

/* `side` is 0 or 1, as the segments were given. */
struct tcp_sink {
  void (*told)(void *arg, enum tcp_what what, unsigned side, uint64_t usec, struct span bytes);
  void *arg;
};

struct tcp_stream {
  bool known;    /* where it begins */
  uint32_t next; /* the number of the byte to come */
  bool ended;    /* the last number was that of its end */
  bool has_acked;
  uint32_t acked;     /* up to where the other side says it has come */
  struct buf history; /* of what has been told last */
};

struct tcp_order {
  struct tcp_stream streams[2];
  struct vec held; /* of struct held in tcp_order.c, as they came */
  size_t held_bytes;
};

void tcp_order_init(struct tcp_order *o);
void tcp_order_fini(struct tcp_order *o);

/* Takes in a segment of a side and tells what it makes possible. False when more would have to be
 * held than may be: something is lost. */
bool tcp_order_add(struct tcp_order *o, unsigned side, uint64_t usec, const struct packet *p,
                   const struct tcp_sink *sink);

/* When nothing more comes: whether something is missing, of which side and, at least, how much. */
bool tcp_order_lacks(const struct tcp_order *o, unsigned *side, size_t *bytes);

#endif
