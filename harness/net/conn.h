/* A raw, non-blocking connection on libevent: exact writes, and every byte that comes. On TLS the
 * bytes that are given and told are the plaintext, while holding, pacing and queues are those of
 * the descriptor below; the connection is open when the handshake is done, which nothing holds
 * back.
 *
 * Chunks are handed to send() as they are, never joined. A paced chunk counts as sent only when the
 * peer has read it, and no read of the peer's goes past its end (unread.h). On TCP to a peer on
 * another machine nobody can tell, and a pacing step of 500 us stands for it (the loop needs
 * EVENT_BASE_FLAG_PRECISE_TIMER to keep to that). A Unix socket whose backlog is full is tried
 * again each millisecond, without end: deadlines are the caller's.
 *
 * Owns the descriptor and its events. All callbacks must be there; they come from the loop alone,
 * never from inside a function of this module, and may free the connection. What goes wrong is told
 * by on_close, never by abort. */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "delivery/delivery.h"
#include "net/addr.h"

struct event_base;
struct conn;

enum conn_end {
  CONN_EOF,   /* the peer has ended its stream; on TLS with or without having said so */
  CONN_RESET, /* ECONNRESET */
  CONN_FAILED /* could not connect, TLS went wrong, or another error: conn_error says which */
};

struct conn_handler {
  /* Bytes have come; they are borrowed for the call. */
  void (*on_data)(void *arg, struct conn *c, struct span bytes);
  /* The chunk given to conn_send has been sent; this comes before any data that arrives later (on
   * TCP answers may overtake it during a paced chunk's step). When the peer no longer takes bytes
   * (EPIPE, ECONNRESET) this comes too and conn_broken is true: what the peer still sent is then
   * read to its end, and on_close follows. */
  void (*on_sent)(void *arg, struct conn *c);
  /* Nothing more will come, not even on_sent for a chunk in hand. Called once. */
  void (*on_close)(void *arg, struct conn *c, enum conn_end end);
  /* Some bytes were taken by the kernel or have been read by the peer, or some have come or the
   * stream has ended while it is held: progress for a deadline. */
  void (*on_progress)(void *arg, struct conn *c);
};

/* Starts to connect; a failure comes through on_close. Sends may be given at once. `handler` and
 * the trust of `to` are borrowed and outlive the connection. */
struct conn *conn_new(struct event_base *base, const struct addr *to,
                      const struct conn_handler *handler, void *arg);
void conn_free(struct conn *c);

/* Sends one chunk; the bytes are borrowed until on_sent, which never comes before this returns. One
 * chunk at a time, and none after on_close. On TLS it is a record of its own, or more when it is
 * longer than TLS_RECORD_MAX. */
void conn_send(struct conn *c, struct span bytes, bool paced);

/* A chunk as TLS records. */
struct conn_records {
  struct span bytes;
  const size_t *ends; /* where each record ends, ascending; the last is bytes.n. Too long ones are
                         divided */
  size_t n;
  bool paced;
  /* Adds where the ciphertext is cut into pieces, which are paced as chunks are. NULL: it is not,
   * and all records are handed over in one send(). */
  void (*cut)(struct span wire, struct cuts *out);
};

/* As conn_send, on TLS; all that is borrowed is so until on_sent. */
void conn_send_records(struct conn *c, const struct conn_records *records);

/* shutdown(SHUT_WR), on TLS after close_notify; after the last on_sent. Does nothing after
 * on_close.
 */
void conn_half_close(struct conn *c);
/* On TLS says close_notify if that can be done at once; for a connection that is about to be freed
 * in good order. */
void conn_notify_close(struct conn *c);

/* While held, nothing is read, not even the end of the stream. Let go, at most `most` bytes are
 * read in a turn of the loop; 0: as much as there is. */
void conn_hold(struct conn *c);
void conn_let_go(struct conn *c, size_t most);

/* What lies in between: bytes that have come and are not read (SIOCINQ), and what was sent and the
 * peer has not read (SIOCOUTQ; on a Unix socket a count of memory). */
struct conn_queues {
  int in, out;
};
struct conn_queues conn_queues(const struct conn *c);

/* Connected, and on TLS the handshake is done. */
bool conn_open(const struct conn *c);
bool conn_broken(const struct conn *c);
/* What failed and why, for CONN_FAILED; empty otherwise. */
const char *conn_error(const struct conn *c);
/* Bytes of the last chunk that the kernel has not taken; on TLS whole records count. */
size_t conn_unsent(const struct conn *c);
/* Pacing steps that were waited for, because nothing told when a chunk was read. */
unsigned conn_steps(const struct conn *c);
/* The descriptor, for peer credentials; -1 when there is none. */
int conn_fd(const struct conn *c);

#endif
