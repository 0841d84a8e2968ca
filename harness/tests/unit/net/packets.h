/* Packets made in a test: TCP segments over IPv4 or IPv6 under any link layer that is read. */
#ifndef PACKETS_H
#define PACKETS_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pcap/pcap.h>

#include "base/buf.h"
#include "base/check.h"
#include "mcbp/header.h"
#include "unit.h"

enum { PACKET_MAX = 1 << 20, PACKETS_SERVER_PORT = 11211, PACKETS_CLIENT_PORT = 40000 };

struct made {
  int link;        /* DLT_.. */
  unsigned family; /* 4 or 6 */
  bool from_server;
  uint16_t client_port, server_port; /* 0: those above */
  uint32_t seq, ack;
  uint8_t flags;
  struct span data;
};

static inline void put_number(struct buf *b, size_t width, uint64_t value) {
  uint8_t bytes[8];
  be_put(bytes, width, value);
  buf_add(b, bytes, width);
}

static inline void put_tcp(struct buf *b, const struct made *m) {
  uint16_t client = m->client_port ? m->client_port : PACKETS_CLIENT_PORT;
  uint16_t server = m->server_port ? m->server_port : PACKETS_SERVER_PORT;
  put_number(b, 2, m->from_server ? server : client);
  put_number(b, 2, m->from_server ? client : server);
  put_number(b, 4, m->seq);
  put_number(b, 4, m->ack);
  put_number(b, 1, 8 << 4); /* three words of options: 0 ends them */
  put_number(b, 1, m->flags);
  put_number(b, 8, 0xffff00000000);
  buf_fill(b, 0, 10);
  buf_add_span(b, m->data);
}

static inline void put_ip(struct buf *b, const struct made *m, struct span segment) {
  uint8_t client = 1, server = 2;
  uint8_t from = m->from_server ? server : client, to = m->from_server ? client : server;
  if (m->family == 4) {
    put_number(b, 2, 0x4600); /* with a word of options */
    put_number(b, 2, 24 + segment.n);
    put_number(b, 4, 0x12344000);
    put_number(b, 4, 0x40060000);
    put_number(b, 4, 0x0a000000u | from);
    put_number(b, 4, 0x0a000000u | to);
    put_number(b, 4, 0);
  } else {
    put_number(b, 4, 0x60000000);
    put_number(b, 2, 8 + segment.n);
    put_number(b, 2, 0 << 8 | 64); /* a hop-by-hop header follows */
    put_number(b, 8, 0xfe80000000000000);
    put_number(b, 8, from);
    put_number(b, 8, 0xfe80000000000000);
    put_number(b, 8, to);
    put_number(b, 8, 0x0600010400000000);
  }
  buf_add_span(b, segment);
}

static inline void put_link(struct buf *b, int link, unsigned family) {
  unsigned type = family == 4 ? 0x0800 : 0x86dd;
  switch (link) {
  case DLT_EN10MB:
    buf_fill(b, 0x11, 12);
    put_number(b, 4, 0x88a80005); /* a tag in a tag */
    put_number(b, 4, 0x81000007);
    put_number(b, 2, type);
    break;
  case DLT_NULL:
    put_number(b, 4, __builtin_bswap32(family == 4 ? 2 : 30));
    break;
  case DLT_LOOP:
    put_number(b, 4, family == 4 ? 2 : 24);
    break;
  case DLT_LINUX_SLL:
    buf_fill(b, 0, 14);
    put_number(b, 2, type);
    break;
  case DLT_LINUX_SLL2:
    put_number(b, 2, type);
    buf_fill(b, 0, 18);
    break;
  default:
    break;
  }
}

static inline void put_packet(struct buf *b, const struct made *m) {
  struct buf segment;
  buf_init(&segment, PACKET_MAX);
  put_tcp(&segment, m);
  put_link(b, m->link, m->family);
  put_ip(b, m, buf_span(&segment));
  buf_fini(&segment);
}

#endif
