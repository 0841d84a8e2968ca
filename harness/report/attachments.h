/* The files of a folder as lines that Jenkins' attachments plugin understands. Reads the folder. */
#ifndef REPORT_ATTACHMENTS_H
#define REPORT_ATTACHMENTS_H

#include "base/buf.h"

/* Appends `[[ATTACHMENT|/absolute/path]]` and a newline for each file in the folder, by name;
 * nothing when it can't be read. */
void attachments_add(struct buf *out, const char *folder);

#endif
