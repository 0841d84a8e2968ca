#include "net/packet.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "mcbp/header.h"

enum packet_kind packet_parse(int link, struct span bytes, struct packet *p) {
  struct tcphdr tcp;
  *p = (struct packet){0};
  if (!packet_link_strip(link, &bytes))
    return PACKET_OTHER;
  enum packet_kind kind = packet_ip_strip(&bytes, p);
  if (kind != PACKET_TCP)
    return kind;
  if (bytes.n < sizeof tcp)
    return PACKET_SHORT;
  memcpy(&tcp, bytes.p, sizeof tcp);
  size_t head = (size_t)tcp.th_off * 4;
  if (head < sizeof tcp || bytes.n < head)
    return PACKET_SHORT;
  p->from.port = ntohs(tcp.th_sport);
  p->to.port = ntohs(tcp.th_dport);
  p->seq = ntohl(tcp.th_seq);
  p->ack = ntohl(tcp.th_ack);
  p->flags = tcp.th_flags;
  p->data = span_from(bytes, head);
  return PACKET_TCP;
}
