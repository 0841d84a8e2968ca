/* The protocol's names as data; names.c gives them their functions. The stock names are those of
 * memcached 1.6, the others those of kv_engine. */
#ifndef MCBP_TABLES_H
#define MCBP_TABLES_H

#include "mcbp/names.h"

enum { DIALECTS = 2 };

struct code_name {
  uint16_t code;
  const char *name;
};

/* By opcode, then by dialect; NULL where a dialect has no such command. */
extern const char *const opcode_table[256][DIALECTS];

/* The server's own commands, the same in every dialect. */
extern const char *const opcode_server_table[256];

/* Ascending by code. */
extern const struct code_name status_table[];
extern const size_t status_table_count;
extern const struct code_name feature_table[];
extern const size_t feature_table_count;

#endif
