/* What the parts of the scribe share. Internal to the session layer. */
#ifndef SESSION_SCRIBE_INTERNAL_H
#define SESSION_SCRIBE_INTERNAL_H

#include "base/vec.h"
#include "mcbp/frame.h"
#include "session/scribe.h"

#define SCRIBE_NONE SIZE_MAX

enum mark_kind {
  MARK_NOTHING, /* a request that was not seen to its end */
  MARK_FRAME,
  MARK_RAW,
  MARK_CLIENT_ENDED,
  MARK_CLIENT_GONE,
  MARK_SERVER_CLOSED
};

/* Something that was seen. A request stands where its first byte passed, as its answer may come
 * before its last; an answer where its last one did. */
struct mark {
  enum mark_kind kind;
  bool from_server;
  size_t conn;
  size_t off, n; /* in its side's stream; n is 0 while a request is not whole */
};

struct scribe_side {
  struct buf bytes; /* all of the stream */
  size_t cut;       /* up to where it has been told as marks */
  size_t begun;     /* the mark of the request in hand, or SCRIBE_NONE */
  bool lost;        /* the rest is no frames */
  bool ended;
};

struct scribe_conn {
  struct scribe_side sides[2]; /* the client's, the server's */
};

struct scribe {
  enum dialect dialect;
  size_t cap, used;
  bool full;
  struct vec conns; /* of struct scribe_conn */
  struct vec marks; /* of struct mark */
};

/* How a connection is told. */
struct told {
  unsigned number;    /* c1, ..; 0 until it is known */
  bool half_close;    /* that line is written */
  enum mark_kind end; /* the line that ends it: MARK_CLIENT_GONE is `close`; MARK_NOTHING: none */
  size_t end_at;      /* the mark that it stands at; SCRIBE_NONE: behind all others */
  size_t over;        /* the last mark of one that has ended; SCRIBE_NONE: it is open */
};

/* How a mark is told. */
struct line_plan {
  bool skip;
  bool ends_each; /* an `each` of the figures that are skipped stands before it */
  char cas[24];   /* what stands for the CAS, when not empty */
};

struct scribe_plan {
  const struct scribe *scribe;
  struct vec marks;        /* the scribe's, and one for what is not whole at the end */
  struct vec order;        /* of size_t: the connections, as they were given numbers */
  struct told *told;       /* by connection */
  struct line_plan *lines; /* by mark */
  size_t literal_cas;      /* requests that send back a CAS which could not be captured */
};

static inline const struct mark *plan_mark(const struct scribe_plan *p, size_t i) {
  return vec_at(&p->marks, i);
}

/* The bytes of a mark. */
struct span mark_bytes(const struct scribe *s, const struct mark *m);

/* Whether a mark is a whole frame; then `f` is it. */
bool mark_frame(const struct scribe *s, const struct mark *m, struct frame *f);

/* The parts of the plan: how connections end, what each answer's CAS becomes, where figures are. */
void scribe_plan_ends(struct scribe_plan *p);
void scribe_plan_cas(struct scribe_plan *p);
void scribe_plan_figures(struct scribe_plan *p);

/* Whether the session says what was seen; else why not. */
bool scribe_check(const struct scribe_plan *p, struct span text, struct buf *why);

#endif
