/* A TCP segment out of a captured packet: link layer, IPv4 or IPv6, TCP. Pure; borrows the packet's
 * bytes. */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "base/span.h"

/* One end of a connection. An IPv4 address lies in the first four bytes, the others are 0. */
struct packet_end {
  uint8_t family; /* 4 or 6 */
  uint8_t address[16];
  uint16_t port;
};

struct packet {
  struct packet_end from, to;
  uint32_t seq, ack;
  uint8_t flags;    /* as in tcphdr: TH_SYN, .. */
  struct span data; /* as far as it was captured */
  size_t missing;   /* bytes of data that were sent and cut off by the capture */
};

enum packet_kind {
  PACKET_TCP,
  PACKET_OTHER,    /* no TCP over IP */
  PACKET_FRAGMENT, /* of an IP packet, which is not put together */
  PACKET_SHORT     /* cut off by the capture within its headers, or malformed */
};

/* Whether packets of this link type (a DLT_ value of libpcap) can be read. */
bool packet_link_known(int link);

/* Takes a packet apart; fills `p` for PACKET_TCP. */
enum packet_kind packet_parse(int link, struct span bytes, struct packet *p);

/* Takes the link layer off; false when there is no IP under it. Internal to packet_parse, as is the
 * next. */
bool packet_link_strip(int link, struct span *bytes);

/* Takes the IP layer off: fills the addresses, and leaves the TCP segment in `bytes`, of which
 * `p->missing` were not captured. */
enum packet_kind packet_ip_strip(struct span *bytes, struct packet *p);

#endif
