/* Where each kind of delivery cuts. */
#include "base/check.h"
#include "delivered.h"
#include "mcbp/header.h"

/* A batch under construction. */
struct requests {
  struct buf bytes;
  size_t ends[64];
  size_t n;
};

static void requests_init(struct requests *r) {
  buf_init(&r->bytes, 32u << 20);
  r->n = 0;
}

static void add_end(struct requests *r) {
  CHECK(r->n < sizeof r->ends / sizeof r->ends[0]);
  r->ends[r->n++] = r->bytes.n;
}

static void add_frame(struct requests *r, size_t framing, size_t ext, size_t key, size_t value) {
  uint8_t head[HEADER_BYTES];
  struct header h = {.magic = framing ? MAGIC_ALT_REQUEST : MAGIC_REQUEST,
                     .framinglen = (uint8_t)framing,
                     .extlen = (uint8_t)ext,
                     .keylen = (uint16_t)key,
                     .bodylen = (uint32_t)(framing + ext + key + value)};
  header_pack(&h, head);
  buf_add(&r->bytes, head, sizeof head);
  buf_fill(&r->bytes, 'b', h.bodylen);
  add_end(r);
}

static void add_raw(struct requests *r, size_t n) {
  buf_fill(&r->bytes, 0xee, n);
  add_end(r);
}

static struct batch batch_of(const struct requests *r) {
  return (struct batch){buf_span(&r->bytes), r->ends, r->n};
}

static void cut(const char *name, uint64_t seed, const struct requests *r, struct cuts *out) {
  struct delivery d = delivery_of(name);
  struct rng rng = rng_of(seed);
  struct batch b = batch_of(r);
  delivery_cut(&d, &rng, &b, out);
}

/* Compares the chunks' ends with a list that 0 ends. */
static void expect_ends(const char *name, const struct requests *r, const size_t *want) {
  struct cuts c;
  cuts_init(&c);
  cut(name, 1, r, &c);
  size_t i = 0;
  for (; want[i]; i++) {
    ck_assert_msg(i < c.n, "%s: %zu cuts, want more", name, c.n);
    ck_assert_msg(c.ends[i] == want[i], "%s: cut %zu at %zu, want %zu", name, i, c.ends[i],
                  want[i]);
  }
  ck_assert_msg(i == c.n, "%s: %zu cuts, want %zu", name, c.n, i);
  cuts_fini(&c);
}
#define EXPECT_ENDS(name, r, ...) expect_ends(name, r, (const size_t[]){__VA_ARGS__, 0})

START_TEST(whole_and_pipelined_heed_requests_alone) {
  struct requests r;
  requests_init(&r);
  add_frame(&r, 0, 0, 3, 0);
  add_raw(&r, 10);
  EXPECT_ENDS("whole", &r, 27, 37);
  EXPECT_ENDS("pipelined", &r, 37);
  EXPECT_ENDS("half-close", &r, 37);
  buf_fini(&r.bytes);
}
END_TEST

/* In the header, before the key or the value, and in the middle of it. */
START_TEST(pause_stops_inside_each_part) {
  struct requests r;
  requests_init(&r);
  add_frame(&r, 0, 8, 3, 10);
  EXPECT_ENDS("pause", &r, 12, 24, 35, 40, 45);
  buf_fini(&r.bytes);
  requests_init(&r);
  add_frame(&r, 0, 0, 4, 0);
  EXPECT_ENDS("pause", &r, 12, 24, 26, 28);
  buf_fini(&r.bytes);
  requests_init(&r);
  add_frame(&r, 0, 0, 0, 0);
  add_raw(&r, 10);
  EXPECT_ENDS("pause", &r, 12, 24, 29, 34);
  buf_fini(&r.bytes);
}
END_TEST

START_TEST(split_cuts_each_request_that_is_longer) {
  struct requests r;
  requests_init(&r);
  add_frame(&r, 0, 0, 3, 0);
  add_frame(&r, 0, 0, 0, 0);
  EXPECT_ENDS("split:1", &r, 1, 27, 28, 51);
  EXPECT_ENDS("split:24", &r, 24, 27, 51);
  EXPECT_ENDS("split:26", &r, 26, 27, 51);
  EXPECT_ENDS("split:27", &r, 27, 51);
  EXPECT_ENDS("split:4294967295", &r, 27, 51);
  buf_fini(&r.bytes);
}
END_TEST

START_TEST(fields_cuts_around_each_border) {
  struct requests r;
  requests_init(&r);
  add_frame(&r, 0, 8, 10, 20);
  EXPECT_ENDS("fields", &r, 1, 23, 24, 25, 31, 32, 33, 41, 42, 43, 61, 62);
  buf_reset(&r.bytes);
  r.n = 0;
  add_frame(&r, 0, 0, 0, 0);
  add_frame(&r, 0, 0, 1, 1);
  EXPECT_ENDS("fields", &r, 1, 23, 24, 25, 47, 48, 49, 50);
  buf_reset(&r.bytes);
  r.n = 0;
  add_frame(&r, 5, 8, 10, 20);
  EXPECT_ENDS("fields", &r, 1, 23, 24, 25, 28, 29, 30, 36, 37, 38, 46, 47, 48, 66, 67);
  buf_fini(&r.bytes);
}
END_TEST

START_TEST(fields_cuts_what_is_no_frame_at_its_half) {
  struct requests r;
  requests_init(&r);
  add_raw(&r, 1);
  add_raw(&r, 101);
  EXPECT_ENDS("fields", &r, 1, 51, 102);
  buf_reset(&r.bytes);
  r.n = 0;
  add_frame(&r, 0, 0, 5, 0);
  r.n = 0;
  add_raw(&r, 10); /* one request: a frame and ten bytes more */
  EXPECT_ENDS("fields", &r, 1, 23, 24, 25, 28, 29, 34, 39);
  buf_fini(&r.bytes);
}
END_TEST

static void expect_bytewise(const struct requests *r, size_t from, size_t to) {
  struct cuts c;
  cuts_init(&c);
  cut("bytewise", 1, r, &c);
  size_t i = 0, at = 0;
  for (; at < from + 64; at++)
    ck_assert_uint_eq(c.ends[i++], at + 1);
  for (; to - 64 - at > 4096; at += 4096)
    ck_assert_uint_eq(c.ends[i++], at + 4096);
  ck_assert_uint_eq(c.ends[i++], to - 64);
  for (at = to - 64; at < r->bytes.n; at++)
    ck_assert_uint_eq(c.ends[i++], at + 1);
  ck_assert_uint_eq(i, c.n);
  cuts_fini(&c);
}

START_TEST(bytewise_is_bytewise_but_inside_big_parts) {
  struct requests r;
  requests_init(&r);
  struct cuts c;
  cuts_init(&c);
  add_frame(&r, 3, 8, 200, 1024);
  add_raw(&r, 1024);
  cut("bytewise", 1, &r, &c);
  ck_assert_uint_eq(c.n, r.bytes.n);
  cuts_fini(&c);

  const size_t values[] = {1025, 128 + 4096, 129 + 4096, 1u << 20};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    buf_reset(&r.bytes);
    r.n = 0;
    add_frame(&r, 0, 8, 3, values[i]);
    add_frame(&r, 0, 0, 3, 0);
    expect_bytewise(&r, 35, 35 + values[i]);
  }
  buf_reset(&r.bytes);
  r.n = 0;
  add_raw(&r, 5000);
  expect_bytewise(&r, 0, 5000);
  buf_fini(&r.bytes);
}
END_TEST

START_TEST(random_mixes_sizes_across_requests) {
  struct requests r;
  requests_init(&r);
  for (int i = 0; i < 60; i++)
    add_frame(&r, 0, 8, 3, 1000);
  struct cuts c;
  cuts_init(&c);
  cut("random:1", 7, &r, &c);
  size_t small = 0, large = 0, spanning = 0, request = 0, last = 0;
  for (size_t i = 0; i < c.n; last = c.ends[i++]) {
    size_t size = c.ends[i] - last;
    ck_assert_uint_le(size, 4096);
    *(size <= 64 ? &small : &large) += 1;
    while (request < r.n && r.ends[request] <= last)
      request++;
    spanning += r.ends[request] < c.ends[i];
  }
  ck_assert_uint_gt(small, 2 * large);
  ck_assert_uint_gt(large, 5);
  ck_assert_uint_gt(spanning, 5);
  cuts_fini(&c);
  buf_fini(&r.bytes);
}
END_TEST

START_TEST(random_keeps_big_batches_to_few_chunks) {
  struct requests r;
  requests_init(&r);
  struct cuts c;
  cuts_init(&c);
  for (int i = 0; i < 8; i++) {
    add_frame(&r, 0, 8, 3, 1u << 20);
    for (uint64_t seed = 0; seed < 20; seed++) {
      cut("random:1", seed, &r, &c);
      ck_assert_uint_le(c.n, 300);
      ck_assert_uint_ge(c.n, 60);
    }
  }
  cuts_fini(&c);
  buf_fini(&r.bytes);
}
END_TEST

START_TEST(random_is_decided_by_the_seed) {
  struct requests r;
  requests_init(&r);
  add_raw(&r, 3000);
  struct cuts a, b, other;
  cuts_init(&a);
  cuts_init(&b);
  cuts_init(&other);
  cut("random:1", 5, &r, &a);
  cut("random:1", 5, &r, &b);
  cut("random:1", 6, &r, &other);
  ck_assert_uint_eq(a.n, b.n);
  ck_assert_mem_eq(a.ends, b.ends, a.n * sizeof a.ends[0]);
  ck_assert(a.n != other.n || memcmp(a.ends, other.ends, a.n * sizeof a.ends[0]) != 0);
  cuts_fini(&a);
  cuts_fini(&b);
  cuts_fini(&other);
  buf_fini(&r.bytes);
}
END_TEST

static void random_requests(struct requests *r, struct rng *rng) {
  buf_reset(&r->bytes);
  r->n = 0;
  for (uint64_t left = rng_below(rng, 20); left > 0; left--)
    if (rng_below(rng, 4) == 0)
      add_raw(r, 1 + rng_below(rng, 200));
    else
      add_frame(r, rng_below(rng, 4) * 2, rng_below(rng, 3) * 4, rng_below(rng, 250),
                rng_below(rng, 6) ? rng_below(rng, 100) : rng_below(rng, 20000));
}

/* Whatever the kind and the batch: chunks are not empty, in order, and join to the batch; those of
 * a kind that does not pipeline never hold bytes of two requests. */
START_TEST(every_kind_keeps_the_bytes) {
  static const char *const names[] = {
      "whole",    "pipelined",  "half-close", "bytewise",  "fields", "split:1",  "split:23",
      "split:24", "split:1000", "random:1",   "random:99", "pause",  "slow-read"};
  struct delivery d = delivery_of(names[_i]);
  struct rng rng = rng_of((uint64_t)_i);
  struct requests r;
  requests_init(&r);
  struct buf joined;
  buf_init(&joined, r.bytes.cap);
  struct cuts c;
  cuts_init(&c);
  for (int round = 0; round < 300; round++) {
    random_requests(&r, &rng);
    struct batch b = batch_of(&r);
    delivery_cut(&d, &rng, &b, &c);
    buf_reset(&joined);
    for (size_t i = 0, from = 0, request = 0; i < c.n; from = c.ends[i++]) {
      ck_assert_uint_gt(c.ends[i], from);
      buf_add_span(&joined, span_sub(b.bytes, from, c.ends[i] - from));
      while (r.ends[request] <= from)
        request++;
      if (!d.kind->pipelines)
        ck_assert_uint_le(c.ends[i], r.ends[request]);
    }
    ck_assert(span_eq(buf_span(&joined), b.bytes));
  }
  cuts_fini(&c);
  buf_fini(&joined);
  buf_fini(&r.bytes);
}
END_TEST

static void expect_records(const char *name, const struct requests *r, const size_t *want) {
  struct delivery d = delivery_of(name);
  struct batch b = batch_of(r);
  struct cuts c;
  cuts_init(&c);
  cuts_add(&c, 1); /* what was there is forgotten */
  delivery_record_ends(&d, &b, &c);
  size_t i = 0;
  for (; want[i]; i++)
    ck_assert_msg(i < c.n && c.ends[i] == want[i], "%s: record %zu does not end at %zu", name, i,
                  want[i]);
  ck_assert_uint_eq(c.n, i);
  cuts_fini(&c);
}
#define EXPECT_RECORDS(name, r, ...) expect_records(name, r, (const size_t[]){__VA_ARGS__, 0})

/* Requests, unless the delivery is about records; chunks are another matter. */
START_TEST(records_are_requests_or_parts_or_as_full_as_they_go) {
  struct requests r;
  requests_init(&r);
  add_frame(&r, 0, 8, 3, 10);
  add_raw(&r, 10);
  add_frame(&r, 0, 0, 0, 0);
  EXPECT_RECORDS("pipelined", &r, 45, 55, 79);
  EXPECT_RECORDS("bytewise", &r, 45, 55, 79);
  EXPECT_RECORDS("inside-records", &r, 45, 55, 79);
  EXPECT_RECORDS("records", &r, 24, 32, 35, 45, 55, 79);
  EXPECT_RECORDS("across-records", &r, 79);
  EXPECT_ENDS("records", &r, 79);
  EXPECT_ENDS("across-records", &r, 79);
  EXPECT_ENDS("inside-records", &r, 79);
  buf_fini(&r.bytes);
}
END_TEST

/* In the header, behind it, in the middle of what follows, and before the last byte. */
START_TEST(inside_records_cuts_each_record_of_the_wire) {
  static const uint8_t wire[] = {23, 3, 3,          0, 20, [25] = 23, 3, 3,
                                 1,  0, [286] = 23, 3, 3,  0,         1, 0xff};
  static const size_t want[] = {3, 5, 15, 24, 25, 28, 30, 158, 285, 286, 289, 291, 292};
  struct cuts c;
  cuts_init(&c);
  delivery_of("inside-records").kind->cut_wire(span_of(wire, sizeof wire), &c);
  for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
    ck_assert_msg(i < c.n && c.ends[i] == want[i], "cut %zu at %zu, want %zu", i, c.ends[i],
                  want[i]);
  ck_assert_uint_eq(c.n, sizeof want / sizeof want[0]);
  cuts_fini(&c);
}
END_TEST

START_TEST(cuts_ignore_what_is_not_past_the_last) {
  struct cuts c;
  cuts_init(&c);
  const size_t add[] = {0, 3, 3, 2, 4, 0};
  for (size_t i = 0; i < sizeof add / sizeof add[0]; i++)
    cuts_add(&c, add[i]);
  ck_assert_uint_eq(c.n, 2);
  ck_assert_uint_eq(c.ends[0], 3);
  ck_assert_uint_eq(c.ends[1], 4);
  cuts_fini(&c);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("delivery");
  TCase *t = tcase_create("delivery");
  suite_add_tcase(s, t);
  tcase_set_timeout(t, 60);
  tcase_add_test(t, whole_and_pipelined_heed_requests_alone);
  tcase_add_test(t, pause_stops_inside_each_part);
  tcase_add_test(t, split_cuts_each_request_that_is_longer);
  tcase_add_test(t, fields_cuts_around_each_border);
  tcase_add_test(t, fields_cuts_what_is_no_frame_at_its_half);
  tcase_add_test(t, bytewise_is_bytewise_but_inside_big_parts);
  tcase_add_test(t, random_mixes_sizes_across_requests);
  tcase_add_test(t, random_keeps_big_batches_to_few_chunks);
  tcase_add_test(t, random_is_decided_by_the_seed);
  tcase_add_loop_test(t, every_kind_keeps_the_bytes, 0, 13);
  tcase_add_test(t, records_are_requests_or_parts_or_as_full_as_they_go);
  tcase_add_test(t, inside_records_cuts_each_record_of_the_wire);
  tcase_add_test(t, cuts_ignore_what_is_not_past_the_last);
  return s;
}

UNIT_MAIN(suite)
