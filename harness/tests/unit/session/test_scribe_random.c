/* Whatever passes on however many connections in whatever pieces, the scribe's session compiles,
 * sends the client's bytes and is met by the server's. scribe_write makes sure of that itself;
 * where there is one connection, which stays open, it is found out once more without its help. */
#include <stdio.h>

#include "base/rng.h"
#include "base/text.h"
#include "mcbp/frame.h"
#include "scribed.h"

enum { ROUNDS = 1500, CONNS = 5, STEPS = 60 };

static const uint64_t default_seed = 0x736372696265;

static uint64_t seed_of_run(void) {
  uint64_t seed = default_seed;
  const char *given = getenv("MCREPLAY_SEED");
  if (given && !text_number(span_str(given), &seed))
    ck_abort_msg("MCREPLAY_SEED is no number");
  return seed;
}

/* A side's stream as it was told, and what is still to be told of a frame in pieces. */
struct world {
  struct rng rng;
  struct scribe *scribe;
  struct buf pending[CONNS][2];
  size_t conns;
  struct buf told[2]; /* of one connection that is alone */
};

static void add_frame(struct world *w, struct buf *to, bool from_server) {
  static const uint8_t opcodes[] = {0x00, 0x01, 0x05, 0x09, 0x0a, 0x0b, 0x10, 0x10, 0x11, 0x21};
  static const uint8_t magics[] = {0x82, 0x83, 0x08, 0x18, 0x80, 0x81};
  struct header h = {.magic = from_server ? MAGIC_RESPONSE : MAGIC_REQUEST,
                     .opcode = opcodes[rng_below(&w->rng, sizeof opcodes)],
                     .opaque = (uint32_t)rng_below(&w->rng, 3),
                     .cas = rng_below(&w->rng, 3) ? 0 : rng_below(&w->rng, 6)};
  uint8_t body[40];
  if (rng_below(&w->rng, 30) == 0)
    h.magic = magics[rng_below(&w->rng, sizeof magics)];
  if (rng_below(&w->rng, 4) == 0)
    h.status = (uint16_t)rng_below(&w->rng, 9);
  h.keylen = (uint16_t)rng_below(&w->rng, 4);
  if (rng_below(&w->rng, 4) == 0)
    h.extlen = (uint8_t)rng_below(&w->rng, 9);
  h.bodylen =
      (uint32_t)(h.keylen + h.extlen + (rng_below(&w->rng, 2) ? rng_below(&w->rng, 20) : 0));
  if (rng_below(&w->rng, 100) == 0)
    h.bodylen = (uint32_t)rng_below(&w->rng, 40);
  for (size_t i = 0; i < sizeof body; i++)
    body[i] = (uint8_t)rng_next(&w->rng);
  uint8_t header[HEADER_BYTES];
  header_pack(&h, header);
  if (rng_below(&w->rng, 200) == 0)
    header[0] = 'g';
  buf_add(to, header, sizeof header);
  buf_add(to, body, h.bodylen);
}

static void step(struct world *w) {
  size_t conn = rng_below(&w->rng, w->conns);
  bool from_server = rng_below(&w->rng, 2);
  struct buf *pending = &w->pending[conn][from_server];
  if (w->conns > 1 && rng_below(&w->rng, 40) == 0) {
    scribe_end(w->scribe, conn, (enum scribe_end)rng_below(&w->rng, 4));
    return;
  }
  if (pending->n == 0)
    for (uint64_t n = rng_below(&w->rng, 4); n > 0; n--)
      add_frame(w, pending, from_server);
  size_t n = rng_below(&w->rng, 2) ? pending->n : rng_below(&w->rng, pending->n + 1);
  struct span piece = span_sub(buf_span(pending), 0, n);
  ck_assert(scribe_bytes(w->scribe, conn, from_server, piece));
  buf_add_span(&w->told[from_server], piece);
  buf_drop(pending, n);
}

/* Takes off the front of the answers what meets the line. */
static bool take(struct span *answers, const struct pattern *p, struct bindings *env) {
  struct match m = pattern_match(p, env, NULL, *answers, 0);
  if (m.result != MATCH_YES)
    return false;
  pattern_capture(p, env, span_sub(*answers, 0, m.len));
  *answers = span_from(*answers, m.len);
  return true;
}

/* What the session of one open connection sends and expects is all that was told. */
static void expect_streams(const struct world *w, const char *text) {
  struct session *s = compiled_file(text);
  struct bindings env = bindings_of(s);
  struct span answers = buf_span(&w->told[1]);
  struct buf sent;
  buf_init(&sent, COMPILED_MAX);
  for (size_t i = 0; i < s->nsteps; i++) {
    const struct step *step = &s->steps[i];
    if (step->kind == STEP_SEND)
      ck_assert(pattern_bytes(step->pattern, &env, NULL, &sent));
    else if (step->kind == STEP_EXPECT)
      ck_assert_msg(take(&answers, step->pattern, &env), "line %u of\n%s", step->line, text);
    else if (step->kind == STEP_EXPECT_EACH)
      while (!take(&answers, step->each->terminator.pattern, &env))
        ck_assert_msg(take(&answers, step->each->items[0].pattern, &env), "line %u of\n%s",
                      step->line, text);
  }
  ck_assert_msg(span_eq(buf_span(&sent), buf_span(&w->told[0])), "sends other bytes:\n%s", text);
  ck_assert_uint_eq(answers.n, 0);
  buf_fini(&sent);
  free(env.vars);
  session_free(s);
}

static void reset(struct world *w) {
  w->conns = rng_below(&w->rng, 3) ? CONNS : 1;
  for (int side = 0; side < 2; side++) {
    buf_reset(&w->told[side]);
    for (int c = 0; c < CONNS; c++)
      buf_reset(&w->pending[c][side]);
  }
  w->scribe = scribe_new(rng_below(&w->rng, 2) ? DIALECT_STOCK : DIALECT_COUCHBASE, COMPILED_MAX);
  for (size_t c = 0; c < w->conns; c++)
    scribe_open(w->scribe);
}

START_TEST(what_is_told_is_said) {
  uint64_t seed = seed_of_run();
  struct world w = {.rng = rng_of(seed)};
  size_t written = 0;
  for (int side = 0; side < 2; side++) {
    buf_init(&w.told[side], COMPILED_MAX);
    for (int c = 0; c < CONNS; c++)
      buf_init(&w.pending[c][side], COMPILED_MAX);
  }
  for (int round = 0; round < ROUNDS; round++) {
    struct buf out, why;
    buf_init(&out, COMPILED_MAX);
    buf_init(&why, 4096);
    reset(&w);
    for (uint64_t n = rng_below(&w.rng, STEPS); n > 0; n--)
      step(&w);
    bool ok = scribe_write(w.scribe, &scribed_head, &out, &why);
    if (!ok && strcmp(buf_cstr(&why), "nothing has passed that a session could tell") != 0)
      ck_abort_msg("seed %llu, round %d: %s\n%s", (unsigned long long)seed, round, buf_cstr(&why),
                   buf_cstr(&out));
    if (ok && w.conns == 1)
      expect_streams(&w, buf_cstr(&out));
    written += ok;
    scribe_free(w.scribe);
    buf_fini(&out);
    buf_fini(&why);
  }
  ck_assert_uint_gt(written, ROUNDS * 9 / 10);
  for (int side = 0; side < 2; side++) {
    buf_fini(&w.told[side]);
    for (int c = 0; c < CONNS; c++)
      buf_fini(&w.pending[c][side]);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("scribe_random");
  TCase *t = tcase_create("scribe_random");
  tcase_set_timeout(t, 300);
  tcase_add_test(t, what_is_told_is_said);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
