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

/* The parent of a process, or 0 when it is gone. The name before it may hold blanks and brackets.
 */
static int parent_of(int pid) {
  char path[64], stat[512];
  int parent = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  ssize_t n = read(fd, stat, sizeof stat - 1);
  close(fd);
  stat[n > 0 ? n : 0] = '\0';
  const char *name_end = strrchr(stat, ')');
  if (!name_end || sscanf(name_end, ") %*c %d", &parent) != 1)
    return 0;
  return parent;
}

bool tree_holds(int ancestor, int pid) {
  while (pid > 1 && pid != ancestor)
    pid = parent_of(pid);
  return pid == ancestor;
}
