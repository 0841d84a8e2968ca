/* What the parts of the session compiler share. Internal to the session layer. */
#ifndef SESSION_COMPILER_H
#define SESSION_COMPILER_H

#include "session/scan.h"
#include "session/scope.h"
#include "session/track.h"

enum block_kind {
  BLOCK_REPEAT,
  BLOCK_EITHER,
  BLOCK_EACH,
  BLOCK_VOID /* stands where it can't, which has been reported; only its end is awaited */
};

struct block {
  enum block_kind kind;
  unsigned line;
  size_t at;               /* where it begins in the line */
  unsigned errors_before;  /* diagnostics that were there then */
  size_t step;             /* BLOCK_REPEAT: index of its STEP_LOOP */
  int conn;                /* BLOCK_EITHER, BLOCK_EACH: -1 until its first line */
  struct vec items;        /* of struct expected */
  struct vec alternatives; /* of struct sequence, BLOCK_EITHER */
};

struct compiler {
  struct session *session;
  struct diag *diag;
  unsigned errors_before; /* diagnostics that were there when this session began */
  struct scope scope;
  struct vec steps;  /* of struct step */
  struct vec blocks; /* of struct block, the innermost last */
  struct track conns[SESSION_CONNS];
  struct unordered *open_each; /* its terminator is still to come */
  uint8_t each_conn;
  unsigned each_line;
  size_t each_at;
  uint64_t clock; /* seconds that `clock` has moved so far */
  bool has_case, has_spec, in_steps;
};

/* Parses a line of steps; the scanner stands at its first word. False with diagnostics. */
bool steps_line(struct compiler *c, struct scan *scan);

/* Appends a step that stands at the scanner's line. */
struct step *steps_add(struct compiler *c, enum step_kind kind, unsigned conn,
                       const struct scan *scan);

/* A line that begins with repeat, either or each; the scanner stands behind the word. */
bool blocks_open(struct compiler *c, struct scan *scan, struct span word);
/* A line that begins with }. */
bool blocks_close(struct compiler *c, struct scan *scan);
/* Complains about each block that is still open. */
bool blocks_finish(struct compiler *c, struct scan *end);
/* The innermost block if it is one of answers (either, each), otherwise NULL. */
struct block *blocks_answers(struct compiler *c);
/* Marks the loops around the last step as sending or expecting on its connection. */
void blocks_mark_loops(struct compiler *c, bool sends);

/* Checks that nothing is left open at the file's end. */
bool steps_finish(struct compiler *c, struct scan *end);

/* Appends a word to a NULL-terminated list in the session's arena. */
void list_add(struct arena *arena, const char ***list, struct span word);

#endif
