#include "run/conversation.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/vec.h"
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

struct conversation {
  FILE *out;
  struct conversation_style style;
  struct buf line;
  struct vec talks; /* by connection */
  uint64_t usec;    /* of the last entry */
};

static struct talk *talk_of(struct conversation *c, unsigned conn) {
  while (c->talks.n <= conn) {
    struct talk *t = vec_push(&c->talks);
    buf_init(&t->sides[CLIENT].in, SIZE_MAX / 2);
    buf_init(&t->sides[SERVER].in, SIZE_MAX / 2);
  }
  return vec_at(&c->talks, conn);
}

static void tell(struct conversation *c, unsigned conn, const char *what) {
  if (c->style.times)
    fprintf(c->out, "%10" PRIu64 " us  ", c->usec);
  fprintf(c->out, "c%u %s\n", conn, what);
}

/* Tells a frame, or what is none. */
static void tell_bytes(struct conversation *c, unsigned conn, struct side *s, bool server,
                       struct span bytes, bool own) {
  buf_reset(&c->line);
  buf_add_str(&c->line, server ? "< " : "> ");
  if (c->style.whole)
    render_line(&c->line, c->style.dialect, !server, bytes);
  else
    render_brief(&c->line, c->style.dialect, !server, bytes);
  if (s->chunks > 1 && c->style.times)
    buf_addf(&c->line, "  # in %u chunks since %" PRIu64 " us", s->chunks, s->since);
  if (own)
    buf_add_str(&c->line,
                server ? "  # answers the driver's own noop" : "  # the driver's own noop");
  tell(c, conn, buf_cstr(&c->line));
}

static bool is_own(const struct talk *talk, const struct tape_entry *e, bool server,
                   struct span frame) {
  uint8_t answer[HEADER_BYTES];
  if (!server || !talk->fenced)
    return e->own;
  stream_fence_answer(e->conn, answer);
  return span_eq(frame, span_of(answer, sizeof answer));
}

static void pass(struct conversation *c, const struct tape_entry *e, struct span bytes) {
  bool server = e->kind == TAPE_CAME;
  struct talk *talk = talk_of(c, e->conn);
  struct side *s = &talk->sides[server];
  size_t done = 0;
  talk->fenced |= e->own;
  if (s->in.n == 0)
    s->since = e->usec;
  s->chunks++;
  buf_add_span(&s->in, bytes);
  for (;;) {
    struct frame f;
    struct span rest = span_from(buf_span(&s->in), done);
    enum frame_cut cut = s->lost ? FRAME_NOT : frame_cut(rest, &f);
    if (rest.n == 0 || cut == FRAME_SHORT)
      break;
    s->lost = cut == FRAME_NOT;
    struct span told = s->lost ? rest : span_sub(rest, 0, f.len);
    tell_bytes(c, e->conn, s, server, told, !s->lost && is_own(talk, e, server, told));
    done += told.n;
    s->chunks = 1; /* what follows began with this chunk */
    s->since = e->usec;
  }
  buf_drop(&s->in, done);
  if (s->in.n == 0)
    s->chunks = 0;
}

/* Tells what is left of frames that will not become whole. */
static void tell_rest(struct conversation *c, unsigned conn, bool server) {
  struct side *s = &talk_of(c, conn)->sides[server];
  if (s->in.n)
    tell_bytes(c, conn, s, server, buf_span(&s->in), false);
  buf_fini(&s->in); /* there may be many connections that are over */
  buf_init(&s->in, SIZE_MAX / 2);
  s->chunks = 0;
  s->lost = false;
}

void conversation_add(struct conversation *c, const struct tape_entry *e, struct span bytes) {
  static const char *const words[] = {[TAPE_OPENED] = "connect",
                                      [TAPE_HALF_CLOSED] = "half-close",
                                      [TAPE_CLOSED] = "close",
                                      [TAPE_ENDED] = "< closed",
                                      [TAPE_RESET] = "< closed  # by a reset, or never connected"};
  c->usec = e->usec;
  if (e->kind == TAPE_SENT || e->kind == TAPE_CAME) {
    pass(c, e, bytes);
    return;
  }
  if (e->kind != TAPE_HALF_CLOSED)
    tell_rest(c, e->conn, true);
  if (e->kind != TAPE_ENDED)
    tell_rest(c, e->conn, false);
  if (e->kind == TAPE_OPENED)
    talk_of(c, e->conn)->fenced = false;
  tell(c, e->conn, words[e->kind]);
}

struct conversation *conversation_new(FILE *out, struct conversation_style style) {
  struct conversation *c = xcalloc(1, sizeof *c);
  c->out = out;
  c->style = style;
  buf_init(&c->line, SIZE_MAX / 2);
  vec_init(&c->talks, sizeof(struct talk));
  return c;
}

void conversation_free(struct conversation *c) {
  for (unsigned conn = 0; conn < c->talks.n; conn++)
    for (int side = CLIENT; side <= SERVER; side++) {
      tell_rest(c, conn, side == SERVER);
      buf_fini(&talk_of(c, conn)->sides[side].in);
    }
  vec_fini(&c->talks);
  buf_fini(&c->line);
  free(c);
}

void conversation_write(FILE *out, const struct tape *tape, enum dialect dialect) {
  struct conversation *c =
      conversation_new(out, (struct conversation_style){.dialect = dialect, .times = true});
  for (size_t i = 0; i < tape->entries.n; i++) {
    const struct tape_entry *e = tape_entry(tape, i);
    conversation_add(c, e, tape_bytes(tape, e));
  }
  conversation_free(c);
  if (tape->full)
    fprintf(out, "# there was more, which is not kept\n");
}
