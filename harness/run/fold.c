#include "run/fold.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum { HUGE_PAGE = 2 << 20 };

static void fold(uintptr_t from, uintptr_t to) {
  from = (from + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  to = to / HUGE_PAGE * HUGE_PAGE;
  if (from < to)
    madvise((void *)from, to - from, MADV_COLLAPSE);
}

void fold_heap(void) {
  char line[512];
  uintptr_t from, to;
  FILE *maps = fopen("/proc/self/maps", "re");
  while (maps && fgets(line, sizeof line, maps))
    if (strstr(line, "[heap]") && sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2)
      fold(from, to);
  if (maps)
    fclose(maps);
}
