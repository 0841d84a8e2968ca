/* Servers for tests: profiles made of a shell command, and what came of stopping them. */
#ifndef SPAWNED_H
#define SPAWNED_H

#include <signal.h>
#include <stdio.h>

#include "server/server.h"
#include "unit.h"

#define MEMCACHED_UNIX "memcached -u root -t 1 -U 0 -s {socket}"
#define MEMCACHED_TCP "memcached -u root -t 1 -U 0 -l 127.0.0.1 -p "

/* A profile that runs `script` with a shell; `more` is further lines of YAML. */
static inline struct profile *script_profile(const char *transport, const char *script,
                                             const char *more) {
  struct buf text;
  struct diag d;
  diag_init(&d);
  buf_init(&text, 64 << 10);
  buf_addf(&text, "name: x\ncommand:\n - /bin/sh\n - -c\n - |\n  : {%s};\n  %s\n",
           strcmp(transport, "tcp") == 0 ? "port" : "socket", script);
  buf_addf(&text, "transports: {%s: {}}\n%s\n", transport, more);
  struct profile *p = profile_parse(buf_span(&text), "x.yaml", &d);
  ck_assert_msg(p != NULL, "%s", diag_text(&d));
  buf_fini(&text);
  diag_fini(&d);
  return p;
}

static inline struct server *must_spawn(const struct profile *p, enum transport t) {
  struct buf why;
  buf_init(&why, 4096);
  struct server *s = server_spawn(p, t, &why);
  ck_assert_msg(s != NULL, "%s", buf_cstr(&why));
  buf_fini(&why);
  return s;
}

static inline void must_await(struct server *s) {
  struct buf why;
  buf_init(&why, 4096);
  ck_assert_msg(server_await(s, &why), "%s", buf_cstr(&why));
  ck_assert_uint_eq(why.n, 0);
  buf_fini(&why);
}

/* It must not become ready, for the reason that `sentence` begins; stops it. */
static inline void must_not_await(struct server *s, enum server_fate fate, const char *sentence) {
  struct buf why, again;
  buf_init(&why, 4096);
  buf_init(&again, 4096);
  ck_assert(!server_await(s, &why));
  ck_assert_msg(strncmp(buf_cstr(&why), sentence, strlen(sentence)) == 0, "%s", buf_cstr(&why));
  ck_assert_int_eq(server_look(s), fate);
  server_describe(s, &again);
  ck_assert_str_eq(buf_cstr(&again), buf_cstr(&why));
  buf_fini(&why);
  buf_fini(&again);
}

static inline void must_describe(struct server *s, const char *sentence) {
  struct buf what;
  buf_init(&what, 4096);
  server_describe(s, &what);
  ck_assert_str_eq(buf_cstr(&what), sentence);
  buf_fini(&what);
}

static inline void must_have_logged(struct server *s, const char *text) {
  struct buf log;
  buf_init(&log, 1 << 20);
  server_log_tail(s, 1 << 20, &log);
  ck_assert_str_eq(buf_cstr(&log), text);
  buf_fini(&log);
}

struct bad_stops {
  unsigned count;
  enum server_fate fate; /* of the last */
  char what[256], log[256];
};

static inline void note_bad(void *arg, const struct server_bad_end *end) {
  struct bad_stops *b = arg;
  b->count++;
  b->fate = end->fate;
  snprintf(b->what, sizeof b->what, "%s", end->what);
  snprintf(b->log, sizeof b->log, "%s", end->log);
}

static inline struct bad_stops stop_all(void) {
  struct bad_stops b = {.count = 0};
  server_stop_all(note_bad, &b);
  return b;
}

#endif
