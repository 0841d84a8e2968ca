/* One side of TLS for one connection, on memory alone: ciphertext that came goes in and plaintext
 * comes out, and the other way round. No descriptor, no clock, no loop; what is to be sent is
 * fetched with tls_wire. What the peer does wrong is a state and a text, never an abort.
 *
 * TLS 1.2 and 1.3. For the client's side the server's certificate must be for the host that was
 * connected to and lead to a certificate that is trusted; there is no way around that. The server's
 * side asks for no certificate. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/buf.h"

/* Whose certificates are believed: once for a process, and for those that are forked from it. */
struct tls_trust;

/* Reads a file of certificates (PEM). NULL when it can't be read or holds none; `why` says. */
struct tls_trust *tls_trust_new(const char *ca_file, struct buf *why);
void tls_trust_free(struct tls_trust *trust);

/* A certificate and its key, which the server's side shows. */
struct tls_identity;

/* Reads two files (PEM). NULL when they can't be read or do not go together; `why` says. */
struct tls_identity *tls_identity_new(const char *cert_file, const char *key_file, struct buf *why);
void tls_identity_free(struct tls_identity *identity);

enum tls_state {
  TLS_SHAKING, /* the handshake is not done: nothing can be sealed */
  TLS_OPEN,
  TLS_ENDED, /* the peer has ended its stream: nothing more comes */
  TLS_FAILED /* tls_error says why */
};

enum { TLS_RECORD_MAX = 16384 /* bytes of plaintext in a record */ };

struct tls;

/* Begins a handshake. `host` is a numeric address or a name; `trust` is borrowed, and remembers the
 * last session: one with the same host resumes it, if the server will, and both are spared most of
 * the work. */
struct tls *tls_new(const struct tls_trust *trust, const char *host);
/* The server's side: waits for a handshake. `identity` is borrowed. */
struct tls *tls_accept(const struct tls_identity *identity);
void tls_free(struct tls *t);

enum tls_state tls_state(const struct tls *t);
/* A sentence without a full stop; empty unless it failed. */
const char *tls_error(struct tls *t);

/* Takes in what came from the peer. */
void tls_feed(struct tls *t, struct span wire);
/* The peer has ended the stream below: a failure within the handshake or within a record. */
void tls_feed_end(struct tls *t);

/* Plaintext of what came, at most `room` bytes and of one record; 0 when more is needed. */
size_t tls_read(struct tls *t, uint8_t *plain, size_t room);

/* Makes one record of 1 to TLS_RECORD_MAX bytes. False when it failed. */
bool tls_seal(struct tls *t, struct span plain);
/* Says that nothing more will be sealed (close_notify); reading goes on. */
void tls_close(struct tls *t);

/* What is to be sent, in order; borrowed until the next call. */
struct span tls_wire(const struct tls *t);
/* The first `n` bytes of it have been sent. */
void tls_taken(struct tls *t, size_t n);

#endif
