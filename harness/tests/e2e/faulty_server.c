/* A server for the tests of the tools and of the sanitizers that it is built with: faulty_server
 * PATH MISTAKE. It answers version and noop on a Unix socket, one client at a time, and makes its
 * mistake at any other request. A SIGTERM ends it, with a clean exit. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEADER = 24, NOOP = 0x0a, VERSION = 0x0b, NOBODY = 65534 };

/* Of the sanitizers' runtimes, where there is one. */
void __sanitizer_set_report_path(const char *path) __attribute__((weak));

static const char *mistake;
static sigset_t before;
static volatile int shared;

static int is(const char *which, const char *name) {
  return strcmp(which, name) == 0;
}

static void *count_up(void *arg) {
  for (int i = 0; i < 1000; i++)
    shared++;
  return arg;
}

static void race(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, count_up, NULL);
  count_up(NULL);
  pthread_join(thread, NULL);
}

/* Its request had `n` bytes of key. */
static void make_mistake(const char *which, size_t n) {
  static unsigned requests;
  requests++;
  if (is(which, "race")) {
    race();
  } else if (is(which, "undefined")) {
    shared = 0x7fffffff;
    shared += (int)n;
  } else if (is(which, "use-after-free")) {
    char *volatile block = malloc(n);
    free(block);
    ((volatile char *)block)[0] = 1;
  } else if (is(which, "leak") || is(which, "leak-unchecked")) {
    char *volatile block = malloc(n);
    /* cppcheck-suppress memleak ; the planted defect */
    block = NULL;
    (void)block;
  } else if (is(which, "crash") || is(which, "overrun") || is(which, "overrun-as-nobody") ||
             is(which, "overrun-on-stderr") || (is(which, "overrun-later") && requests == 2)) {
    char *block = is(which, "crash") ? NULL : malloc(n);
    ((volatile char *)block)[n] = 1;
    free(block);
  }
}

/* Waits until something can be read; a SIGTERM comes here or never. */
static void await(int fd) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  while (ppoll(&p, 1, NULL, &before) < 0)
    if (errno != EINTR)
      abort();
}

static void end(int number) {
  (void)number;
  exit(is(mistake, "status-97") ? 97 : 0);
}

static void serve(int client) {
  unsigned char header[HEADER];
  for (;;) {
    await(client);
    if (recv(client, header, HEADER, MSG_WAITALL) != HEADER)
      break;
    unsigned char opcode = header[1], version[] = "1.0", left = header[3];
    for (unsigned char byte; left > 0 && recv(client, &byte, 1, MSG_WAITALL) == 1;)
      left--;
    if (opcode != NOOP && opcode != VERSION)
      make_mistake(mistake, header[3]);
    header[0] = 0x81;
    memset(header + 2, 0, 10);
    header[11] = opcode == VERSION ? 3 : 0;
    send(client, header, HEADER, MSG_NOSIGNAL);
    send(client, version, header[11], MSG_NOSIGNAL);
  }
  close(client);
}

int main(int argc, char **argv) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sigset_t term;
  if (argc != 3 || strlen(argv[1]) >= sizeof a.sun_path)
    return 2;
  mistake = argv[2];
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, &before);
  signal(SIGTERM, is(mistake, "leak-unchecked") ? SIG_DFL : end);
  strcpy(a.sun_path, argv[1]);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 8) != 0)
    return 1;
  if (is(mistake, "overrun-as-nobody") && geteuid() == 0 && setuid(NOBODY) != 0)
    return 1;
  if (is(mistake, "overrun-on-stderr") && __sanitizer_set_report_path)
    __sanitizer_set_report_path("stderr");
  for (int client;;) {
    await(fd);
    if ((client = accept(fd, NULL, NULL)) < 0)
      return 1;
    serve(client);
  }
}
