/* A tool that a server is started under: a debugger, a recorder, a checker or a tracer, told by
 * what the rest of the harness has to know of it. The tool's words go before the server's command
 * line; what it prints goes into the server's log, unless it writes to a file of its own. */
#ifndef SERVER_TOOL_H
#define SERVER_TOOL_H

#include "server/profile.h"

struct tool {
  const char *name;         /* the program, its Debian package, and the option without its dashes */
  const char *out;          /* the file or folder that it writes, by its last name; NULL: none */
  const char *out_variable; /* the environment tells it where; NULL: its words do */
  const char *const *words;
  const char *const *terminal_words; /* on a terminal; NULL: the same */
  unsigned stretch;                  /* deadlines become so many times longer */
  bool wraps;       /* the server is the tool's child, and is told to stop instead of the tool */
  int error_status; /* exit status by which it tells that it has found an error; 0: none */
};

/* NULL when there is no such tool. */
const struct tool *tool_find(const char *name);

/* How it shall be used. Borrowed. */
struct tool_use {
  const struct tool *tool;
  const char *options; /* more words for it, split as a shell does with quotes; NULL: none */
  const char *out;     /* the path of what it writes; NULL when it writes nothing */
  bool terminal; /* it gets the terminal, and the server ends when the tool does; nothing else stops
                    it */
};

/* Puts a spawned profile's command behind the tool's, and stretches its deadlines. False when the
 * options leave a quote open. */
bool tool_apply(struct profile *p, const struct tool_use *use, struct diag *diag);

/* Whether the tool can be started here, without a terminal, and can start a program: tries it with
 * true(1), and waits for its end. Otherwise `why` gets a sentence, and in further lines what the
 * tool said. */
bool tool_works(const struct tool *t, struct buf *why);

/* What becomes of a deadline; on a terminal, where somebody thinks, it is so far away that it is
 * none.
 */
unsigned tool_stretch(const struct tool_use *use, unsigned ms);

#endif
