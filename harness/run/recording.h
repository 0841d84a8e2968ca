/* A recording: what passes on many connections, kept as it comes. A journal, which is a capture
 * that Wireshark reads, is written to at once, so it holds all that was told here whatever becomes
 * of this process; at the end it is the output, or a session is made of what was kept.
 *
 * Owns the journal's file until it is finished; reads the clock. */
#ifndef RUN_RECORDING_H
#define RUN_RECORDING_H

#include "base/buf.h"
#include "mcbp/names.h"
#include "net/relay.h"

struct recording;

struct recording_options {
  const char *out;     /* FILE.session or FILE.pcap, as recording_is_session tells */
  const char *journal; /* in the same folder */
  enum dialect dialect;
  const char *title; /* of a session */
};

bool recording_is_session(const char *out);

/* NULL, with a sentence in `why`, when the journal can't be written. `options` is borrowed, and
 * what it names. */
struct recording *recording_new(const struct recording_options *options, struct buf *why);

/* Whether fewer connections are open than can be told apart. */
bool recording_has_room(const struct recording *r);

/* These are false, with errno set, when the journal could not be written; it keeps what it has. A
 * new connection, while there is room, gets a number. */
bool recording_open(struct recording *r, unsigned *conn);
bool recording_bytes(struct recording *r, unsigned conn, bool from_server, struct span bytes);
bool recording_end(struct recording *r, unsigned conn, bool from_server, enum relay_end how);
/* The connection is over; its number will be another one's. */
void recording_over(struct recording *r, unsigned conn);

struct recording_totals {
  unsigned long long conns, bytes[2]; /* from clients, from the server */
};
struct recording_totals recording_totals(const struct recording *r);

/* Makes the output. False with a sentence in `why`, when the journal stays for what can be made of
 * it. */
bool recording_finish(struct recording *r, struct buf *why);
/* Without recording_finish the journal stays. */
void recording_free(struct recording *r);

#endif
