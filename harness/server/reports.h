/* Where a server's sanitizers and checkers write their reports, and what they have written.
 *
 * A folder of the server's own, apart from its private one and writable for everybody (mode 01777),
 * as a server may change its user before it reports; it lies where $TMPDIR says, which everybody
 * must be able to enter then. The sanitizers are told of it by their variables, a checker by
 * {reports} in its command line. Reports on standard output and error are taken out of the server's
 * log, as far as that has been kept.
 *
 * Owns the folder's descriptor and, until the keeper has them, its name in the file system. */
#ifndef SERVER_REPORTS_H
#define SERVER_REPORTS_H

#include <dirent.h>

#include "base/arena.h"
#include "base/vec.h"
#include "server/ring.h"

enum {
  REPORTS_STATUS = 97,   /* with which a server exits of which a sanitizer has reported something */
  REPORTS_MAX = 1 << 20, /* bytes that are taken at a time */
  REPORTS_VARIABLES = 5
};

struct reports {
  char *path;
  DIR *folder;       /* NULL: there is none */
  struct vec files;  /* of struct report_file */
  uint64_t log_seen; /* bytes of the log */
  bool log_open;     /* a report that the log tells goes on behind these */
};

/* Makes the folder below `parent`; false with errno. */
bool reports_open(struct reports *r, const char *parent);
/* Lets go of it; the folder stays. */
void reports_close(struct reports *r);

/* The variables "NAME=OPTIONS" that tell sanitizers of the folder, for an environment that is
 * NULL-terminated. Our defaults stand before the options that are there, so that these win; the
 * folder and REPORTS_STATUS behind. In the arena. */
void reports_variables(const struct reports *r, struct arena *a, const char *const *envp,
                       const char *variables[REPORTS_VARIABLES]);

/* Whether LeakSanitizer would look for leaks in this environment. */
bool reports_want_leaks(const char *const *envp);

/* Appends what has been written since the last call to the folder, and to the log from the first
 * report in it on. Costs two or three system calls when there is nothing. */
void reports_take(struct reports *r, const struct ring *log, struct buf *out);

/* Waits until all reports in `out` are whole, taking more; not when nothing comes any more, nor
 * past the server's end, of which `watch` has news. */
void reports_await_whole(struct reports *r, const struct ring *log, int watch, struct buf *out);

/* Whether a program was built with LeakSanitizer, alone or in AddressSanitizer. */
bool reports_finds_leaks(const char *program);

#endif
