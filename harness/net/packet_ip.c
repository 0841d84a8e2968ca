#include <netinet/in.h>

#include "mcbp/header.h"
#include "net/packet.h"

enum { V4_BYTES = 20, V6_BYTES = 40, EXTENSION_UNIT = 8 };

/* Cuts off what is no part of the packet, such as Ethernet's padding; what the capture has cut off
 * is counted. A length of 0 is told by network cards that join segments: all is the packet then. */
static void trim(struct span *bytes, size_t length, struct packet *p) {
  if (length == 0)
    return;
  p->missing = length > bytes->n ? length - bytes->n : 0;
  *bytes = span_sub(*bytes, 0, length);
}

static enum packet_kind strip_v4(struct span *bytes, struct packet *p) {
  const uint8_t *ip = bytes->p;
  if (bytes->n < V4_BYTES)
    return PACKET_SHORT;
  size_t head = (size_t)(ip[0] & 15) * 4, length = (size_t)be_get(ip + 2, 2);
  if (head < V4_BYTES || bytes->n < head || (length && length < head))
    return PACKET_SHORT;
  if (ip[9] != IPPROTO_TCP)
    return PACKET_OTHER;
  enum { MORE_OR_OFFSET = 0x3fff };
  if (be_get(ip + 6, 2) & MORE_OR_OFFSET)
    return PACKET_FRAGMENT;
  p->from.family = p->to.family = 4;
  memcpy(p->from.address, ip + 12, 4);
  memcpy(p->to.address, ip + 16, 4);
  trim(bytes, length, p);
  *bytes = span_from(*bytes, head);
  return PACKET_TCP;
}

/* Takes one extension header off the front; `next` is what kind it is, and becomes what follows. */
static enum packet_kind strip_extension(struct span *bytes, uint8_t *next) {
  if (bytes->n < EXTENSION_UNIT)
    return PACKET_SHORT;
  size_t units = bytes->p[1];
  size_t length = *next == IPPROTO_AH         ? (units + 2) * 4
                  : *next == IPPROTO_FRAGMENT ? EXTENSION_UNIT
                                              : (units + 1) * EXTENSION_UNIT;
  enum { MORE_OR_OFFSET = 0xfff9 };
  if (*next == IPPROTO_FRAGMENT && be_get(bytes->p + 2, 2) & MORE_OR_OFFSET)
    return PACKET_FRAGMENT;
  if (bytes->n < length)
    return PACKET_SHORT;
  *next = bytes->p[0];
  *bytes = span_from(*bytes, length);
  return PACKET_TCP;
}

static enum packet_kind strip_v6(struct span *bytes, struct packet *p) {
  const uint8_t *ip = bytes->p;
  if (bytes->n < V6_BYTES)
    return PACKET_SHORT;
  size_t payload = (size_t)be_get(ip + 4, 2);
  uint8_t next = ip[6];
  p->from.family = p->to.family = 6;
  memcpy(p->from.address, ip + 8, 16);
  memcpy(p->to.address, ip + 24, 16);
  trim(bytes, payload ? payload + V6_BYTES : 0, p);
  *bytes = span_from(*bytes, V6_BYTES);
  while (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
         next == IPPROTO_AH || next == IPPROTO_FRAGMENT) {
    enum packet_kind kind = strip_extension(bytes, &next);
    if (kind != PACKET_TCP)
      return kind;
  }
  return next == IPPROTO_TCP ? PACKET_TCP : PACKET_OTHER;
}

enum packet_kind packet_ip_strip(struct span *bytes, struct packet *p) {
  if (bytes->n == 0)
    return PACKET_SHORT;
  switch (bytes->p[0] >> 4) {
  case 4:
    return strip_v4(bytes, p);
  case 6:
    return strip_v6(bytes, p);
  default:
    return PACKET_OTHER;
  }
}
