/* One of a relay's two sides: a descriptor, and TLS on it where it speaks that. Reads and sends
 * without waiting. Internal to the net layer. */
#ifndef NET_RELAY_SIDE_H
#define NET_RELAY_SIDE_H

#include "base/buf.h"
#include "net/tls.h"

enum { RELAY_READ = 64 * 1024 /* bytes at most that are held for a side on its way out */ };

struct relay_side {
  int fd; /* -1: closed */
  bool is_unix;
  struct tls *tls; /* NULL: plaintext */
  bool connected;
  bool readable;   /* a read may find something; cleared when one does not */
  bool ended;      /* its stream: nothing more comes */
  bool refuses;    /* a send says that it takes nothing any more; what is held for it is dropped */
  bool torn;       /* and that it was reset, which no read will say again */
  bool told;       /* that this side sends no more (shutdown) */
  struct buf held; /* what it has not taken yet; on TLS the engine holds it */
  size_t taken;    /* of that */
};

void relay_side_init(struct relay_side *s, int fd, bool is_unix, struct tls *tls);
/* Closes the descriptor; `reset`: so that the peer sees one. */
void relay_side_close(struct relay_side *s, bool reset);
void relay_side_fini(struct relay_side *s);

/* Connected, and TLS is agreed on. */
bool relay_side_open(const struct relay_side *s);
/* Goes on with TLS's handshake. False when it failed or the peer is gone. */
bool relay_side_shake(struct relay_side *s);

enum relay_read { RELAY_SOME, RELAY_NOTHING, RELAY_END, RELAY_BAD };
/* Reads up to RELAY_READ bytes of plaintext. RELAY_BAD: a reset, or TLS failed. */
enum relay_read relay_side_read(struct relay_side *s, uint8_t *bytes, size_t *n);

/* Sends, and holds what is not taken at once. */
void relay_side_send(struct relay_side *s, struct span bytes);
/* Sends what is held. */
void relay_side_flush(struct relay_side *s);
bool relay_side_holds(const struct relay_side *s);
/* Says that nothing more will be sent; nothing is held. */
void relay_side_end(struct relay_side *s);

/* Of a side whose stream has ended: whether it is known to read no more, and whether that came in
 * disorder. Looks at the descriptor. */
enum relay_left { RELAY_STAYS, RELAY_LEFT, RELAY_TORN };
enum relay_left relay_side_left(const struct relay_side *s);

#endif
