#include "session/freedom.h"

enum { STAT = 0x10 };

static bool is_plain_stat(const struct frame *f) {
  return f->h.magic == MAGIC_RESPONSE && f->h.opcode == STAT && f->h.status == 0 &&
         f->h.extlen == 0 && f->h.datatype == 0 && f->h.cas == 0;
}

bool frame_is_figure(const struct frame *f) {
  return is_plain_stat(f) && f->key.n > 0;
}

bool frame_ends_figures(const struct frame *f) {
  return is_plain_stat(f) && f->h.bodylen == 0;
}

bool frame_is_answer(const struct frame *f) {
  return f->h.magic == MAGIC_RESPONSE || f->h.magic == MAGIC_ALT_RESPONSE;
}

bool frame_value_is_free(const struct frame *f) {
  switch (f->h.opcode) {
  case 0x0b: /* version */
  case 0x20: /* sasl_list_mechs, sasl_auth, sasl_step */
  case 0x21:
  case 0x22:
    return true;
  default:
    return frame_is_figure(f) || f->h.status != 0;
  }
}
