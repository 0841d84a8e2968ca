/* A command's name in the notation: `get`, `server.clustermap_change_notification`, `op0x3f`, each
 * for one opcode. Internal to the session layer. */
#ifndef SESSION_OPCODE_H
#define SESSION_OPCODE_H

#include "mcbp/names.h"
#include "session/scan.h"

/* Takes the word at the scanner. `server` tells whether the opcode is one of the server's own.
 * False with a diagnostic that says which name may be meant. */
bool opcode_parse(struct scan *scan, enum dialect dialect, bool *server, uint8_t *opcode);

#endif
