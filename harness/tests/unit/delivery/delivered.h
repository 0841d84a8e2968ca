/* Deliveries for tests, by their names. */
#ifndef DELIVERED_H
#define DELIVERED_H

#include "delivery/delivery.h"
#include "unit.h"

static inline struct delivery delivery_of(const char *name) {
  struct delivery d;
  struct buf why;
  buf_init(&why, 4096);
  ck_assert_msg(delivery_parse(span_str(name), &d, &why), "%s: %s", name, buf_cstr(&why));
  buf_fini(&why);
  return d;
}

#endif
