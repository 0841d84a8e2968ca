/* A packet capture of conversations that were not captured: what passed is written as the IPv4 and
 * TCP packets that could have carried it, for Wireshark and its like.
 *
 * Every conversation becomes one between a port of 127.0.0.1 from 50000 on (50000 + N, or another
 * where that is or was in use) and 127.0.0.1:11210, the port that Wireshark's dissector of MCBP
 * looks at; what really carried it may have been a Unix socket.
 * Chunks stay as they are up to 65000 bytes, each is acknowledged, numbers and checksums are right,
 * and times are those given, counted from 1970. Owns the file that it writes. */
#ifndef NET_PCAP_H
#define NET_PCAP_H

#include "base/span.h"

enum { PCAP_CONNS = 4096, PCAP_SERVER_PORT = 11210, PCAP_CLIENT_PORT = 50000 };

enum pcap_what {
  PCAP_OPENED, /* by the client; again, when it had been open, from another port */
  PCAP_DATA,
  PCAP_ENDED, /* one side sends no more */
  PCAP_RESET
};

struct pcap_event {
  enum pcap_what what;
  unsigned conn;    /* below PCAP_CONNS */
  bool from_server; /* all but PCAP_OPENED */
  uint64_t usec;    /* not before the last event's */
  struct span bytes;
};

struct pcap_writer;

/* NULL, with errno set, when the file can't be written. */
struct pcap_writer *pcap_writer_open(const char *path);
/* An event on a connection that is not open writes nothing. */
void pcap_writer_add(struct pcap_writer *w, const struct pcap_event *e);
/* Hands over what was added to the system, so that it outlives this process. False with errno set
 * when not all could be written. */
bool pcap_writer_flush(struct pcap_writer *w);
/* Ends the client's side of each connection on which it is open, and closes the file. False with
 * errno set when not all could be written. */
bool pcap_writer_close(struct pcap_writer *w);

#endif
