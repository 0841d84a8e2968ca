#include "report/attachments.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>

static int is_shown(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

void attachments_add(struct buf *out, const char *folder) {
  char real[PATH_MAX];
  struct dirent **entries;
  int n = realpath(folder, real) ? scandir(real, &entries, is_shown, alphasort) : -1;
  if (n < 0)
    return;
  for (int i = 0; i < n; i++) {
    buf_addf(out, "[[ATTACHMENT|%s/%s]]\n", real, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
}
