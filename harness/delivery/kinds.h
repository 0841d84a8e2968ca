/* What the deliveries' own files share: the kinds that delivery.c's table lists, and the requests
 * and parts that they cut at. Internal to this folder. */
#ifndef DELIVERY_KINDS_H
#define DELIVERY_KINDS_H

#include "delivery/delivery.h"

extern const struct delivery_kind delivery_whole;
extern const struct delivery_kind delivery_pipelined;
extern const struct delivery_kind delivery_bytewise;
extern const struct delivery_kind delivery_split;
extern const struct delivery_kind delivery_fields;
extern const struct delivery_kind delivery_random;
extern const struct delivery_kind delivery_half_close;
extern const struct delivery_kind delivery_slow_read;
extern const struct delivery_kind delivery_slow_read_last;
extern const struct delivery_kind delivery_pause;
extern const struct delivery_kind delivery_crowd;
extern const struct delivery_kind delivery_records;
extern const struct delivery_kind delivery_across_records;
extern const struct delivery_kind delivery_inside_records;

/* Where the batch's request `i` starts. */
static inline size_t batch_start(const struct batch *b, size_t i) {
  return i ? b->ends[i - 1] : 0;
}

/* The parts of a frame: header, framing extras, extras, key and value, those that are empty left
 * out. Bytes that are no whole frame are one part. */
struct parts {
  bool framed;
  size_t ends[5]; /* ascending; the last is where the frame ends */
  size_t n;
};

/* The parts of the frame, or of the bytes without one, that begin at `from` and reach to `to` at
 * most; offsets are the batch's. A request has further ones behind when it is several frames in one
 * `raw` line. Returns where they end. */
size_t parts_next(const struct batch *b, size_t from, size_t to, struct parts *out);

/* Cuts each frame of a batch as `frame` says, bytes that are no frame at their half, and all at
 * their ends. */
void parts_cut(const struct batch *b, struct cuts *out,
               void (*frame)(size_t from, const struct parts *parts, struct cuts *out));

#endif
