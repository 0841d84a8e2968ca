#include "mcbp/quiet.h"

bool opcode_is_quiet(enum dialect dialect, uint8_t opcode) {
  switch (opcode) {
  case 0x09: /* getq getkq */
  case 0x0d:
  case 0x11: /* setq addq replaceq deleteq incrementq decrementq */
  case 0x12:
  case 0x13:
  case 0x14:
  case 0x15:
  case 0x16:
  case 0x17: /* quitq flushq appendq prependq */
  case 0x18:
  case 0x19:
  case 0x1a:
  case 0x1e: /* gatq */
    return true;
  case 0x24: /* gatkq, or ioctl_set */
    return dialect == DIALECT_STOCK;
  case 0xa1: /* getq_meta setq_with_meta addq_with_meta delq_with_meta */
  case 0xa3:
  case 0xa5:
  case 0xa9:
    return dialect == DIALECT_COUCHBASE;
  default:
    return false;
  }
}
