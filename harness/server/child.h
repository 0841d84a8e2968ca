/* Children: starting the server's process, and ending all that came of it. Called in the keeper,
 * which has every signal blocked and is a subreaper; child_start by others, too. */
#ifndef SERVER_CHILD_H
#define SERVER_CHILD_H

#include <stdbool.h>
#include <stdint.h>

struct child_plan {
  const char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH */
  const char *const *envp;
  uint64_t memory_bytes; /* of address space; 0: no limit */
  uint64_t open_files;   /* soft limit of open files, as far as the hard one allows; 0: as it is */
  int output;            /* becomes standard output and error */
  bool terminal;         /* instead of these it gets the terminal, in the foreground */
};

/* Starts it in a process group of its own and waits for its exec. Returns its pid, or -1 with errno
 * set when it can't be forked or executed. */
int child_start(const struct child_plan *plan);

/* Signals all descendants of a child, but not itself. */
void child_signal_below(int pid, int number);

/* Kills and reaps every descendant. */
void child_kill_all(void);

#endif
