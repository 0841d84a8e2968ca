#include "session/scope.h"

void scope_init(struct scope *s, struct arena *arena, struct session_loader loader) {
  *s = (struct scope){.arena = arena, .loader = loader, .budget = SESSION_MAX};
  vec_init(&s->vars, sizeof(struct scope_var));
}

void scope_fini(struct scope *s) {
  vec_fini(&s->vars);
}

int scope_var(const struct scope *s, struct span name) {
  for (size_t i = 0; i < s->vars.n; i++)
    if (span_is(name, ((const struct scope_var *)vec_at(&s->vars, i))->name))
      return (int)i;
  return -1;
}

int scope_loop(const struct scope *s, struct span name) {
  for (unsigned i = s->depth; i > 0; i--)
    if (span_eq(name, s->loops[i - 1]))
      return (int)i - 1;
  return -1;
}
