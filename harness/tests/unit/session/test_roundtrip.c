/* Every line that the renderer writes compiles back to the bytes it was made of: random and mutated
 * frames of both dialects, both directions and all magics, and arbitrary bytes. */
#include <stdio.h>

#include "base/rng.h"
#include "base/text.h"
#include "mcbp/extras.h"
#include "mcbp/frame.h"
#include "session/render.h"
#include "session/session.h"
#include "unit.h"

enum { ROUNDS = 120000, BYTES_MAX = 1 << 20 };

static const uint64_t default_seed = 0x6d63726570;

static const uint8_t magics[] = {MAGIC_REQUEST,         MAGIC_RESPONSE,    MAGIC_SERVER_REQUEST,
                                 MAGIC_CLIENT_RESPONSE, MAGIC_ALT_REQUEST, MAGIC_ALT_RESPONSE};

static uint64_t seed_of_run(void) {
  uint64_t seed = default_seed;
  const char *given = getenv("MCREPLAY_SEED");
  if (given && !text_number(span_str(given), &seed))
    ck_abort_msg("MCREPLAY_SEED is no number");
  return seed;
}

static void random_bytes(struct rng *r, struct buf *out, size_t n) {
  static const char *const words[] = {"{ns}", "\"",   "\\", "\\x41", "#",    "{n", "s}", "\r\n",
                                      "key",  "\x7f", "'",  ")",     "*{3}", "$a", "= "};
  switch (rng_below(r, 5)) {
  case 0:
    buf_fill(out, (uint8_t)rng_next(r), n);
    break;
  case 1:
    for (size_t i = 0; i < n; i++)
      buf_add_byte(out, (uint8_t)(0x20 + rng_below(r, 0x5f)));
    break;
  case 2:
    for (size_t end = out->n + n; out->n < end;) {
      const char *word = words[rng_below(r, sizeof words / sizeof words[0])];
      buf_add(out, word, strlen(word) < end - out->n ? strlen(word) : end - out->n);
    }
    break;
  default:
    for (size_t i = 0; i < n; i++)
      buf_add_byte(out, (uint8_t)rng_next(r));
  }
}

/* Now and then a length of each interesting size. */
static size_t random_length(struct rng *r, size_t max) {
  static const size_t sizes[] = {0, 0, 1, 2, 4, 8, 20, 31, 32, 33, 250, 300};
  size_t n = rng_below(r, 64) == 0 ? rng_below(r, 9000) : sizes[rng_below(r, 12)];
  return n < max ? n : max;
}

static void random_framing(struct rng *r, struct buf *out) {
  if (rng_below(r, 4) == 0) {
    random_bytes(r, out, random_length(r, 255));
    return;
  }
  for (uint64_t items = rng_below(r, 20); items > 0; items--) {
    struct buf item, data;
    buf_init(&item, 255 - out->n);
    buf_init(&data, 255);
    random_bytes(r, &data, rng_below(r, 8) ? rng_below(r, 4) : rng_below(r, 200));
    if (framing_put(&item, (unsigned)rng_below(r, rng_below(r, 3) ? 9 : 271), buf_span(&data)))
      buf_add_span(out, buf_span(&item));
    buf_fini(&item);
    buf_fini(&data);
  }
}

static uint16_t random_status(struct rng *r) {
  return (uint16_t)(rng_below(r, 2) ? 0 : rng_below(r, rng_below(r, 4) ? 0x100 : 0x10000));
}

/* A consistent frame. */
static void random_frame(struct rng *r, enum dialect dialect, struct buf *out) {
  struct buf framing, extras, key, value;
  struct header h = {.magic = magics[rng_below(r, sizeof magics)],
                     .opcode = (uint8_t)(rng_below(r, 2) ? rng_below(r, 0x25) : rng_next(r)),
                     .datatype = (uint8_t)(rng_below(r, 4) ? 0 : rng_next(r)),
                     .status = random_status(r),
                     .opaque = (uint32_t)(rng_below(r, 4) ? rng_below(r, 9) : rng_next(r)),
                     .cas = rng_below(r, 2) ? 0 : rng_next(r)};
  buf_init(&framing, 255);
  buf_init(&extras, 255);
  buf_init(&key, magic_is_alt(h.magic) ? 255 : UINT16_MAX);
  buf_init(&value, BYTES_MAX);
  if (magic_is_alt(h.magic))
    random_framing(r, &framing);
  const struct extras_layout *layout =
      extras_layout(dialect, magic_is_server(h.magic), magic_is_response(h.magic), h.opcode);
  random_bytes(r, &extras, rng_below(r, 3) ? layout->size : random_length(r, 255));
  random_bytes(r, &key, random_length(r, key.cap));
  random_bytes(r, &value, random_length(r, value.cap));
  h.framinglen = (uint8_t)framing.n;
  h.extlen = (uint8_t)extras.n;
  h.keylen = (uint16_t)key.n;
  h.bodylen = (uint32_t)(framing.n + extras.n + key.n + value.n);
  uint8_t header[HEADER_BYTES];
  header_pack(&h, header);
  buf_add(out, header, sizeof header);
  buf_add_span(out, buf_span(&framing));
  buf_add_span(out, buf_span(&extras));
  buf_add_span(out, buf_span(&key));
  buf_add_span(out, buf_span(&value));
  buf_fini(&framing);
  buf_fini(&extras);
  buf_fini(&key);
  buf_fini(&value);
}

static void mutate(struct rng *r, struct buf *b) {
  switch (rng_below(r, 8)) {
  case 0:
    b->n = rng_below(r, b->n + 1);
    break;
  case 1:
    random_bytes(r, b, rng_below(r, 30));
    break;
  case 2:
    b->p[rng_below(r, b->n)] = (uint8_t)rng_next(r);
    break;
  case 3:
    b->p[rng_below(r, HEADER_BYTES)] = (uint8_t)rng_next(r);
    break;
  default:
    break;
  }
}

static void expect_same(enum dialect dialect, bool to_server, struct span bytes, uint64_t seed,
                        unsigned round) {
  struct buf text, again;
  struct diag diag;
  buf_init(&text, SIZE_MAX / 4);
  buf_init(&again, SIZE_MAX / 4);
  diag_init(&diag);
  render_line(&text, dialect, to_server, bytes);
  bool compiled = session_compile_line(buf_span(&text), dialect, to_server, "line", &again, &diag);
  if (!compiled || !span_eq(buf_span(&again), bytes))
    ck_abort_msg("seed %llu, round %u, %s: bytes do not survive\n  %.2000s\n  %s",
                 (unsigned long long)seed, round, to_server ? "to the server" : "from the server",
                 buf_cstr(&text), diag_text(&diag));
  buf_fini(&text);
  buf_fini(&again);
  diag_fini(&diag);
}

START_TEST(rendered_bytes_compile_back) {
  uint64_t seed = seed_of_run();
  struct rng r = rng_of(seed);
  struct buf bytes;
  buf_init(&bytes, BYTES_MAX);
  for (unsigned round = 0; round < ROUNDS; round++) {
    enum dialect dialect = rng_below(&r, 2) ? DIALECT_STOCK : DIALECT_COUCHBASE;
    buf_reset(&bytes);
    if (rng_below(&r, 16) == 0) {
      random_bytes(&r, &bytes, random_length(&r, BYTES_MAX));
    } else {
      random_frame(&r, dialect, &bytes);
      mutate(&r, &bytes);
    }
    ck_assert(!bytes.failed);
    expect_same(dialect, rng_below(&r, 2), buf_span(&bytes), seed, round);
  }
  buf_fini(&bytes);
}
END_TEST

/* Every opcode of every magic with extras of its own size, both ways. */
START_TEST(every_command_compiles_back) {
  struct buf bytes;
  buf_init(&bytes, BYTES_MAX);
  for (unsigned i = 0; i < sizeof magics * 256 * 2 * 2 * 2; i++) {
    enum dialect dialect = i & 1 ? DIALECT_STOCK : DIALECT_COUCHBASE;
    struct header h = {.magic = magics[i >> 11], .opcode = (uint8_t)(i >> 3), .status = i >> 2 & 1};
    const struct extras_layout *layout =
        extras_layout(dialect, magic_is_server(h.magic), magic_is_response(h.magic), h.opcode);
    h.extlen = layout->size;
    h.bodylen = layout->size;
    buf_reset(&bytes);
    buf_fill(&bytes, 0, HEADER_BYTES);
    header_pack(&h, bytes.p);
    for (uint8_t k = 1; k <= layout->size; k++)
      buf_add_byte(&bytes, k);
    expect_same(dialect, i >> 1 & 1, buf_span(&bytes), 0, i);
  }
  buf_fini(&bytes);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("roundtrip");
  TCase *t = tcase_create("roundtrip");
  tcase_set_timeout(t, 300);
  tcase_add_test(t, rendered_bytes_compile_back);
  tcase_add_test(t, every_command_compiles_back);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
