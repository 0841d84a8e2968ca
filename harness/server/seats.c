#include "server/seats.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

void seats_init(struct seats *s, int processor, unsigned behind) {
  CPU_ZERO(&s->all);
  CPU_ZERO(&s->one);
  s->several = sched_getaffinity(0, sizeof s->all, &s->all) == 0 && CPU_COUNT(&s->all) > 1;
  if (!s->several)
    return;
  int at = processor > 0 && processor < CPU_SETSIZE ? processor : 0;
  for (behind %= (unsigned)CPU_COUNT(&s->all);; at = (at + 1) % CPU_SETSIZE)
    if (CPU_ISSET(at, &s->all) && behind-- == 0)
      break;
  CPU_SET(at, &s->one);
}

void seats_give(const struct seats *s, int pid, bool one) {
  const cpu_set_t *set = one ? &s->one : &s->all;
  char path[64];
  if (!s->several)
    return;
  if (pid == 0) {
    sched_setaffinity(0, sizeof *set, set);
    return;
  }
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = opendir(path);
  if (!threads)
    return;
  for (const struct dirent *e; (e = readdir(threads));)
    if (e->d_name[0] != '.')
      sched_setaffinity(atoi(e->d_name), sizeof *set, set);
  closedir(threads);
}
