#include "server/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"

static void each_child_of_thread(int pid, const char *thread, void (*each)(int child, void *arg),
                                 void *arg) {
  char *path = xasprintf("/proc/%d/task/%s/children", pid, thread);
  FILE *f = fopen(path, "re");
  int child;
  while (f && fscanf(f, "%d", &child) == 1)
    each(child, arg);
  if (f)
    fclose(f);
  free(path);
}

void tree_each_child(int pid, void (*each)(int child, void *arg), void *arg) {
  char *path = xasprintf("/proc/%d/task", pid);
  DIR *threads = opendir(path);
  for (struct dirent *t; threads && (t = readdir(threads)) != NULL;)
    if (t->d_name[0] != '.')
      each_child_of_thread(pid, t->d_name, each, arg);
  if (threads)
    closedir(threads);
  free(path);
}

/* What follows the name, which may hold blanks and brackets, in a file `stat`; "" when it is gone.
 */
static const char *stat_of(const char *path, char stat[512]) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, stat, 511);
  if (fd >= 0)
    close(fd);
  stat[n > 0 ? n : 0] = '\0';
  const char *name_end = strrchr(stat, ')');
  return name_end ? name_end : "";
}

/* 0 when the process is gone. */
static int parent_of(int pid) {
  char path[64], stat[512];
  int parent;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  return sscanf(stat_of(path, stat), ") %*c %d", &parent) == 1 ? parent : 0;
}

bool tree_at_work(int pid) {
  char path[64], stat[512], state = 'S';
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = opendir(path);
  struct dirent *t;
  while (threads && state != 'R' && state != 'D' && (t = readdir(threads)) != NULL) {
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", pid, t->d_name);
    if (t->d_name[0] == '.' || sscanf(stat_of(path, stat), ") %c", &state) != 1)
      state = 'S';
  }
  if (threads)
    closedir(threads);
  return state == 'R' || state == 'D';
}

bool tree_holds(int ancestor, int pid) {
  while (pid > 1 && pid != ancestor)
    pid = parent_of(pid);
  return pid == ancestor;
}
