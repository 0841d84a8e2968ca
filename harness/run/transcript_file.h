/* A transcript on file, between one process of this program and the next: as it is in memory. */
#ifndef RUN_TRANSCRIPT_FILE_H
#define RUN_TRANSCRIPT_FILE_H

#include "run/transcript.h"

/* False with errno set. */
bool transcript_write(const struct transcript *t, const char *path);

/* Replaces what `t` holds; false with errno set, EINVAL when the file is no transcript. */
bool transcript_read(struct transcript *t, const char *path);

#endif
