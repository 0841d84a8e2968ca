#include "mcbp/header.h"

static const struct header_field request_fields[] = {
    {"magic", 0, 1},   {"opcode", 1, 1},  {"keylen", 2, 2},  {"extlen", 4, 1}, {"datatype", 5, 1},
    {"vbucket", 6, 2}, {"bodylen", 8, 4}, {"opaque", 12, 4}, {"cas", 16, 8},
};

static const struct header_field response_fields[] = {
    {"magic", 0, 1},  {"opcode", 1, 1},  {"keylen", 2, 2},  {"extlen", 4, 1}, {"datatype", 5, 1},
    {"status", 6, 2}, {"bodylen", 8, 4}, {"opaque", 12, 4}, {"cas", 16, 8},
};

static const struct header_field alt_request_fields[] = {
    {"magic", 0, 1},   {"opcode", 1, 1},   {"framinglen", 2, 1}, {"keylen", 3, 1},
    {"extlen", 4, 1},  {"datatype", 5, 1}, {"vbucket", 6, 2},    {"bodylen", 8, 4},
    {"opaque", 12, 4}, {"cas", 16, 8},
};

static const struct header_field alt_response_fields[] = {
    {"magic", 0, 1},    {"opcode", 1, 1}, {"framinglen", 2, 1}, {"keylen", 3, 1},  {"extlen", 4, 1},
    {"datatype", 5, 1}, {"status", 6, 2}, {"bodylen", 8, 4},    {"opaque", 12, 4}, {"cas", 16, 8},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

bool magic_is_known(uint8_t magic) {
  return (magic >= MAGIC_REQUEST && magic <= MAGIC_CLIENT_RESPONSE) || magic_is_alt(magic);
}

bool magic_is_alt(uint8_t magic) {
  return magic == MAGIC_ALT_REQUEST || magic == MAGIC_ALT_RESPONSE;
}

bool magic_is_response(uint8_t magic) {
  return magic == MAGIC_RESPONSE || magic == MAGIC_ALT_RESPONSE || magic == MAGIC_CLIENT_RESPONSE;
}

bool magic_is_server(uint8_t magic) {
  return magic == MAGIC_SERVER_REQUEST || magic == MAGIC_CLIENT_RESPONSE;
}

void header_unpack(const uint8_t *p, struct header *h) {
  bool alt = magic_is_alt(p[0]);
  *h = (struct header){
      .magic = p[0],
      .opcode = p[1],
      .framinglen = alt ? p[2] : 0,
      .keylen = alt ? p[3] : (uint16_t)(p[2] << 8 | p[3]),
      .extlen = p[4],
      .datatype = p[5],
      .status = (uint16_t)(p[6] << 8 | p[7]),
      .bodylen = (uint32_t)be_get(p + 8, 4),
      .opaque = (uint32_t)be_get(p + 12, 4),
      .cas = be_get(p + 16, 8),
  };
}

void header_pack(const struct header *h, uint8_t *p) {
  p[0] = h->magic;
  p[1] = h->opcode;
  if (magic_is_alt(h->magic)) {
    p[2] = h->framinglen;
    p[3] = (uint8_t)h->keylen;
  } else {
    be_put(p + 2, 2, h->keylen);
  }
  p[4] = h->extlen;
  p[5] = h->datatype;
  be_put(p + 6, 2, h->status);
  be_put(p + 8, 4, h->bodylen);
  be_put(p + 12, 4, h->opaque);
  be_put(p + 16, 8, h->cas);
}

const struct header_field *header_fields(uint8_t magic, size_t *count) {
  bool response = magic_is_response(magic);
  if (magic_is_alt(magic)) {
    *count = COUNT(alt_request_fields);
    return response ? alt_response_fields : alt_request_fields;
  }
  *count = COUNT(request_fields);
  return response ? response_fields : request_fields;
}

const struct header_field *header_field_find(uint8_t magic, struct span name) {
  if (span_is(name, "status") || span_is(name, "vbucket"))
    name = span_str(magic_is_response(magic) ? "status" : "vbucket");
  size_t count;
  const struct header_field *fields = header_fields(magic, &count);
  for (size_t i = 0; i < count; i++)
    if (span_is(name, fields[i].name))
      return &fields[i];
  return NULL;
}
