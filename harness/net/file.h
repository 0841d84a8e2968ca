/* Files read whole, and written to a temporary name in the same folder, then renamed. */
#ifndef NET_FILE_H
#define NET_FILE_H

#include "base/buf.h"

/* Appends the file's content; "-" is standard input. False with errno set; EFBIG past the buffer's
 * cap, when the buffer has failed as well. It must not have failed before. */
bool file_read(const char *path, struct buf *out);

/* Replaces the file; on failure (false, errno set) the old one is untouched and no temporary is
 * left. What is there and no regular file, such as /dev/null, is written to as it is. */
bool file_write(const char *path, struct span content);

/* Creates a folder and those above it, as `mkdir -p`. */
bool file_mkdirs(const char *path);

/* Removes a folder with all in it; does not follow links. */
void file_remove_tree(const char *path);

#endif
