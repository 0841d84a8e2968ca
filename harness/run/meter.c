#include "run/meter.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/vec.h"

enum { TEXT_MAX = 16 << 10 };

/* What all processes of a server have come to. */
struct usage {
  uint64_t resident, peak, cpu_ns;
};

/* Reads a file of /proc/PID as text, which the caller frees; NULL when it can't be read. */
static char *read_proc(int pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return NULL;
  char *text = xmalloc(TEXT_MAX);
  size_t n = 0;
  ssize_t got;
  while (n < TEXT_MAX - 1 && (got = read(fd, text + n, TEXT_MAX - 1 - n)) > 0)
    n += (size_t)got;
  close(fd);
  text[n] = '\0';
  return text;
}

/* The value of a line of /proc/PID/status, "VmHWM:      5120 kB", in bytes. */
static bool find_size(const char *status, const char *label, uint64_t *bytes) {
  const char *line = strstr(status, label);
  if (!line)
    return false;
  *bytes = strtoull(line + strlen(label), NULL, 10) * 1024;
  return true;
}

/* Adds the children of a process' main thread. */
static void add_children(struct vec *pids, int pid) {
  char name[64];
  snprintf(name, sizeof name, "task/%d/children", pid);
  char *text = read_proc(pid, name), *at = text, *end;
  for (long child; at && (child = strtol(at, &end, 10)) > 0; at = end)
    *(int *)vec_push(pids) = (int)child;
  free(text);
}

static bool set_peak_back(int pid) {
  enum { PEAK = '5' };
  char path[64];
  const char what = PEAK;
  snprintf(path, sizeof path, "/proc/%d/clear_refs", pid);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool ok = fd >= 0 && write(fd, &what, 1) == 1;
  if (fd >= 0)
    close(fd);
  return ok;
}

static bool add_process(int pid, struct usage *u) {
  uint64_t resident = 0, peak = 0;
  clockid_t clock;
  struct timespec t;
  char *status = read_proc(pid, "status");
  bool ok = status && find_size(status, "VmRSS:", &resident) &&
            find_size(status, "VmHWM:", &peak) && clock_getcpuclockid(pid, &clock) == 0 &&
            clock_gettime(clock, &t) == 0;
  free(status);
  if (!ok)
    return false;
  u->resident += resident;
  u->peak += peak;
  u->cpu_ns += (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
  return true;
}

/* False when the server's own process can't be asked; a child may end at any time. */
static bool look(int pid, bool set_back, struct usage *u) {
  struct vec pids;
  vec_init(&pids, sizeof(int));
  *(int *)vec_push(&pids) = pid;
  bool ok = true;
  for (size_t i = 0; i < pids.n; i++) {
    int p = *(const int *)vec_at(&pids, i);
    add_children(&pids, p);
    bool asked = (!set_back || set_peak_back(p)) && add_process(p, u);
    ok &= asked || i > 0;
  }
  vec_fini(&pids);
  return ok;
}

void meter_start(struct meter *m, int pid) {
  struct usage u = {0};
  *m = (struct meter){.pid = pid};
  m->running = pid > 0 && look(pid, true, &u);
  m->resident = u.resident;
  m->cpu_ns = u.cpu_ns;
}

void meter_stop(const struct meter *m, struct figures *f) {
  struct usage u = {0};
  f->measured = m->running && look(m->pid, false, &u) && u.cpu_ns >= m->cpu_ns;
  if (!f->measured)
    return;
  f->peak = u.peak;
  f->grown = u.peak > m->resident ? u.peak - m->resident : 0;
  f->cpu_ns = u.cpu_ns - m->cpu_ns;
}
