/* A connection's insides, shared by its two halves: conn.c (its life, and what comes) and
 * conn_send.c (what goes out). Internal to the net layer. */
#ifndef NET_CONN_INTERNAL_H
#define NET_CONN_INTERNAL_H

#include "net/conn.h"
#include "net/tls.h"
#include "net/unread.h"

enum phase {
  PHASE_CONNECTING,
  PHASE_SHAKING, /* connected, and TLS is not agreed on yet */
  PHASE_OPEN,
  PHASE_ENDED
};

struct conn {
  struct addr to;
  const struct conn_handler *handler;
  void *arg;

  int fd;
  enum phase phase;
  struct event_base *base;
  struct event *io;   /* both directions, edge-triggered; NULL until connect() was taken up */
  struct event *soon; /* the loop's next turn: what a call or a long read left to be told */
  struct event *step; /* the next look at a paced chunk on TCP; the next attempt to connect */
  struct tls *tls;    /* what the bytes of the descriptor pass through; NULL: nothing */

  /* The chunk in hand, and how it goes over the descriptor: as it is, or sealed. */
  struct conn_records chunk;
  bool sending;            /* there is one */
  bool sealed;             /* TLS has taken it */
  bool paced;              /* the peer is to have read each piece before the next */
  struct cuts stops;       /* where its pieces end, on the descriptor */
  size_t stop, left;       /* the piece in hand; what the kernel has not taken of it */
  struct cuts plain, wire; /* where the TLS records end: in the chunk, on the descriptor */
  size_t own;              /* bytes that TLS sends of itself before the chunk */

  uint64_t sent; /* that the kernel has ever taken */
  struct unread unread;
  uint32_t unread_left; /* when last seen */
  bool just_sent;       /* and not looked at since */
  int carried;          /* for border_send; -1 until a paced chunk needs it */
  bool settled;         /* the pacing step has begun */
  unsigned steps;       /* pacing steps that were waited for */
  bool half_close;
  bool closing; /* the descriptor's side is to end when TLS has said so */

  bool due;        /* on_sent is to be told */
  bool progressed; /* on_progress is to be told */
  bool failed;     /* on_close is to be told, with `error` */
  bool more;       /* a read stopped before EAGAIN, or did not begin, and is to go on */
  bool held;       /* nothing is to be read */
  size_t most;     /* bytes to read in a turn of the loop; 0: no bound */

  bool broken; /* send() says that the peer takes no more */
  bool reset;  /* send() has consumed the error that recv() would have reported */

  bool in_callback; /* memory stays until the callback of the loop is over */
  bool freed;
  char error[640];
};

/* Sets a timer of this connection's; 0: the loop's next turn. */
void conn_arm(struct event *timer, long us);

/* on_close is to be told from the loop, with an error made of what was done and errno, or of what
 * TLS says. */
void conn_fail(struct conn *c, const char *what, int err);
void conn_fail_tls(struct conn *c);

/* Sends what the kernel takes: what TLS has to say, then the chunk in hand; notes when it is done.
 */
void conn_push(struct conn *c);

/* The connection has become open. */
void conn_push_opened(struct conn *c);

#endif
