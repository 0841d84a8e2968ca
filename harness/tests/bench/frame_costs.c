/* What a frame costs the driver on one core, without a server and a socket: a request written out
 * (`send`), an answer compared (`match`), an answer compared with the one of a capture (`replay`),
 * and an answer told in the notation (`tell`); of small values, of 1 KiB of text, and of bytes that
 * are none. A line each: what, bytes of the value, ns of CPU time a frame, GB/s of frames. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "run/ledger.h"
#include "session/render.h"
#include "session/session.h"

enum { SMALL = 16, LARGE = 1024, TURNS = 7, BATCH = 64 };

struct frames {
  struct session *session; /* a set, and the answer to a get */
  const struct pattern *request, *expected;
  struct buf sent, answer; /* as they go over the wire */
  struct buf out;
  struct cas_map *cas;
};

static const struct bindings none = {.ns = "0000"};
static const uint64_t counters[SESSION_LOOPS];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* `value` is a literal of the notation. */
static void frames_init(struct frames *f, const char *value) {
  struct diag diag;
  diag_init(&diag);
  char *text = xasprintf("case  a\nspec  set\n"
                         "c1 > set key=\"some-key\" value=%s flags=7 opaque=0x1234\n"
                         "c1 < get value=%s flags=7 cas=* opaque=0x1234\n",
                         value, value);
  *f = (struct frames){.cas = cas_map_new()};
  f->session = session_compile(span_str(text), "bench", (struct session_loader){0}, &diag);
  CHECK(f->session);
  f->request = f->session->steps[0].pattern;
  f->expected = f->session->steps[1].pattern;
  buf_init(&f->sent, SIZE_MAX / 2);
  buf_init(&f->answer, SIZE_MAX / 2);
  buf_init(&f->out, SIZE_MAX / 2);
  pattern_bytes(f->request, &none, counters, &f->sent);
  buf_add(&f->answer, f->expected->bytes, f->expected->n);
  be_put(f->answer.p + 16, 8, 0x1122334455);
  free(text);
  diag_fini(&diag);
}

static void frames_fini(struct frames *f) {
  session_free(f->session);
  buf_fini(&f->sent);
  buf_fini(&f->answer);
  buf_fini(&f->out);
  cas_map_free(f->cas);
}

/* Each does BATCH frames. */
static void send_frames(struct frames *f) {
  buf_reset(&f->out);
  for (int i = 0; i < BATCH; i++)
    CHECK(pattern_bytes(f->request, &none, counters, &f->out));
}

static void match_frames(struct frames *f) {
  for (int i = 0; i < BATCH; i++) {
    struct match m = pattern_match(f->expected, &none, counters, buf_span(&f->answer), 0);
    CHECK(m.result == MATCH_YES && m.len == f->answer.n);
  }
}

static void replay_frames(struct frames *f) {
  struct ledger l;
  buf_reset(&f->out);
  for (int i = 0; i < BATCH; i++)
    buf_add_span(&f->out, buf_span(&f->answer));
  ledger_init(&l, f->cas);
  ledger_tell(&l, buf_span(&f->out), 1);
  ledger_come(&l, buf_span(&f->out));
  CHECK(l.state == LEDGER_EVEN && l.answers == BATCH);
  ledger_fini(&l);
}

static void tell_frames(struct frames *f) {
  buf_reset(&f->out);
  for (int i = 0; i < BATCH; i++)
    render_line(&f->out, DIALECT_STOCK, false, buf_span(&f->answer));
  CHECK(f->out.n > f->answer.n);
}

/* Seconds a frame, the least of some turns: other work on the machine only adds. */
static double cost(void (*frames)(struct frames *f), struct frames *f) {
  double least = 1;
  for (int turn = 0; turn < TURNS; turn++) {
    uint64_t done = 0;
    double start = now(), used;
    do {
      frames(f);
      done += BATCH;
    } while ((used = now() - start) < 0.02);
    if (used / (double)done < least)
      least = used / (double)done;
  }
  return least;
}

static void put_costs(const char *kind, size_t size, const char *value) {
  static const struct {
    const char *name;
    void (*frames)(struct frames *f);
    bool sends;
  } works[] = {{"send", send_frames, true},
               {"match", match_frames, false},
               {"replay", replay_frames, false},
               {"tell", tell_frames, false}};
  struct frames f;
  frames_init(&f, value);
  for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
    double seconds = cost(works[i].frames, &f);
    size_t bytes = works[i].sends ? f.sent.n : f.answer.n;
    printf("%s %s %zu %.1f ns %.3f GB/s\n", works[i].name, kind, size, seconds * 1e9,
           (double)bytes / seconds / 1e9);
  }
  frames_fini(&f);
}

/* Text without runs. */
static char *text_value(size_t n) {
  char *value = xcalloc(n + 3, 1);
  for (size_t i = 0; i < n; i++)
    value[i + 1] = (char)('a' + i * 7 % 26);
  value[0] = value[n + 1] = '"';
  return value;
}

int main(void) {
  char *small = text_value(SMALL), *large = text_value(LARGE);
  char *bytes = xasprintf("random(5, %d)", LARGE);
  put_costs("text", SMALL, small);
  put_costs("text", LARGE, large);
  put_costs("bytes", LARGE, bytes);
  free(small);
  free(large);
  free(bytes);
  return 0;
}
