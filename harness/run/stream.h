/* One connection of a play: what has come on it, and which expectation is next. Internal to the run
 * layer. */
#ifndef RUN_STREAM_H
#define RUN_STREAM_H

#include "mcbp/header.h"
#include "net/conn.h"
#include "run/verdict.h"
#include "session/cursor.h"

enum stream_state {
  STREAM_NEW,
  STREAM_OPEN,
  STREAM_ENDED, /* the server has closed */
  STREAM_CLOSED /* we have */
};

/* How far the proof at the end has come that nothing else follows. */
enum stream_proof { PROOF_NONE, PROOF_FENCE_SENT, PROOF_FENCED };

struct stream;

/* Hears of what meets the expectations of a play's streams, in each stream's order. */
struct stream_listener {
  /* `step` was met by these bytes, of an `each` one frame at a time; or, when `ended`, by the end
   * of the server's side. The bytes are borrowed for the call. */
  void (*met)(void *arg, const struct stream *s, const struct step *step, struct span bytes,
              bool ended);
  void *arg;
};

struct stream {
  unsigned id;
  enum stream_state state;
  enum stream_proof proof;
  bool half_closed;
  struct conn *conn;
  enum conn_end end;
  struct cursor cursor;                   /* the next expectation */
  uint64_t matched;                       /* expectations met so far */
  uint64_t needed;                        /* expectations that the script has come past */
  struct buf in;                          /* what is not matched yet, from a frame's first byte */
  size_t checked;                         /* of it, known to be right so far */
  uint64_t off;                           /* of `in`, in the connection's answers */
  bool *seen;                             /* which lines of an `each` have come */
  uint64_t others;                        /* frames of an `each` that matched `others` */
  struct bindings *env;                   /* the play's */
  const struct stream *all;               /* the play's streams, this one among them */
  const struct stream_listener *listener; /* NULL: nobody listens; borrowed */
  bool waits;     /* for what another stream is to capture first, though bytes have come */
  bool end_waits; /* the server's close is to be judged after that */
};

/* Where a stream stopped being right. A NULL pattern expects `closed`, or nothing when `text` is
 * empty. */
struct failure {
  enum verdict_kind kind;
  const struct stream *stream;
  const struct pattern *pattern;
  struct span text;
  unsigned line;
  const uint64_t *counters;
  const char *note;  /* a sentence to add, or NULL */
  const char *aside; /* what befell a bystander while this stream stood still; told instead of what
                        came on the stream. NULL: none did */
  size_t shift;      /* bytes of `in` before the frame that differs */
};

/* Bytes of an answer that will be kept to be matched: the longest literal, and a header, extras and
 * a key before it. */
enum { FRAME_LIMIT = (64 << 20) + (128 << 10) };

/* `all` are the streams of the play, by connection; NULL when this is the only one. */
void stream_init(struct stream *s, unsigned id, const struct session *session, struct bindings *env,
                 const struct stream *all);
void stream_fini(struct stream *s);

/* Before a new connection under the same name. */
void stream_restart(struct stream *s);

/* Takes in bytes and meets what expectations it can. False when they are wrong: `f` says how. */
bool stream_data(struct stream *s, struct span bytes, struct failure *f);

/* The client closes: what has come and is not expected is dropped. */
void stream_drop(struct stream *s);

/* The server has closed. False when that is wrong. */
bool stream_closed(struct stream *s, enum conn_end end, struct failure *f);

/* Another stream has met an expectation: goes on with what has waited for it. False as above. */
bool stream_resume(struct stream *s, struct failure *f);

/* Describes what the stream waits for, as the failure that a deadline makes of it. */
void stream_overdue(struct stream *s, struct failure *f);

/* The driver's own noop on a connection, whose opaque no session is likely to use, and its answer.
 */
void stream_fence(unsigned conn, uint8_t request[HEADER_BYTES]);
void stream_fence_answer(unsigned conn, uint8_t answer[HEADER_BYTES]);

#endif
