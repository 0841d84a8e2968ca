/* The 24-byte header that starts every MCBP frame. Pure functions; nothing can fail. */
#ifndef MCBP_HEADER_H
#define MCBP_HEADER_H

#include "base/span.h"

enum { HEADER_BYTES = 24 };

enum magic {
  MAGIC_REQUEST = 0x80,
  MAGIC_RESPONSE = 0x81,
  MAGIC_SERVER_REQUEST = 0x82,  /* the server asks */
  MAGIC_CLIENT_RESPONSE = 0x83, /* the client answers it */
  MAGIC_ALT_REQUEST = 0x08,     /* with framing extras */
  MAGIC_ALT_RESPONSE = 0x18
};

/* Fields in host byte order, offsets in frame order; see the table in the protocol description:
 * in the alternative form byte 2 is the framing extras' length and byte 3 the key's, in the others
 * bytes 2-3 are the key's length and `framinglen` is 0. */
struct header {
  uint8_t magic;
  uint8_t opcode;
  uint8_t framinglen;
  uint16_t keylen; /* at most 255 in the alternative form */
  uint8_t extlen;
  uint8_t datatype;
  uint16_t status; /* or the vbucket, in a request */
  uint32_t bodylen;
  uint32_t opaque;
  uint64_t cas;
};

bool magic_is_known(uint8_t magic);
bool magic_is_alt(uint8_t magic);
/* Whether bytes 6-7 are a status: 0x81, 0x18 and 0x83. */
bool magic_is_response(uint8_t magic);
/* Whether the opcode is one of the server's own: 0x82 and 0x83. */
bool magic_is_server(uint8_t magic);

void header_unpack(const uint8_t *p, struct header *h);
void header_pack(const struct header *h, uint8_t *p);

/* Big-endian integers of 1 to 8 bytes. Shifts that are all written out become one load or store. */
static inline uint64_t be_get(const uint8_t *p, size_t width) {
  if (width == 4)
    return (uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 | (uint64_t)p[2] << 8 | p[3];
  if (width == 8)
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
           (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 |
           (uint64_t)p[6] << 8 | p[7];
  uint64_t value = 0;
  for (size_t i = 0; i < width; i++)
    value = value << 8 | p[i];
  return value;
}

static inline void be_put(uint8_t *p, size_t width, uint64_t value) {
  for (size_t i = width; i-- > 0; value >>= 8)
    p[i] = (uint8_t)value;
}

/* The header's fields as a table, in frame order, for overrides and explanations. */
struct header_field {
  const char *name; /* as in the notation */
  uint8_t off, width;
};

/* The fields of a frame with this magic: magic, opcode, keylen (or framinglen, keylen), extlen,
 * datatype, status or vbucket, bodylen, opaque, cas. Stores their number. Static storage. */
const struct header_field *header_fields(uint8_t magic, size_t *count);

/* The field of that name under this magic, or NULL. `status` and `vbucket` both name bytes 6-7. */
const struct header_field *header_field_find(uint8_t magic, struct span name);

#endif
