/* Whether what has been sent ends on a request's border, however it was cut. */
#include "session/track.h"

#include "compiled.h"

enum state { BORDER, INSIDE };

static const struct {
  const char *lines[4];
  enum state state;
} rows[] = {
    {{NULL}, BORDER},
    {{"noop"}, BORDER},
    {{"noop", "set key=\"k\" value=\"v\""}, BORDER},
    {{"get framing=\"abc\" key=\"k\""}, BORDER},
    {{"noop magic=0x83"}, BORDER},
    {{"noop bodylen=3"}, INSIDE},
    {{"noop bodylen=3", "raw \"ab\""}, INSIDE},
    {{"noop bodylen=3", "raw \"abc\""}, BORDER},
    {{"noop bodylen=3", "raw \"abcd\""}, INSIDE},
    {{"noop bodylen=27", "noop", "raw \"abc\""}, BORDER},
    {{"raw hex(80)"}, INSIDE},
    {{"raw hex(80 0a) repeat(21, hex(00))"}, INSIDE},
    {{"raw hex(80 0a) repeat(22, hex(00))"}, BORDER},
    {{"raw \"x\""}, INSIDE},
    {{"noop magic=0x42"}, INSIDE},
    {{"noop keylen=1"}, INSIDE},
    {{"noop extlen=1"}, INSIDE},
    {{"noop framing=\"\" framinglen=1"}, INSIDE},
    {{"get key=\"kk\" keylen=1"}, BORDER}, /* the rest is the value */
    {{"get key=\"k\" value=\"v\" bodylen=1"}, INSIDE},
    /* Garbage stays garbage. */
    {{"raw \"x\"", "noop"}, INSIDE},
    {{"noop keylen=1", "noop"}, INSIDE},
};

static void send(struct track *t, struct span bytes) {
  const struct pattern p = {.bytes = bytes.p, .n = (uint32_t)bytes.n};
  track_send(t, &p);
}

START_TEST(borders) {
  struct buf bytes;
  buf_init(&bytes, 1 << 16);
  for (size_t i = 0; i < 4 && rows[_i].lines[i]; i++)
    add_line_bytes(&bytes, rows[_i].lines[i], true);
  for (size_t piece = 1; piece <= bytes.n + 1; piece++) {
    struct track t = {0};
    for (size_t at = 0; at < bytes.n; at += piece)
      send(&t, span_sub(buf_span(&bytes), at, piece));
    ck_assert_msg(track_at_border(&t) == (rows[_i].state == BORDER), "%s.. in pieces of %zu",
                  rows[_i].lines[0], piece);
    track_restart(&t);
    ck_assert(track_at_border(&t));
  }
  buf_fini(&bytes);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("track");
  TCase *t = tcase_create("track");
  tcase_add_loop_test(t, borders, 0, sizeof rows / sizeof *rows);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(suite)
