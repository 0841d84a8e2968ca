/* A compiled session: what a session file says, as a flat program of steps.
 *
 * Owns an arena that everything in it lives in; freed in one call. Immutable after compilation, so
 * that forked workers share it. Touches no descriptor: files named in it come from a loader. */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/arena.h"
#include "base/diag.h"
#include "mcbp/names.h"
#include "session/pattern.h"

enum {
  SESSION_CONNS = 64, /* c0 is the driver's own (for `clock`), c1 to c63 the file's */
  SESSION_LOOPS = 4   /* depth of nested repeats */
};

enum step_kind {
  STEP_SEND,
  STEP_EXPECT,        /* one frame or raw bytes */
  STEP_EXPECT_EITHER, /* one of several sequences */
  STEP_EXPECT_EACH,   /* any order */
  STEP_EXPECT_CLOSED,
  STEP_CONNECT,
  STEP_HALF_CLOSE,
  STEP_CLOSE,
  STEP_LOOP, /* `count` times the steps up to the STEP_LOOP_END at `partner` */
  STEP_LOOP_END
};

struct step {
  enum step_kind kind;
  uint8_t conn;
  uint8_t loop; /* STEP_LOOP, STEP_LOOP_END: nesting depth from 0, also the counter's index */
  unsigned line;
  struct span text;              /* the line as written, without comment and indentation */
  const struct pattern *pattern; /* STEP_SEND, STEP_EXPECT */
  const struct choice *choice;   /* STEP_EXPECT_EITHER */
  const struct unordered *each;  /* STEP_EXPECT_EACH */
  uint64_t count;
  size_t partner;         /* index of the loop's other end */
  uint64_t sends, awaits; /* STEP_LOOP: bit N set when connection N sends, or expects, inside */
};

/* What a line inside `either` or `each` expects; a NULL pattern is `closed`. */
struct expected {
  unsigned line;
  struct span text;
  const struct pattern *pattern;
  bool others; /* in `each`: any number of these */
};

struct sequence {
  const struct expected *items;
  size_t n;
};

struct choice {
  const struct sequence *alternatives;
  size_t n;
};

/* `terminator` is the expectation that follows the block; it is consumed with it. */
struct unordered {
  const struct expected *items;
  size_t n;
  struct expected terminator;
};

/* A delivery that a case can't hold under: a pattern of delivery names, and why. */
struct not_under {
  const char *pattern, *reason;
};

struct session {
  struct arena arena;
  const char *file;   /* as given, for messages */
  const char *title;  /* of a golden: the id of its case */
  const char *server; /* of a golden: who answered so, or NULL */
  bool golden;        /* answers alone, see session_compile_golden */
  enum dialect dialect;
  bool isolated;
  bool uses_ns;                       /* some literal holds {ns} */
  const char **spec, **tags, **needs; /* NULL-terminated */
  const struct not_under *not_under;
  size_t nnot_under;
  const struct step *steps;
  size_t nsteps;
  uint8_t nconns;           /* highest connection used, plus one */
  const char **vars;        /* names of captures; a pattern refers to them by index */
  const uint16_t *var_size; /* bytes */
  const size_t *var_off;    /* where each lies in a bindings block */
  size_t nvars, vars_bytes;
};

/* Whether more than one of its own connections act, so that what comes first may be a race of
 * theirs. */
static inline bool session_has_several(const struct session *s) {
  enum { DRIVERS = 1, SEVERAL = 2 };
  return s->nconns >= DRIVERS + SEVERAL;
}

/* Reads the file named in `file(PATH)` into `out`; false when it can't (errno says why). */
struct session_loader {
  bool (*load)(void *arg, const char *path, struct buf *out);
  void *arg;
};

/* Compiles a session file's text. NULL, and at least one diagnostic, when anything in it is wrong;
 * goes on after an error to find further ones. The caller frees. */
struct session *session_compile(struct span text, const char *file, struct session_loader loader,
                                struct diag *diag);
void session_free(struct session *s);

/* Compiles a golden: the answers that one server gave in a case, connection by connection, in the
 * same notation without the requests. Its head lines are `golden ID`, `server NAME VERSION` and
 * `dialect`; its steps only `c1 < ..`, `repeat`, `either` and `each`; a connection may go on after
 * `closed`, as the case has opened it again. Errors as for a session. */
struct session *session_compile_golden(struct span text, const char *file,
                                       struct session_loader loader, struct diag *diag);

/* Compiles the notation of one frame or `raw` line, as it stands behind `c1 >` or `c1 <`, into
 * bytes that hold no holes, variables or {ns}. For tools and tests. */
bool session_compile_line(struct span text, enum dialect dialect, bool to_server, const char *file,
                          struct buf *out, struct diag *diag);

#endif
