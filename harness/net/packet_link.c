/* The link layers of captures; see https://www.tcpdump.org/linktypes.html. */
#include <net/ethernet.h>
#include <pcap/pcap.h>
#include <sys/socket.h>

#include "mcbp/header.h"
#include "net/packet.h"

enum { SLL_BYTES = 16, SLL2_BYTES = 20, LOOP_BYTES = 4, VLAN_BYTES = 4, QINQ = 0x88a8 };

bool packet_link_known(int link) {
  switch (link) {
  case DLT_EN10MB:
  case DLT_NULL:
  case DLT_LOOP:
  case DLT_LINUX_SLL:
  case DLT_LINUX_SLL2:
  case DLT_RAW:
  case DLT_IPV4:
  case DLT_IPV6:
    return true;
  default:
    return false;
  }
}

static bool is_ip(unsigned ethertype) {
  return ethertype == ETHERTYPE_IP || ethertype == ETHERTYPE_IPV6;
}

/* Takes `n` bytes off, whose ethertype stands at `at`. */
static bool take(struct span *bytes, size_t n, size_t at, unsigned *type) {
  if (bytes->n < n)
    return false;
  *type = (unsigned)be_get(bytes->p + at, 2);
  *bytes = span_from(*bytes, n);
  return true;
}

/* Also of packets with VLAN tags, of which there may be several: the type stands behind each. */
static bool strip_tagged(struct span *bytes, size_t n, size_t at) {
  unsigned type;
  if (!take(bytes, n, at, &type))
    return false;
  while (type == ETHERTYPE_VLAN || type == QINQ)
    if (!take(bytes, VLAN_BYTES, 2, &type))
      return false;
  return is_ip(type);
}

/* The family of the machine that captured, in its byte order or, on DLT_LOOP, the network's: 2 is
 * IPv4 everywhere; which number is IPv6 depends on the system. */
static bool strip_loopback(struct span *bytes) {
  if (bytes->n < LOOP_BYTES)
    return false;
  uint32_t big = (uint32_t)be_get(bytes->p, 4), little = __builtin_bswap32(big);
  uint32_t family = big < little ? big : little;
  *bytes = span_from(*bytes, LOOP_BYTES);
  return family == AF_INET || family == 10 || family == 24 || family == 28 || family == 30;
}

bool packet_link_strip(int link, struct span *bytes) {
  switch (link) {
  case DLT_EN10MB:
    return strip_tagged(bytes, ETHER_HDR_LEN, ETHER_HDR_LEN - 2);
  case DLT_LINUX_SLL:
    return strip_tagged(bytes, SLL_BYTES, SLL_BYTES - 2);
  case DLT_LINUX_SLL2:
    return strip_tagged(bytes, SLL2_BYTES, 0);
  case DLT_NULL:
  case DLT_LOOP:
    return strip_loopback(bytes);
  default:
    return true;
  }
}
