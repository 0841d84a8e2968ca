/* What the extras of a command mean: named big-endian integers in a fixed order. */
#ifndef MCBP_EXTRAS_H
#define MCBP_EXTRAS_H

#include "mcbp/names.h"

struct extras_field {
  const char *name;
  uint8_t off, width; /* bytes: 1, 2, 4 or 8 */
};

struct extras_layout {
  const struct extras_field *fields;
  uint8_t nfields;
  uint8_t size;  /* of all fields, bytes; 0 for a command without extras */
  bool optional; /* a sender may leave them out, as flush's expiry */
};

/* The layout of a command's extras in one direction. Never NULL: a command that is not known or has
 * none gets an empty layout. In an answer they are there on success only. Static storage. */
const struct extras_layout *extras_layout(enum dialect dialect, bool server, bool response,
                                          uint8_t opcode);

/* The field of that name, or NULL. */
const struct extras_field *extras_field_find(const struct extras_layout *layout, struct span name);

#endif
