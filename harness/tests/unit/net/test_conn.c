#include "net/conn.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/rng.h"
#include "net/border.h"
#include "net/unread.h"
#include "world.h"

enum { BIG = 8 << 20 };

static uint8_t *big_bytes(void) {
  uint8_t *p = xmalloc(BIG);
  struct rng rng = rng_of(1);
  for (size_t i = 0; i < BIG; i += 8) {
    uint64_t word = rng_next(&rng);
    memcpy(p + i, &word, 8);
  }
  return p;
}

enum { CHUNKS = 4000, READS = 4 * CHUNKS, ONE_READ = 32 * 1024, LARGEST = 100 * 1024 };

/* What the reading process has seen, in memory that both share. */
struct seen {
  size_t n, sizes[READS];
};

static noreturn void read_to_the_end(int listener, struct seen *seen) {
  static uint8_t bytes[2 * LARGEST];
  int fd = accept(listener, NULL, NULL);
  for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0; seen->n++)
    if (seen->n < READS)
      seen->sizes[seen->n] = (size_t)n;
  _exit(0);
}

/* No read goes past a chunk's end, and a chunk that is at most so long is one read. */
static void check_reads(const struct seen *seen, const struct span *chunks, size_t one_read) {
  size_t k = 0;
  for (size_t i = 0; i < CHUNKS; i++) {
    size_t first = k, got = 0;
    while (k < seen->n && got < chunks[i].n)
      got += seen->sizes[k++];
    ck_assert_uint_eq(got, chunks[i].n);
    ck_assert(chunks[i].n > one_read || k == first + 1);
  }
  ck_assert_uint_eq(k, seen->n);
}

/* This process and those that it starts; `all` are the processors that it had. */
static void share_processor(bool share, cpu_set_t *all) {
  cpu_set_t one;
  if (share)
    CHECK(sched_getaffinity(0, sizeof *all, all) == 0);
  CPU_ZERO(&one);
  CPU_SET((size_t)sched_getcpu(), &one);
  CHECK(sched_setaffinity(0, sizeof one, share ? &one : all) == 0);
  unread_take_turns(share);
}

/* Both transports, each on a processor of its own and on one with the peer, which is another
 * process and reads with room for many chunks while this one sends. */
START_TEST(paced_chunks_are_read_one_by_one) {
  bool tcp = _i & 1, share = _i & 2;
  cpu_set_t all;
  if (share)
    share_processor(true, &all);
  struct seen *seen =
      mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(seen, MAP_FAILED);
  struct world w;
  world_init(&w, tcp ? TRANSPORT_TCP : TRANSPORT_UNIX, 5);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0)
    read_to_the_end(w.listener, seen);
  uint8_t *bytes = big_bytes();
  struct span chunks[CHUNKS];
  struct rng rng = rng_of(2);
  for (size_t i = 0; i < CHUNKS; i++) {
    static const size_t limits[8] = {1, 1, 1, 1, ONE_READ, ONE_READ, ONE_READ, LARGEST};
    chunks[i] = span_of(bytes, 1 + rng_below(&rng, limits[rng_below(&rng, 8)]));
  }
  world_connect(&w);
  w.chunks = chunks;
  w.left = CHUNKS;
  w.paced = true;
  w.then = world_next;
  world_next(&w);
  RUN_UNTIL(&w, w.log.n == CHUNKS);
  ck_assert_uint_ge(w.progress, CHUNKS);
  conn_half_close(w.c);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_int_eq(w.log.p[w.log.n - 1], 'e');
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  check_reads(seen, chunks, tcp ? 1 : ONE_READ); /* on TCP the kernel cuts chunks up as well */
  ck_assert_uint_eq(conn_steps(w.c), 0);
  if (share)
    share_processor(false, &all);
  free(bytes);
  world_fini(&w);
}
END_TEST

/* The netlink socket that could look can't be had: no descriptor is left. */
static void send_blindly(struct world *w) {
  struct rlimit before, none;
  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
  none = (struct rlimit){0, before.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  world_next(w);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

static void check_arrived(struct world *w) {
  int waiting = 0;
  ck_assert_int_eq(ioctl(w->peer, FIONREAD, &waiting), 0);
  ck_assert_uint_eq(w->peer_got.n + (size_t)waiting, 3 * (w->reads + (waiting > 0)));
  ck_assert_uint_eq(conn_steps(w->c), w->log.n);
  world_next(w);
}

/* Only that a chunk has reached the peer's kernel is certain then; this peer looks at its socket
 * before timers run, so that it reads each on its own. */
START_TEST(where_nothing_can_be_seen_a_chunk_takes_a_step) {
  struct span chunks[30];
  for (size_t i = 0; i < 30; i++)
    chunks[i] = span_str("abc");
  struct world w;
  world_init(&w, TRANSPORT_TCP, 5);
  world_connect(&w);
  world_accept(&w);
  world_peer_listen(&w, false);
  w.chunks = chunks;
  w.left = 30;
  w.paced = true;
  w.then = check_arrived;
  ck_assert_int_eq(event_base_loop(w.base, EVLOOP_NONBLOCK), 0); /* connects */
  send_blindly(&w);
  RUN_UNTIL(&w, w.log.n == 30);
  ck_assert_uint_eq(w.reads, 30);
  for (size_t i = 0; i < 30; i++)
    ck_assert_uint_eq(w.peer_reads[i], 3);
  world_fini(&w);
}
END_TEST

/* Given before the connection is there. */
START_TEST(a_paced_chunk_waits_for_a_peer_that_sleeps) {
  struct world w;
  world_init(&w, _i ? TRANSPORT_TCP : TRANSPORT_UNIX, 5);
  world_connect(&w);
  conn_send(w.c, span_str("abc"), true);
  for (int turns = 0; turns < 10; turns++)
    ck_assert_int_eq(event_base_loop(w.base, EVLOOP_NONBLOCK), 0);
  world_accept(&w);
  for (int turns = 0; turns < 10; turns++)
    ck_assert_int_eq(event_base_loop(w.base, EVLOOP_NONBLOCK), 0);
  ck_assert_uint_eq(w.log.n, 0);
  ck_assert_uint_eq(conn_unsent(w.c), 0);
  world_peer_listen(&w, false);
  RUN_UNTIL(&w, w.log.n == 1);
  ck_assert_uint_eq(w.peer_got.n, 3);
  world_fini(&w);
}
END_TEST

/* Both transports, paced and not. */
START_TEST(answers_come_after_on_sent) {
  struct span chunks[] = {span_str("a"), span_str("bc"), span_str("def")};
  struct world w;
  world_init(&w, _i & 1 ? TRANSPORT_TCP : TRANSPORT_UNIX, 5);
  world_connect(&w);
  w.chunks = chunks;
  w.left = 3;
  w.paced = _i & 2;
  world_accept(&w);
  world_peer_listen(&w, true);
  for (size_t answers = 1; w.left > 0; answers++) {
    size_t want = w.got.n + w.chunks->n;
    world_next(&w);
    ck_assert_uint_eq(w.log.n, 2 * (answers - 1));
    RUN_UNTIL(&w, w.got.n == want && w.log.n == 2 * answers);
  }
  ck_assert_str_eq(buf_cstr(&w.log), "sdsdsd");
  ck_assert_str_eq(buf_cstr(&w.got), "abcdef");
  world_fini(&w);
}
END_TEST

static void send_and_be_answered(struct world *w) {
  w->then = NULL;
  conn_send(w->c, span_str("x"), false);
  CHECK(write(w->peer, "y", 1) == 1);
}

/* The answer is there before the handler that sends returns. */
START_TEST(an_instant_answer_comes_after_on_sent) {
  struct world w;
  world_init(&w, TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  w.then = send_and_be_answered;
  ck_assert_int_eq(write(w.peer, "hello", 5), 5);
  RUN_UNTIL(&w, w.got.n == 6);
  ck_assert_str_eq(buf_cstr(&w.log), "dsd");
  world_fini(&w);
}
END_TEST

/* All is there before the loop first looks: there is one edge, and each read gives one byte. */
START_TEST(one_edge_is_enough_for_many_reads) {
  struct world w;
  world_init(&w, TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  int carried = border_open();
  for (int i = 0; i < 100; i++)
    ck_assert_int_eq(border_send(w.peer, carried, span_str("x")), 1);
  close(carried);
  RUN_UNTIL(&w, w.got.n == 100);
  world_peer_close(&w);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "de");
  world_fini(&w);
}
END_TEST

static void check_all_read(struct world *w) {
  ck_assert_uint_eq(conn_unsent(w->c), 0);
  if (w->paced)
    ck_assert_uint_eq(w->peer_got.n, BIG);
}

START_TEST(more_than_the_kernel_takes_goes_in_parts) {
  uint8_t *bytes = big_bytes();
  struct world w;
  world_init(&w, _i & 1 ? TRANSPORT_TCP : TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  world_peer_listen(&w, false);
  w.paced = _i & 2;
  w.then = check_all_read;
  conn_send(w.c, span_of(bytes, BIG), w.paced);
  ck_assert_uint_gt(conn_unsent(w.c), 0);
  RUN_UNTIL(&w, w.log.n > 0);
  ck_assert_uint_gt(w.progress, 2);
  RUN_UNTIL(&w, w.peer_got.n == BIG);
  ck_assert_mem_eq(w.peer_got.p, bytes, BIG);
  ck_assert_str_eq(buf_cstr(&w.log), "s");
  free(bytes);
  world_fini(&w);
}
END_TEST

static void feed(struct world *w) {
  static uint8_t bytes[1024];
  CHECK(write(w->peer, bytes, sizeof bytes) == sizeof bytes);
}

static void set_flag(evutil_socket_t fd, short what, void *arg) {
  (void)fd, (void)what;
  *(bool *)arg = true;
}

/* Whatever is read is followed by more before the handler returns. */
START_TEST(a_stream_without_end_lets_timers_run) {
  struct world w;
  bool ran = false;
  world_init(&w, TRANSPORT_UNIX, 5);
  world_connect(&w);
  world_accept(&w);
  w.then = feed;
  feed(&w);
  RUN_UNTIL(&w, w.got.n > 64 * 1024);
  ck_assert_int_eq(
      event_base_once(w.base, -1, EV_TIMEOUT, set_flag, &ran, &(struct timeval){.tv_usec = 2000}),
      0);
  RUN_UNTIL(&w, ran);
  size_t before = w.got.n;
  RUN_UNTIL(&w, w.got.n > before + 64 * 1024);
  world_fini(&w);
}
END_TEST

START_TEST(a_full_backlog_is_tried_again) {
  struct world w;
  world_init(&w, TRANSPORT_UNIX, 0);
  int filler = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  ck_assert_int_eq(connect(filler, (struct sockaddr *)&w.addr.sa, w.addr.len), 0);
  world_connect(&w);
  conn_send(w.c, span_str("x"), false);
  for (int turns = 0; turns < 3; turns++)
    ck_assert_int_eq(event_base_loop(w.base, EVLOOP_ONCE), 0);
  ck_assert_uint_eq(w.log.n, 0);
  world_accept(&w);
  world_peer_close(&w);
  RUN_UNTIL(&w, w.log.n > 0);
  ck_assert_str_eq(buf_cstr(&w.log), "s");
  world_accept(&w);
  world_peer_listen(&w, false);
  RUN_UNTIL(&w, w.peer_got.n == 1);
  close(filler);
  world_fini(&w);
}
END_TEST

START_TEST(half_close_ends_the_peer_s_input) {
  struct world w;
  world_init(&w, _i ? TRANSPORT_TCP : TRANSPORT_UNIX, 5);
  world_connect(&w);
  conn_half_close(w.c); /* on TCP before the connection is there */
  world_accept(&w);
  world_peer_listen(&w, false);
  RUN_UNTIL(&w, !event_pending(w.peer_event, EV_READ, NULL));
  ck_assert_uint_eq(w.log.n, 0);
  ck_assert_int_eq(write(w.peer, "answer", 6), 6);
  RUN_UNTIL(&w, w.got.n == 6);
  world_peer_close(&w);
  RUN_UNTIL(&w, world_closed(&w));
  ck_assert_str_eq(buf_cstr(&w.log), "de");
  world_fini(&w);
}
END_TEST

START_TEST(two_chunks_at_once_are_a_bug) {
  struct world w;
  world_init(&w, TRANSPORT_UNIX, 5);
  world_connect(&w);
  conn_send(w.c, span_str("a"), true);
  file_remove_tree(w.dir); /* what follows ends this process */
  conn_send(w.c, span_str("b"), true);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("conn");
  TCase *t = tcase_create("conn");
  suite_add_tcase(s, t);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, paced_chunks_are_read_one_by_one, 0, 4);
  tcase_add_loop_test(t, a_paced_chunk_waits_for_a_peer_that_sleeps, 0, 2);
  tcase_add_test(t, where_nothing_can_be_seen_a_chunk_takes_a_step);
  tcase_add_loop_test(t, answers_come_after_on_sent, 0, 4);
  tcase_add_test(t, an_instant_answer_comes_after_on_sent);
  tcase_add_test(t, one_edge_is_enough_for_many_reads);
  tcase_add_loop_test(t, more_than_the_kernel_takes_goes_in_parts, 0, 4);
  tcase_add_test(t, a_stream_without_end_lets_timers_run);
  tcase_add_test(t, a_full_backlog_is_tried_again);
  tcase_add_loop_test(t, half_close_ends_the_peer_s_input, 0, 2);
  tcase_add_test_raise_signal(t, two_chunks_at_once_are_a_bug, SIGABRT);
  return s;
}

UNIT_MAIN(suite)
