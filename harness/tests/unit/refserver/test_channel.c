/* The three send paths over a socket pair: the same bytes, whatever the reader does. */
#include "refserver/channel.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "unit.h"

static const struct channel_kind *const kinds[] = {&channel_sendmsg, &channel_copy,
                                                   &channel_reference};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* A channel, its client's end of the pair, and what it has told. */
struct world {
  struct event_base *base;
  struct channel *channel;
  struct stats stats;
  int client;
  unsigned inputs, drains, breaks;
};

static void input_cb(void *arg) {
  ((struct world *)arg)->inputs++;
}

static void drained_cb(void *arg) {
  ((struct world *)arg)->drains++;
}

static void broken_cb(void *arg) {
  ((struct world *)arg)->breaks++;
}

static const struct channel_events events = {
    .input_cb = input_cb, .drained_cb = drained_cb, .broken_cb = broken_cb};

static void world_init(struct world *w, const struct channel_kind *kind) {
  int pair[2], small = 4096;
  *w = (struct world){0};
  signal(SIGPIPE, SIG_IGN); /* as the server does */
  ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
  ck_assert_int_eq(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
  w->base = event_base_new();
  w->client = pair[1];
  w->channel = channel_new(kind, w->base, pair[0], NULL, &w->stats, &events, w);
}

static void world_fini(struct world *w) {
  channel_free(w->channel);
  event_base_free(w->base);
  if (w->client >= 0)
    close(w->client);
}

static void turn(struct world *w) {
  event_base_loop(w->base, EVLOOP_NONBLOCK);
}

static uint64_t stat_of(const struct world *w, enum stat_id stat) {
  return atomic_load(&w->stats.of[stat]);
}

static struct item *make_item(size_t n) {
  struct item *it = item_new(span_str("key"), n);
  for (size_t i = 0; i < n; i++)
    item_room(it)[i] = (uint8_t)(i * 7 + i / 251 + n);
  return it;
}

/* Queues an answer and appends to `expected` what it must look like. */
static void queue(struct world *w, const char *head, struct item *it, struct buf *expected) {
  buf_add_str(expected, head);
  if (it)
    buf_add_span(expected, item_value(it));
  channel_queue(w->channel, span_str(head), it ? item_hold(it) : NULL);
}

/* Reads `n` bytes at a time until as many have come as there must, turning the loop when there are
 * none. */
static void read_all(struct world *w, struct buf *got, size_t wanted, size_t n) {
  while (got->n < wanted) {
    uint8_t *room = buf_reserve(got, n);
    ssize_t taken = read(w->client, room, n);
    ck_assert_int_ne(taken, 0);
    if (taken > 0)
      got->n += (size_t)taken;
    else
      ck_assert_int_eq(errno, EAGAIN);
    turn(w);
  }
}

/* Heads alone, small and large values, more pieces than one call takes; and read in dribbles, so
 * that every kind of partial write comes about. */
START_TEST(bytes_are_the_same_for_any_reader) {
  static const size_t dribbles[] = {61, 4096, 100000};
  static const size_t sizes[] = {0, 1, 24, 4095, 4096, 4097, 30000};
  for (size_t d = 0; d < sizeof dribbles / sizeof *dribbles; d++) {
    struct world w;
    struct buf expected, got;
    world_init(&w, kinds[_i]);
    buf_init(&expected, SIZE_MAX / 2);
    buf_init(&got, SIZE_MAX / 2);
    for (size_t i = 0; i < 7 * 30; i++) {
      struct item *it = make_item(sizes[i % 7]);
      queue(&w, "a head of thirty bytes or so: ", i % 3 ? it : NULL, &expected);
      item_release(it);
    }
    ck_assert_uint_eq(channel_backlog(w.channel), expected.n);
    channel_flush(w.channel);
    read_all(&w, &got, expected.n, dribbles[d]);
    ck_assert_uint_eq(got.n, expected.n);
    ck_assert(span_eq(buf_span(&got), buf_span(&expected)));
    ck_assert_uint_eq(channel_backlog(w.channel), 0);
    ck_assert_uint_eq(stat_of(&w, STAT_bytes_written), expected.n);
    ck_assert_uint_ge(w.drains, 1);
    buf_fini(&expected);
    buf_fini(&got);
    world_fini(&w);
  }
}
END_TEST

START_TEST(queue_in_the_midst_of_sending_keeps_the_order) {
  struct world w;
  struct buf expected, got;
  struct item *it = make_item(50000);
  world_init(&w, kinds[_i]);
  buf_init(&expected, SIZE_MAX / 2);
  buf_init(&got, SIZE_MAX / 2);
  for (int i = 0; i < 20; i++) {
    queue(&w, "head", it, &expected);
    channel_flush(w.channel);
    turn(&w);
    read_all(&w, &got, got.n + 1000, 1000);
  }
  read_all(&w, &got, expected.n, 65536);
  ck_assert(span_eq(buf_span(&got), buf_span(&expected)));
  item_release(it);
  buf_fini(&expected);
  buf_fini(&got);
  world_fini(&w);
}
END_TEST

START_TEST(references_are_given_back_when_sent) {
  struct world w;
  struct buf expected, got;
  struct item *it = make_item(100000);
  world_init(&w, kinds[_i]);
  buf_init(&expected, SIZE_MAX / 2);
  buf_init(&got, SIZE_MAX / 2);
  for (int i = 0; i < 10; i++)
    queue(&w, "head", it, &expected);
  channel_flush(w.channel);
  read_all(&w, &got, expected.n, 10000);
  ck_assert_uint_eq(atomic_load(&it->refs), 1);
  item_release(it);
  buf_fini(&expected);
  buf_fini(&got);
  world_fini(&w);
}
END_TEST

START_TEST(references_are_given_back_when_the_client_goes) {
  struct world w;
  struct buf expected;
  struct item *it = make_item(100000);
  world_init(&w, kinds[_i]);
  buf_init(&expected, SIZE_MAX / 2);
  for (int i = 0; i < 10; i++)
    queue(&w, "head", it, &expected);
  channel_flush(w.channel);
  turn(&w);
  channel_read(w.channel, false);
  close(w.client);
  w.client = -1;
  for (int i = 0; i < 3; i++)
    turn(&w);
  ck_assert_uint_eq(w.breaks, 1);
  ck_assert_uint_eq(w.drains, 0);
  buf_fini(&expected);
  world_fini(&w);
  ck_assert_uint_eq(atomic_load(&it->refs), 1);
  item_release(it);
}
END_TEST

START_TEST(input_waits_until_it_is_wanted) {
  struct world w;
  world_init(&w, kinds[_i]);
  ck_assert_int_eq(write(w.client, "abc", 3), 3);
  turn(&w);
  ck_assert_uint_eq(w.inputs, 1);
  ck_assert_uint_eq(evbuffer_get_length(w.channel->input), 3);
  channel_read(w.channel, false);
  ck_assert_int_eq(write(w.client, "def", 3), 3);
  turn(&w);
  ck_assert_uint_eq(w.inputs, 1);
  ck_assert_uint_eq(stat_of(&w, STAT_bytes_read), 3);
  channel_read(w.channel, true);
  turn(&w);
  ck_assert_uint_eq(evbuffer_get_length(w.channel->input), 6);
  ck_assert_uint_eq(stat_of(&w, STAT_bytes_read), 6);
  world_fini(&w);
}
END_TEST

/* The client ends its side: it still gets what it asked for, and then the end. */
START_TEST(half_close_is_told_and_answers_still_go_out) {
  struct world w;
  struct buf expected, got;
  struct item *it = make_item(60000);
  char byte;
  world_init(&w, kinds[_i]);
  buf_init(&expected, SIZE_MAX / 2);
  buf_init(&got, SIZE_MAX / 2);
  ck_assert_int_eq(shutdown(w.client, SHUT_WR), 0);
  turn(&w);
  ck_assert(w.channel->ended);
  ck_assert_uint_eq(w.inputs, 1);
  queue(&w, "head", it, &expected);
  channel_flush(w.channel);
  read_all(&w, &got, expected.n, 1000);
  ck_assert(span_eq(buf_span(&got), buf_span(&expected)));
  channel_end(w.channel);
  ck_assert_int_eq(read(w.client, &byte, 1), 0);
  item_release(it);
  buf_fini(&expected);
  buf_fini(&got);
  world_fini(&w);
}
END_TEST

START_TEST(kinds_have_their_names) {
  static const char *const names[] = {"sendmsg", "copy", "reference"};
  for (int i = 0; i < KINDS; i++)
    ck_assert_ptr_eq(channel_kind_find(names[i]), kinds[i]);
  ck_assert_ptr_null(channel_kind_find("writev"));
}
END_TEST

static Suite *make_suite(void) {
  Suite *s = suite_create("channel");
  TCase *t = tcase_create("channel");
  tcase_add_loop_test(t, bytes_are_the_same_for_any_reader, 0, KINDS);
  tcase_add_loop_test(t, queue_in_the_midst_of_sending_keeps_the_order, 0, KINDS);
  tcase_add_loop_test(t, references_are_given_back_when_sent, 0, KINDS);
  tcase_add_loop_test(t, references_are_given_back_when_the_client_goes, 0, KINDS);
  tcase_add_loop_test(t, input_waits_until_it_is_wanted, 0, KINDS);
  tcase_add_loop_test(t, half_close_is_told_and_answers_still_go_out, 0, KINDS);
  tcase_add_test(t, kinds_have_their_names);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(make_suite)
