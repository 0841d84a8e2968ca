/* The names that a line may refer to while a session is compiled: captured variables and the
 * counters of the loops around it; and what limits its size. Internal to the session layer. */
#ifndef SESSION_SCOPE_H
#define SESSION_SCOPE_H

#include "base/vec.h"
#include "session/session.h"

enum {
  LITERAL_MAX = 64 << 20,  /* bytes of one key, value or raw line */
  SESSION_MAX = 256 << 20, /* bytes of all of a session's literals */
  VARS_MAX = 256
};

struct scope_var {
  const char *name;
  uint16_t size;
};

struct scope {
  struct arena *arena; /* of the session that is made */
  enum dialect dialect;
  struct session_loader loader;
  struct vec vars;                  /* of struct scope_var */
  struct span loops[SESSION_LOOPS]; /* counters' names, empty without */
  unsigned depth;
  size_t budget; /* bytes of literals still allowed */
  bool uses_ns;
};

void scope_init(struct scope *s, struct arena *arena, struct session_loader loader);
void scope_fini(struct scope *s);

/* The index of a captured variable, or -1. */
int scope_var(const struct scope *s, struct span name);
/* The depth of the loop whose counter has this name, or -1. */
int scope_loop(const struct scope *s, struct span name);

#endif
