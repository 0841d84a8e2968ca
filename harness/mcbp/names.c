#include "mcbp/names.h"

#include "mcbp/near.h"
#include "mcbp/tables.h"

enum { OPCODES = 256, FRAMING_IDS = 8 };

static const char *const framing_request[FRAMING_IDS] = {
    [0] = "barrier",      [1] = "durability",      [2] = "dcp_stream_id", [4] = "impersonate",
    [5] = "preserve_ttl", [6] = "extra_privilege", [7] = "token",
};

static const char *const framing_response[FRAMING_IDS] = {
    [0] = "server_duration",
    [1] = "read_units",
    [2] = "write_units",
    [3] = "throttle_duration",
};

static const char *table_name(const struct code_name *table, size_t count, uint16_t code) {
  for (size_t i = 0; i < count; i++)
    if (table[i].code == code)
      return table[i].name;
  return NULL;
}

static bool table_find(const struct code_name *table, size_t count, struct span name,
                       uint16_t *code) {
  for (size_t i = 0; i < count; i++)
    if (span_is(name, table[i].name)) {
      *code = table[i].code;
      return true;
    }
  return false;
}

const char *opcode_name(enum dialect dialect, bool server, uint8_t opcode) {
  return server ? opcode_server_table[opcode] : opcode_table[opcode][dialect];
}

bool opcode_find(enum dialect dialect, bool server, struct span name, uint8_t *opcode) {
  for (unsigned code = 0; code < OPCODES; code++) {
    const char *known = opcode_name(dialect, server, (uint8_t)code);
    if (known && span_is(name, known)) {
      *opcode = (uint8_t)code;
      return true;
    }
  }
  return false;
}

const char *status_name(uint16_t status) {
  return table_name(status_table, status_table_count, status);
}

bool status_find(struct span name, uint16_t *status) {
  return table_find(status_table, status_table_count, name, status);
}

const char *feature_name(uint16_t feature) {
  return table_name(feature_table, feature_table_count, feature);
}

bool feature_find(struct span name, uint16_t *feature) {
  return table_find(feature_table, feature_table_count, name, feature);
}

const char *framing_name(bool response, unsigned id) {
  if (id >= FRAMING_IDS)
    return NULL;
  return response ? framing_response[id] : framing_request[id];
}

bool framing_find(bool response, struct span name, unsigned *id) {
  for (unsigned i = 0; i < FRAMING_IDS; i++) {
    const char *known = framing_name(response, i);
    if (known && span_is(name, known)) {
      *id = i;
      return true;
    }
  }
  return false;
}

const char *opcode_near(enum dialect dialect, bool server, struct span name) {
  struct near near = near_of(name);
  for (unsigned code = 0; code < OPCODES; code++)
    near_offer(&near, opcode_name(dialect, server, (uint8_t)code));
  return near.best;
}

const char *status_near(struct span name) {
  struct near near = near_of(name);
  for (size_t i = 0; i < status_table_count; i++)
    near_offer(&near, status_table[i].name);
  return near.best;
}
