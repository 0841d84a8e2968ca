/* A pattern: the bytes of one line, with a mask for its holes, captures, and parts that are filled
 * in when it is used. The same structure serves what is sent (no mask) and what is expected.
 *
 * Matching is `(actual XOR expected) AND mask == 0` over every byte of the frame. Where a hole has
 * no fixed length, the lengths come from the frame's own header, each is checked against its
 * bounds, and from then on the comparison is the same. Pure; nothing is owned here (a session's
 * arena does). */
#ifndef SESSION_PATTERN_H
#define SESSION_PATTERN_H

#include "base/buf.h"
#include "mcbp/names.h"

enum patch_kind {
  PATCH_VAR,            /* a captured value */
  PATCH_COUNTER,        /* a loop's count as a big-endian number of `len` bytes */
  PATCH_COUNTER_DIGITS, /* the same as `len` decimal digits */
  PATCH_NS              /* the case's key space, four bytes */
};

struct patch {
  enum patch_kind kind;
  uint32_t off, len; /* in `bytes` */
  uint16_t index;    /* variable or loop depth */
};

struct capture {
  uint32_t off, len; /* in `bytes` */
  uint16_t var;
  bool nonzero;
};

/* A hole of free length: between `min` and `max` bytes stand at `off`, where `bytes` has none. */
struct gap {
  uint32_t off;
  uint32_t min, max;
  uint8_t section; /* index into section_len: 1 extras, 2 key, 3 value */
};

enum { PATTERN_GAPS = 3 };

struct pattern {
  const uint8_t *bytes;
  const uint8_t *mask; /* 0xff where exact, 0 in a hole; NULL when all is exact */
  uint32_t n;
  bool raw;    /* no frame: sections and gaps are empty */
  bool server; /* the opcode is one of the server's own */
  enum dialect dialect;
  uint32_t section_len[4]; /* framing, extras, key, value: bytes without gaps */
  const struct patch *patches;
  size_t npatches;
  const struct capture *captures;
  size_t ncaptures;
  struct gap gaps[PATTERN_GAPS]; /* ascending by offset */
  size_t ngaps;
};

/* The values that patches and captures work on, during one play of one session. */
struct bindings {
  char ns[4];
  uint8_t *vars;         /* vars_bytes of them, laid out by var_off */
  const size_t *var_off; /* the session's */
  const uint16_t *var_size;
};

enum match_result {
  MATCH_YES,
  MATCH_MORE, /* right so far; not all of it is there */
  MATCH_NO
};

struct match {
  enum match_result result;
  size_t len;     /* MATCH_YES: bytes that the pattern took */
  size_t off;     /* MATCH_NO: the first byte that differs, or of the length out of bounds */
  size_t need;    /* MATCH_MORE: bytes the whole will have, 0 while that is unknown */
  size_t checked; /* MATCH_MORE: bytes from the front that need no second look */
};

/* Compares the front of `actual`. `counters` are the loop counts by depth. `from` is `checked` of
 * an earlier call for the same frame, or 0: a long value that comes in pieces is compared once. */
struct match pattern_match(const struct pattern *p, const struct bindings *env,
                           const uint64_t *counters, struct span actual, size_t from);

/* Keeps what the captures of a pattern that has matched all of `actual` hold. */
void pattern_capture(const struct pattern *p, struct bindings *env, struct span actual);

/* Appends the bytes, patches filled in; for what is sent (no gaps). */
bool pattern_bytes(const struct pattern *p, const struct bindings *env, const uint64_t *counters,
                   struct buf *out);

/* Writes out what the pattern expects of an actual frame: as many bytes as the pattern stands for
 * there, patches filled in, holes zero, and a mask of the same length. For explanations; both
 * buffers are empty before. When the actual header gives impossible lengths, gaps get their
 * smallest length and the length fields that they leave open are shown as exact, since these are
 * what differs. */
void pattern_expand(const struct pattern *p, const struct bindings *env, const uint64_t *counters,
                    struct span actual, struct buf *bytes, struct buf *mask);

/* Whether it speaks of captured values, which must have been captured before it is used. */
bool pattern_uses_capture(const struct pattern *p);

/* The fewest bytes that can match. */
size_t pattern_min(const struct pattern *p);

#endif
