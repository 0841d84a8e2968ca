#include "mcbp/effect.h"

enum effect effect_of(uint8_t opcode) {
  switch (opcode) {
  case 0x07: /* quit */
  case 0x0a: /* noop */
  case 0x0b: /* version */
  case 0x17: /* quitq */
    return EFFECT_NONE;
  case 0x00: /* get getq getk getkq */
  case 0x09:
  case 0x0c:
  case 0x0d:
    return EFFECT_READ;
  case 0x01: /* set add replace delete, and quiet */
  case 0x02:
  case 0x03:
  case 0x04:
  case 0x11:
  case 0x12:
  case 0x13:
  case 0x14:
    return EFFECT_WHOLE;
  case 0x05: /* increment decrement append prepend, and quiet */
  case 0x06:
  case 0x0e:
  case 0x0f:
  case 0x15:
  case 0x16:
  case 0x19:
  case 0x1a:
  case 0x1c: /* touch gat gatq: the time to live */
  case 0x1d:
  case 0x1e:
    return EFFECT_DERIVE;
  case 0x1f: /* hello, sasl_list_mechs sasl_auth sasl_step */
  case 0x20:
  case 0x21:
  case 0x22:
    return EFFECT_CONNECTION;
  default:
    return EFFECT_ALL;
  }
}
