#include "run/conversation.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/check.h"
#include "mcbp/frame.h"
#include "run/stream.h"
#include "session/render.h"

enum { CLIENT, SERVER };

/* One side of a connection: the bytes of a frame that is not whole. */
struct side {
  struct buf in;
  unsigned chunks; /* that they came in */
  uint64_t since;
  bool lost; /* what comes is no frames any more */
};

struct talk {
  struct side sides[2];
  bool fenced; /* the driver's own noop has been sent */
};

struct teller {
  FILE *out;
  const struct tape *tape;
  enum dialect dialect;
  struct buf line;
  struct talk talks[SESSION_CONNS];
};

static void tell(struct teller *t, const struct tape_entry *e, const char *what) {
  fprintf(t->out, "%10" PRIu64 " us  c%u %s\n", e->usec, e->conn, what);
}

/* Tells a frame, or what is none. */
static void tell_bytes(struct teller *t, const struct tape_entry *e, struct side *s, bool server,
                       struct span bytes, bool own) {
  buf_reset(&t->line);
  buf_add_str(&t->line, server ? "< " : "> ");
  render_brief(&t->line, t->dialect, !server, bytes);
  if (s->chunks > 1)
    buf_addf(&t->line, "  # in %u chunks since %" PRIu64 " us", s->chunks, s->since);
  if (own)
    buf_add_str(&t->line,
                server ? "  # answers the driver's own noop" : "  # the driver's own noop");
  tell(t, e, buf_cstr(&t->line));
}

static bool is_own(const struct teller *t, const struct tape_entry *e, bool server,
                   struct span frame) {
  uint8_t answer[HEADER_BYTES];
  stream_fence_answer(e->conn, answer);
  if (!server)
    return e->own;
  return t->talks[e->conn].fenced && span_eq(frame, span_of(answer, sizeof answer));
}

static void pass(struct teller *t, const struct tape_entry *e, bool server) {
  struct talk *talk = &t->talks[e->conn];
  struct side *s = &talk->sides[server];
  size_t done = 0;
  talk->fenced |= e->own;
  if (s->in.n == 0)
    s->since = e->usec;
  s->chunks++;
  buf_add_span(&s->in, tape_bytes(t->tape, e));
  for (;;) {
    struct frame f;
    struct span rest = span_from(buf_span(&s->in), done);
    enum frame_cut cut = s->lost ? FRAME_NOT : frame_cut(rest, &f);
    if (rest.n == 0 || cut == FRAME_SHORT)
      break;
    s->lost = cut == FRAME_NOT;
    struct span told = s->lost ? rest : span_sub(rest, 0, f.len);
    tell_bytes(t, e, s, server, told, !s->lost && is_own(t, e, server, told));
    done += told.n;
    s->chunks = 1; /* what follows began with this chunk */
    s->since = e->usec;
  }
  buf_drop(&s->in, done);
  if (s->in.n == 0)
    s->chunks = 0;
}

/* Tells what is left of frames that will not become whole. */
static void tell_rest(struct teller *t, const struct tape_entry *e, bool server) {
  struct side *s = &t->talks[e->conn].sides[server];
  if (s->in.n)
    tell_bytes(t, e, s, server, buf_span(&s->in), false);
  buf_reset(&s->in);
  s->chunks = 0;
  s->lost = false;
}

static void tell_entry(struct teller *t, const struct tape_entry *e) {
  static const char *const words[] = {[TAPE_OPENED] = "connect",
                                      [TAPE_HALF_CLOSED] = "half-close",
                                      [TAPE_CLOSED] = "close",
                                      [TAPE_ENDED] = "< closed",
                                      [TAPE_RESET] = "< closed  # by a reset, or never connected"};
  CHECK(e->conn < SESSION_CONNS);
  if (e->kind == TAPE_SENT || e->kind == TAPE_CAME) {
    pass(t, e, e->kind == TAPE_CAME);
    return;
  }
  if (e->kind != TAPE_HALF_CLOSED)
    tell_rest(t, e, true);
  if (e->kind != TAPE_ENDED)
    tell_rest(t, e, false);
  if (e->kind == TAPE_OPENED)
    t->talks[e->conn].fenced = false;
  tell(t, e, words[e->kind]);
}

void conversation_write(FILE *out, const struct tape *tape, enum dialect dialect) {
  struct teller *t = xcalloc(1, sizeof *t);
  struct tape_entry last = {0};
  *t = (struct teller){.out = out, .tape = tape, .dialect = dialect};
  buf_init(&t->line, SIZE_MAX / 2);
  for (size_t c = 0; c < SESSION_CONNS; c++)
    for (int side = CLIENT; side <= SERVER; side++)
      buf_init(&t->talks[c].sides[side].in, SIZE_MAX / 2);
  for (size_t i = 0; i < tape->entries.n; i++) {
    last = *tape_entry(tape, i);
    tell_entry(t, &last);
  }
  for (unsigned c = 0; c < SESSION_CONNS; c++)
    for (int side = CLIENT; side <= SERVER; side++) {
      last.conn = c;
      tell_rest(t, &last, side == SERVER);
      buf_fini(&t->talks[c].sides[side].in);
    }
  if (tape->full)
    fprintf(out, "# there was more, which is not kept\n");
  buf_fini(&t->line);
  free(t);
}
