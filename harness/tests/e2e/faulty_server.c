/* A server for the tests of the tools: faulty_server PATH MISTAKE. It answers version and noop on a
 * Unix socket, one client at a time, and makes its mistake at any other request: "crash" follows a
 * wild pointer, "overrun" writes past a block and goes on. A SIGTERM ends it. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEADER = 24, NOOP = 0x0a, VERSION = 0x0b };

static void end(int number) {
  (void)number;
  _exit(0);
}

static void make_mistake(const char *which, size_t n) {
  char *block = strcmp(which, "crash") == 0 ? NULL : malloc(n);
  ((volatile char *)block)[n] = 1;
  free(block);
}

static void serve(int client, const char *mistake) {
  unsigned char header[HEADER];
  while (recv(client, header, HEADER, MSG_WAITALL) == HEADER) {
    unsigned char opcode = header[1], version[] = "1.0";
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
  if (argc != 3 || strlen(argv[1]) >= sizeof a.sun_path)
    return 2;
  signal(SIGTERM, end);
  strcpy(a.sun_path, argv[1]);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 8) != 0)
    return 1;
  for (int client; (client = accept(fd, NULL, NULL)) >= 0;)
    serve(client, argv[2]);
  return 1;
}
