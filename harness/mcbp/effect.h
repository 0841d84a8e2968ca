/* What a command does to the state that answers are made of. These opcodes are the same in both
 * dialects. Pure. */
#ifndef MCBP_EFFECT_H
#define MCBP_EFFECT_H

#include <stdint.h>

enum effect {
  EFFECT_NONE,       /* and no answer depends on the state */
  EFFECT_READ,       /* reads an item */
  EFFECT_WHOLE,      /* stores or deletes an item whole */
  EFFECT_DERIVE,     /* makes an item of what it was */
  EFFECT_CONNECTION, /* changes what its own connection may do, such as an authentication */
  EFFECT_ALL         /* reads or changes what belongs to no single item, or it is not known */
};

enum effect effect_of(uint8_t opcode);

#endif
