/* Commands that are answered only when there is something to say. Pure. */
#ifndef MCBP_QUIET_H
#define MCBP_QUIET_H

#include "mcbp/names.h"

/* Whether the request may go without an answer. */
bool opcode_is_quiet(enum dialect dialect, uint8_t opcode);

#endif
