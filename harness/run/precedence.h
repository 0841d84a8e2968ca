/* Which requests of other connections a request must come after, as far as the order can show in an
 * answer: those about the same item, unless both only read it, and those that concern all items or
 * whose effect is not known (mcbp/effect.h).
 *
 * Of an item it is known who read and who changed it last, or that it may have been several; items
 * share places, so that a request may have to come after some that don't concern it, never the
 * other way round. Takes a MiB. Pure. Internal to the run layer. */
#ifndef RUN_PRECEDENCE_H
#define RUN_PRECEDENCE_H

#include "mcbp/effect.h"
#include "mcbp/frame.h"

/* A request: its connection, from 1 on, and a number that goes up (and around) on each. */
struct asker {
  uint32_t conn, seq;
};

/* For `conn`. */
enum { ASKER_NOBODY = 0 };
#define ASKER_MANY UINT32_MAX

/* Tells of a request whether it is done, so that nothing has to come after it any more, and whether
 * that can be waited for now. Of ASKER_MANY, the same of all that connections but the one in hand
 * have made. */
struct precedence_judge {
  bool (*done)(void *arg, struct asker who);
  bool (*awaited)(void *arg, struct asker who);
  void *arg;
};

struct precedence;

struct precedence *precedence_new(void);
void precedence_free(struct precedence *p);

/* What a request has to do with. */
struct touch {
  enum effect effect;
  size_t place;
};

/* NULL: bytes that are none. */
struct touch precedence_touch(const struct frame *request);

/* A request that must be done before this one of `conn`, and can be waited for; of ASKER_MANY all
 * that others have made, of ASKER_NOBODY none. */
struct asker precedence_before(struct precedence *p, uint32_t conn, const struct touch *touch,
                               const struct precedence_judge *judge);

/* Notes a request that is made now. */
void precedence_note(struct precedence *p, struct asker who, const struct touch *touch,
                     const struct precedence_judge *judge);

#endif
