/* A stream of connection c1 in a compiled session, fed with answers; what came of it as a line of
 * text, so that tables can hold it and ways of feeding can be compared. */
#ifndef STREAMS_H
#define STREAMS_H

#include <stdio.h>

#include "compiled.h"
#include "run/stream.h"

struct fed {
  struct session *session;
  struct bindings env;
  struct stream stream;
  struct failure failure;
  bool failed;
};

/* How the connection ends, and what had been done on it before the first answer. */
enum setting { STAYS, EOFS, RESETS, FAILS, FENCE_SENT = 4, HALF_CLOSED = 8 };

static inline void fed_init(struct fed *f, const char *steps) {
  *f = (struct fed){.session = compiled(steps)};
  f->env = bindings_of(f->session);
  stream_init(&f->stream, 1, f->session, &f->env, NULL);
  f->stream.state = STREAM_OPEN;
}

static inline void fed_fini(struct fed *f) {
  stream_fini(&f->stream);
  free(f->env.vars);
  session_free(f->session);
}

/* Feeds in pieces of `piece` bytes, the first one of `first`; the bytes are gone after each call,
 * as a connection's are. */
static inline void feed(struct fed *f, struct span bytes, size_t first, size_t piece) {
  for (size_t n = first; bytes.n > 0 && !f->failed; n = piece) {
    n = n < bytes.n ? n : bytes.n;
    uint8_t *copy = xmalloc(n);
    memcpy(copy, bytes.p, n);
    f->failed = !stream_data(&f->stream, span_of(copy, n), &f->failure);
    free(copy);
    bytes = span_from(bytes, n);
  }
}

static inline void feed_end(struct fed *f, unsigned settings) {
  static const enum conn_end ends[] = {CONN_EOF, CONN_EOF, CONN_RESET, CONN_FAILED};
  unsigned end = settings & 3;
  if (!f->failed && end != STAYS)
    f->failed = !stream_closed(&f->stream, ends[end], &f->failure);
}

/* "met 2", with what is kept of a further answer; or the failure's kind, line, and where in the
 * stream the frame begins that it is about. */
static inline void fed_outcome(const struct fed *f, char out[80]) {
  const struct stream *s = &f->stream;
  if (f->failed)
    snprintf(out, 80, "%s line %u at %llu met %llu", verdict_kind_name(f->failure.kind),
             f->failure.line, (unsigned long long)(s->off + f->failure.shift),
             (unsigned long long)s->matched);
  else if (s->in.n)
    snprintf(out, 80, "met %llu kept %zu", (unsigned long long)s->matched, s->in.n);
  else
    snprintf(out, 80, "met %llu", (unsigned long long)s->matched);
}

struct feeding {
  const char *name;
  const char *steps;      /* they begin in line 3 */
  const char *answers[6]; /* lines of the notation */
  unsigned settings;
  const char *outcome;
};

/* Cuts the answers in two at `first`, or into pieces. */
static inline void feeding_check(const struct feeding *row, size_t first, size_t piece) {
  struct fed f;
  char outcome[80];
  struct buf bytes = answers(row->answers);
  fed_init(&f, row->steps);
  f.stream.proof = row->settings & FENCE_SENT ? PROOF_FENCE_SENT : PROOF_NONE;
  f.stream.half_closed = row->settings & HALF_CLOSED;
  feed(&f, buf_span(&bytes), first, piece);
  feed_end(&f, row->settings);
  fed_outcome(&f, outcome);
  if (strcmp(outcome, row->outcome) != 0)
    ck_abort_msg("%s, first %zu bytes, then %zu: want \"%s\", got \"%s\"", row->name, first, piece,
                 row->outcome, outcome);
  if (f.failed) {
    ck_assert_ptr_eq(f.failure.stream, &f.stream);
    ck_assert_uint_le(f.failure.shift, f.stream.in.n);
  }
  buf_fini(&bytes);
  fed_fini(&f);
}

/* At once, byte by byte, and cut at every place. */
static inline void feeding_check_all(const struct feeding *row) {
  struct buf bytes = answers(row->answers);
  feeding_check(row, SIZE_MAX, SIZE_MAX);
  for (size_t piece = 1; piece < 30; piece += 7)
    feeding_check(row, piece, piece);
  for (size_t first = 1; first < bytes.n; first++)
    feeding_check(row, first, SIZE_MAX);
  buf_fini(&bytes);
}

#endif
