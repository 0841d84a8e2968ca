/* A temporary folder with files in it. */
#ifndef FOLDERS_H
#define FOLDERS_H

#include <unistd.h>

#include "base/check.h"
#include "net/file.h"
#include "unit.h"

struct folder {
  char path[32];
};

static inline void folder_init(struct folder *f) {
  *f = (struct folder){"/tmp/unit-run-XXXXXX"};
  CHECK(mkdtemp(f->path));
}

static inline void folder_fini(struct folder *f) {
  file_remove_tree(f->path);
}

/* Writes a file below the folder, with the folders above it. */
static inline void folder_put(const struct folder *f, const char *name, const char *content) {
  char *path = xasprintf("%s/%s", f->path, name), *slash = strrchr(path, '/');
  *slash = '\0';
  CHECK(file_mkdirs(path));
  *slash = '/';
  CHECK(file_write(path, span_str(content)));
  free(path);
}

#endif
