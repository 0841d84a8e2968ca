/* Names of opcodes, statuses, hello features and framing extras, as in the protocol's tables. */
#ifndef MCBP_NAMES_H
#define MCBP_NAMES_H

#include "base/span.h"

enum dialect { DIALECT_STOCK, DIALECT_COUCHBASE };

/* Every command has a name per dialect (0x23 is gatk in one and ioctl_get in the other); commands
 * of the server's own (magic 0x82, 0x83) are a space of their own. NULL when it has none. */
const char *opcode_name(enum dialect dialect, bool server, uint8_t opcode);
bool opcode_find(enum dialect dialect, bool server, struct span name, uint8_t *opcode);

const char *status_name(uint16_t status);
bool status_find(struct span name, uint16_t *status);

const char *feature_name(uint16_t feature);
bool feature_find(struct span name, uint16_t *feature);

/* Framing extras: requests and responses have identifiers of their own. */
const char *framing_name(bool response, unsigned id);
bool framing_find(bool response, struct span name, unsigned *id);

/* The name in the table nearest to a misspelt one, for "did you mean"; NULL when none is near. */
const char *opcode_near(enum dialect dialect, bool server, struct span name);
const char *status_near(struct span name);

#endif
