#include "server/peer.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "listening.h"

/* A process that says a byte on each connection, so that it is known to have accepted, and closes
 * it as soon as it is told a byte. */
static pid_t fork_greeter(int listener) {
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  char byte = '!';
  while (pid == 0) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0 || write(fd, &byte, 1) != 1 || read(fd, &byte, 1) < 0)
      _exit(1);
    close(fd);
  }
  return pid;
}

static pid_t fork_idler(void) {
  pid_t pid = fork();
  ck_assert_int_ge(pid, 0);
  while (pid == 0)
    pause();
  return pid;
}

static void end_child(pid_t pid) {
  kill(pid, SIGKILL);
  ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static int meet(const struct addr *a) {
  char byte;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  ck_assert_int_eq(connect(fd, (const struct sockaddr *)&a->sa, a->len), 0);
  ck_assert_int_eq(read(fd, &byte, 1), 1);
  return fd;
}

START_TEST(whose_it_is) {
  struct addr a;
  int pid, listener = listen_somewhere(&a);
  pid_t greeter = fork_greeter(listener), idler = fork_idler();
  close(listener);
  int fd = meet(&a);
  ck_assert_int_eq(peer_find(&a, fd, getpid(), &pid), PEER_OURS);
  ck_assert_int_eq(peer_find(&a, fd, idler, &pid), PEER_OTHERS);
  ck_assert_int_eq(pid, greeter);
  close(fd);
  end_child(greeter);
  end_child(idler);
}
END_TEST

/* A server that closes while it is looked for is not taken for somebody else's. */
START_TEST(closed_meanwhile) {
  enum { TIMES = 3000 };
  struct addr a;
  int pid, listener = listen_somewhere(&a);
  pid_t greeter = fork_greeter(listener);
  close(listener);
  for (int i = 0; i < TIMES; i++) {
    int fd = meet(&a);
    ck_assert_int_eq(write(fd, "?", 1), 1);
    ck_assert_int_ne(peer_find(&a, fd, getpid(), &pid), PEER_OTHERS);
    close(fd);
  }
  end_child(greeter);
}
END_TEST

static Suite *peer_suite(void) {
  Suite *s = suite_create("peer");
  TCase *t = tcase_create("peer");
  tcase_add_test(t, whose_it_is);
  tcase_add_test(t, closed_meanwhile);
  suite_add_tcase(s, t);
  return s;
}

UNIT_MAIN(peer_suite)
