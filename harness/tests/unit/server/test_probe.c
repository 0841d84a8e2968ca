#include "server/probe.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "listening.h"
#include "mcbp/header.h"
#include "server/wait.h"

enum { PATIENCE_MS = 60 * 1000 };

/* A process that answers one request, sees the client end, and has something to do, which is to set
 * `*through`, before it closes. One that is mute goes away instead of answering. */
static pid_t fork_server(int listener, bool mute, atomic_bool *through) {
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  if (pid != 0)
    return pid;
  uint8_t bytes[HEADER_BYTES];
  struct header h;
  int fd = accept(listener, NULL, NULL);
  if (read(fd, bytes, sizeof bytes) != sizeof bytes)
    _exit(1);
  if (mute)
    _exit(0);
  header_unpack(bytes, &h);
  h.magic = MAGIC_RESPONSE;
  header_pack(&h, bytes);
  if (write(fd, bytes, sizeof bytes) != sizeof bytes || read(fd, bytes, sizeof bytes) != 0)
    _exit(1);
  atomic_store(through, true);
  _exit(0);
}

/* Probes such a server; `*through` is what it had set when the probe was over. */
static enum probe_end probe_one(bool mute, bool *through) {
  struct addr a;
  struct buf why;
  int status, listener = listen_somewhere(&a);
  atomic_bool *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(shared, MAP_FAILED);
  pid_t pid = fork_server(listener, mute, shared);
  const struct probe probe = {.watch = -1, .deadline = wait_clock() + PATIENCE_MS};
  buf_init(&why, 4096);
  enum probe_end end = probe_server(&probe, &a, &why);
  *through = atomic_load(shared);
  ck_assert_int_eq(waitpid(pid, &status, 0), pid);
  ck_assert_int_eq(status, 0);
  munmap(shared, sizeof *shared);
  buf_fini(&why);
  close(listener);
  return end;
}

/* What the server still does about the connection, such as counting its bytes, does not reach into
 * what comes after the probe. */
START_TEST(server_is_through_with_it) {
  enum { TIMES = 200 };
  bool through;
  for (int i = 0; i < TIMES; i++) {
    ck_assert_int_eq(probe_one(false, &through), PROBE_RIGHT);
    ck_assert(through);
  }
}
END_TEST

START_TEST(closed_before_the_answer) {
  bool through;
  ck_assert_int_eq(probe_one(true, &through), PROBE_NOT_YET);
}
END_TEST

static Suite *probe_suite(void) {
  Suite *s = suite_create("probe");
  TCase *t = tcase_create("probe");
  tcase_add_test(t, server_is_through_with_it);
  tcase_add_test(t, closed_before_the_answer);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(probe_suite)
