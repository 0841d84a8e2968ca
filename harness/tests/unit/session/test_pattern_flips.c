/* A pattern takes exactly the bytes that it stands for: in random frames each byte is flipped, and
 * what is not in a hole must be missed at that very byte. */
#include "base/rng.h"
#include "compiled.h"
#include "mcbp/header.h"
#include "session/render.h"

enum { ROUNDS = 1500, FRAME_MAX = 4096 };

static const uint8_t magics[] = {MAGIC_REQUEST,         MAGIC_RESPONSE,    MAGIC_SERVER_REQUEST,
                                 MAGIC_CLIENT_RESPONSE, MAGIC_ALT_REQUEST, MAGIC_ALT_RESPONSE};

static void add_random(struct buf *b, struct rng *r, size_t n) {
  bool text = rng_below(r, 2);
  while (n-- > 0)
    buf_add_byte(b, (uint8_t)(text ? 0x20 + rng_below(r, 0x5f) : rng_next(r)));
}

static void random_frame(struct rng *r, struct buf *out) {
  struct header h = {.magic = magics[rng_below(r, sizeof magics)],
                     .opcode = (uint8_t)rng_below(r, 0x40),
                     .keylen = (uint16_t)rng_below(r, 12),
                     .extlen = (uint8_t)(rng_below(r, 3) ? 4 * rng_below(r, 6) : 0),
                     .status = (uint16_t)(rng_below(r, 2) ? 0 : rng_below(r, 0x90)),
                     .opaque = (uint32_t)rng_next(r),
                     .cas = rng_below(r, 2) ? 0 : rng_next(r)};
  if (magic_is_alt(h.magic))
    h.framinglen = (uint8_t)rng_below(r, 9);
  size_t value = rng_below(r, 2) ? rng_below(r, 60) : 0;
  h.bodylen = (uint32_t)(h.framinglen + h.extlen + h.keylen + value);
  uint8_t header[HEADER_BYTES];
  header_pack(&h, header);
  buf_add(out, header, sizeof header);
  add_random(out, r, h.framinglen);
  add_random(out, r, h.extlen);
  add_random(out, r, h.keylen);
  add_random(out, r, value);
}

/* Offsets in which bytes are hidden. */
struct hole_at {
  size_t from, to;
};

/* Another length may be right as well where a hole leaves it open. */
static bool is_length(size_t off) {
  return (off >= 2 && off <= 4) || (off >= 8 && off <= 11);
}

/* Flips one bit of each byte in turn. */
static void check_flips(const struct pattern *p, const struct bindings *env, struct buf *bytes,
                        struct rng *r, const struct hole_at *holes, size_t nholes,
                        const char *line) {
  static const uint64_t counters[SESSION_LOOPS];
  struct match m = pattern_match(p, env, counters, buf_span(bytes), 0);
  ck_assert_msg(m.result == MATCH_YES && m.len == bytes->n, "%s: not its own bytes", line);
  for (size_t i = 0; i < bytes->n; i++) {
    if (nholes && is_length(i))
      continue;
    uint8_t kept = bytes->p[i];
    bool hidden = false;
    for (size_t k = 0; k < nholes; k++)
      hidden |= i >= holes[k].from && i < holes[k].to;
    bytes->p[i] ^= (uint8_t)(1u << rng_below(r, 8));
    m = pattern_match(p, env, counters, buf_span(bytes), 0);
    if (hidden)
      ck_assert_msg(m.result == MATCH_YES, "%s: byte %zu is hidden", line, i);
    else
      ck_assert_msg(m.result == MATCH_NO && m.off == i, "%s: byte %zu flipped, %zu told", line, i,
                    m.off);
    bytes->p[i] = kept;
  }
}

START_TEST(rendered_frames_match_only_themselves) {
  struct rng r = rng_of(1);
  struct buf bytes, line;
  buf_init(&bytes, FRAME_MAX);
  buf_init(&line, 8 * FRAME_MAX);
  for (unsigned round = 0; round < ROUNDS; round++) {
    buf_reset(&bytes);
    buf_reset(&line);
    if (rng_below(&r, 8))
      random_frame(&r, &bytes);
    else
      add_random(&bytes, &r, 1 + rng_below(&r, 60));
    buf_add_str(&line, "c1 < ");
    render_line(&line, DIALECT_STOCK, false, buf_span(&bytes));
    struct session *s = compiled(buf_cstr(&line));
    const struct pattern *p = s->steps[0].pattern;
    ck_assert(!p->mask && p->npatches == 0 && p->ngaps == 0);
    check_flips(p, NULL, &bytes, &r, NULL, 0, buf_cstr(&line));
    session_free(s);
  }
  buf_fini(&bytes);
  buf_fini(&line);
}
END_TEST

static void add_x(struct buf *b, size_t n) {
  buf_fill(b, 'x', n);
}

/* Bounds of a hole and how many bytes fill it this time. */
struct filled {
  size_t min, max, n;
};

static struct filled random_hole(struct rng *r) {
  struct filled f = {.min = rng_below(r, 4)};
  f.max = f.min + rng_below(r, 5);
  f.n = rng_below(r, 2) ? rng_below(r, 2) ? f.min : f.max : f.min + rng_below(r, f.max - f.min + 1);
  return f;
}

/* Free holes in extras, key and value between bytes of their own, and each bound from both sides.
 */
START_TEST(holes_hide_their_own_bytes_only) {
  struct rng r = rng_of(2);
  for (unsigned round = 0; round < ROUNDS; round++) {
    struct filled h[3];
    size_t before[3], after[3], own = 0, filled = 0;
    struct hole_at holes[4] = {{16, 24}};
    struct buf line, body, bytes;
    buf_init(&line, FRAME_MAX);
    buf_init(&body, FRAME_MAX);
    buf_init(&bytes, FRAME_MAX);
    bool alt = rng_below(&r, 2);
    buf_addf(&line, "c1 < op0x77 cas=*%s", alt ? " framing=\"xx\"" : "");
    add_x(&body, alt ? 2 : 0);
    for (size_t i = 0; i < 3; i++) {
      static const char *const names[] = {"extras", "key", "value"};
      h[i] = random_hole(&r);
      before[i] = rng_below(&r, 4);
      after[i] = rng_below(&r, 4);
      own += before[i] + after[i];
      filled += h[i].n;
      buf_addf(&line, " %s=repeat(%zu, \"x\") *{%zu..%zu} repeat(%zu, \"x\")", names[i], before[i],
               h[i].min, h[i].max, after[i]);
      add_x(&body, before[i]);
      holes[i + 1] = (struct hole_at){24 + body.n, 24 + body.n + h[i].n};
      add_random(&body, &r, h[i].n);
      add_x(&body, after[i]);
    }
    struct header head = {.magic = alt ? MAGIC_ALT_RESPONSE : MAGIC_RESPONSE,
                          .opcode = 0x77,
                          .framinglen = alt ? 2 : 0,
                          .extlen = (uint8_t)(before[0] + h[0].n + after[0]),
                          .keylen = (uint16_t)(before[1] + h[1].n + after[1]),
                          .bodylen = (uint32_t)body.n,
                          .cas = rng_next(&r)};
    uint8_t packed[HEADER_BYTES];
    header_pack(&head, packed);
    buf_add(&bytes, packed, sizeof packed);
    buf_add_span(&bytes, buf_span(&body));
    ck_assert_uint_eq(body.n, own + filled + head.framinglen);

    struct session *s = compiled(buf_cstr(&line));
    const struct pattern *p = s->steps[0].pattern;
    bool fixed = h[0].min == h[0].max && h[1].min == h[1].max && h[2].min == h[2].max;
    ck_assert_uint_eq(p->ngaps == 0, fixed);
    check_flips(p, NULL, &bytes, &r, holes, 4, buf_cstr(&line));
    ck_assert_uint_eq(pattern_min(p), bytes.n - filled + h[0].min + h[1].min + h[2].min);
    session_free(s);
    buf_fini(&line);
    buf_fini(&body);
    buf_fini(&bytes);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("pattern_flips");
  TCase *t = tcase_create("pattern_flips");
  tcase_set_timeout(t, 120);
  tcase_add_test(t, rendered_frames_match_only_themselves);
  tcase_add_test(t, holes_hide_their_own_bytes_only);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
