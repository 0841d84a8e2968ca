#include "run/jam.h"

#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "folders.h"

enum { READS = 4096 };

/* A connection to a peer that the test writes for, and what the jam's owner is told. */
struct scene {
  struct event_base *base;
  struct folder folder;
  int listener, peer;
  struct conn *conn;
  struct jam *jam;
  uint64_t owed;
  bool exact;
  unsigned jams;
  unsigned busy; /* times that the server will be found at work */
  size_t reads, sizes[READS], got;
};

static void each_conn(void *owner, void (*each)(void *arg, struct conn *c), void *arg) {
  struct scene *s = owner;
  each(arg, s->conn);
}

static uint64_t owed(void *owner, bool *exact) {
  struct scene *s = owner;
  *exact = s->exact;
  return s->owed;
}

static void jammed(void *owner) {
  struct scene *s = owner;
  s->jams++;
}

static bool at_work(void *owner) {
  struct scene *s = owner;
  return s->busy > 0 && s->busy--;
}

static const struct jam_owner jam_owner = {each_conn, owed, at_work, jammed};

static void on_data(void *arg, struct conn *c, struct span bytes) {
  struct scene *s = arg;
  ck_assert_uint_gt(s->jams, 0);
  s->sizes[s->reads++ % READS] = bytes.n;
  s->got += bytes.n;
  jam_read(s->jam, c);
}

static void on_sent(void *arg, struct conn *c) {
  (void)arg, (void)c;
}

static void on_close(void *arg, struct conn *c, enum conn_end end) {
  (void)arg, (void)c, (void)end;
}

static void on_progress(void *arg, struct conn *c) {
  struct scene *s = arg;
  (void)c;
  jam_came(s->jam);
}

static const struct conn_handler handler = {on_data, on_sent, on_close, on_progress};

static void scene_init(struct scene *s, uint64_t bytes_owed, bool exact) {
  struct addr a;
  *s = (struct scene){.owed = bytes_owed, .exact = exact};
  s->base = event_base_new();
  CHECK(s->base);
  folder_init(&s->folder);
  char *path = xasprintf("%s/socket", s->folder.path);
  CHECK(addr_unix(&a, path));
  free(path);
  s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(s->listener >= 0 && bind(s->listener, (struct sockaddr *)&a.sa, a.len) == 0 &&
        listen(s->listener, 1) == 0);
  s->jam = jam_new(s->base, &jam_owner, s, 1);
  s->conn = conn_new(s->base, &a, &handler, s);
  s->peer = accept(s->listener, NULL, NULL);
  CHECK(s->peer >= 0);
  jam_hold(s->jam);
}

static void scene_fini(struct scene *s) {
  conn_free(s->conn);
  jam_free(s->jam);
  close(s->peer);
  close(s->listener);
  folder_fini(&s->folder);
  event_base_free(s->base);
}

static void turn(struct scene *s) {
  ck_assert_int_eq(event_base_loop(s->base, EVLOOP_ONCE), 0);
}

/* A byte comes before each turn, so that the queues never stand still before all is there. */
START_TEST(the_jam_is_there_with_the_last_byte) {
  struct scene s;
  scene_init(&s, 100, true);
  jam_watch(s.jam);
  ck_assert_uint_eq(s.jams, 0);
  for (int i = 0; i < 100; i++) {
    ck_assert_uint_eq(s.jams, 0);
    ck_assert_int_eq(write(s.peer, "x", 1), 1);
    turn(&s);
  }
  while (s.jams == 0)
    turn(&s);
  ck_assert_int_eq(conn_queues(s.conn).in, 100);
  ck_assert_uint_eq(s.got, 0);
  scene_fini(&s);
}
END_TEST

START_TEST(what_came_before_the_watch_counts) {
  struct scene s;
  scene_init(&s, 5, true);
  ck_assert_int_eq(write(s.peer, "hello", 5), 5);
  jam_watch(s.jam);
  ck_assert_uint_eq(s.jams, 0);
  while (s.jams == 0)
    turn(&s);
  scene_fini(&s);
}
END_TEST

/* Less than is owed comes, more, or nobody knows how much is owed. */
START_TEST(queues_that_stand_still_are_a_jam) {
  static const struct {
    uint64_t owed;
    bool exact;
  } rows[] = {{6, true}, {6, false}, {5, false}, {4, false}};
  struct scene s;
  scene_init(&s, rows[_i].owed, rows[_i].exact);
  jam_watch(s.jam);
  for (int i = 0; i < 5; i++) {
    ck_assert_int_eq(write(s.peer, "x", 1), 1);
    turn(&s);
    ck_assert_uint_eq(s.jams, 0);
  }
  while (s.jams == 0)
    turn(&s);
  ck_assert_int_eq(conn_queues(s.conn).in, 5);
  ck_assert_uint_eq(s.got, 0);
  scene_fini(&s);
}
END_TEST

/* What it may still send counts, too; but nobody waits for ever. */
START_TEST(a_server_at_work_is_waited_for) {
  enum { OFTEN = 1000 };
  struct scene s;
  scene_init(&s, 6, false);
  s.busy = 3;
  ck_assert_int_eq(write(s.peer, "hello", 5), 5);
  jam_watch(s.jam);
  while (s.jams == 0)
    turn(&s);
  ck_assert_uint_eq(s.busy, 0);
  s.busy = OFTEN;
  jam_hold(s.jam);
  jam_watch(s.jam);
  while (s.jams == 1)
    turn(&s);
  ck_assert_uint_gt(s.busy, 0);
  ck_assert_uint_lt(s.busy, OFTEN);
  scene_fini(&s);
}
END_TEST

START_TEST(it_drains_in_dribbles_that_grow) {
  enum { TOTAL = 100000, FIRST = 48, SMALL = 64 };
  static uint8_t bytes[TOTAL];
  struct scene s;
  scene_init(&s, TOTAL, true);
  ck_assert_int_eq(write(s.peer, bytes, TOTAL), TOTAL);
  jam_watch(s.jam);
  while (s.jams == 0)
    turn(&s);
  jam_drain(s.jam);
  jam_watch(s.jam); /* does nothing now */
  while (s.got < TOTAL)
    turn(&s);
  ck_assert_uint_eq(s.jams, 1);
  ck_assert_uint_gt(s.reads, FIRST);
  size_t largest = 0;
  for (size_t i = 0; i < s.reads; i++) {
    ck_assert(i >= FIRST || s.sizes[i] <= SMALL);
    largest = s.sizes[i] > largest ? s.sizes[i] : largest;
  }
  ck_assert_uint_gt(largest, SMALL);
  scene_fini(&s);
}
END_TEST

START_TEST(it_can_be_held_again) {
  struct scene s;
  scene_init(&s, 1, true);
  for (unsigned i = 1; i <= 3; i++) {
    ck_assert_int_eq(write(s.peer, "x", 1), 1);
    jam_watch(s.jam);
    while (s.jams < i)
      turn(&s);
    jam_drain(s.jam);
    while (s.got < i)
      turn(&s);
    jam_hold(s.jam);
  }
  scene_fini(&s);
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("jam");
  TCase *t = tcase_create("jam");
  suite_add_tcase(s, t);
  tcase_add_test(t, the_jam_is_there_with_the_last_byte);
  tcase_add_test(t, what_came_before_the_watch_counts);
  tcase_add_loop_test(t, queues_that_stand_still_are_a_jam, 0, 4);
  tcase_add_test(t, a_server_at_work_is_waited_for);
  tcase_add_test(t, it_drains_in_dribbles_that_grow);
  tcase_add_test(t, it_can_be_held_again);
  return s;
}

UNIT_MAIN(suite)
