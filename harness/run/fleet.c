#include "run/fleet.h"

#include "run/log_tail.h"

void fleet_init(struct fleet *f, const struct profile *profile) {
  *f = (struct fleet){.profile = profile};
}

static struct server *ready(struct server *s, struct buf *why) {
  if (s && !server_await(s, why)) {
    buf_add_byte(why, '\n');
    log_tail_add_of(why, "the server's log ends with", s);
    server_reports(s, why);
    server_kill(s);
    return NULL;
  }
  return s;
}

struct server *fleet_take(struct fleet *f, enum transport t, const struct job *job,
                          struct buf *why) {
  const struct profile *p = f->profile;
  if (!job->fresh && f->shared[t])
    return f->shared[t];
  if (!job->fresh)
    return f->shared[t] = ready(server_spawn(p, t, why), why);
  struct server *s = f->spare[t] ? f->spare[t] : server_spawn(p, t, why);
  f->spare[t] = NULL;
  if (s && job->fresh_follows) {
    struct buf ignored; /* a spare that can't be had is asked for again when it is needed */
    buf_init(&ignored, 1024);
    f->spare[t] = server_spawn(p, t, &ignored);
    buf_fini(&ignored);
  }
  return ready(s, why);
}

void fleet_give(struct fleet *f, enum transport t, struct server *s, bool again) {
  if (again && s == f->shared[t])
    return;
  if (s == f->shared[t])
    f->shared[t] = NULL;
  server_stop(s);
}

void fleet_stop(struct fleet *f) {
  for (int t = 0; t < TRANSPORTS; t++) {
    if (f->shared[t])
      server_stop(f->shared[t]);
    if (f->spare[t])
      server_kill(f->spare[t]);
    f->shared[t] = f->spare[t] = NULL;
  }
}
