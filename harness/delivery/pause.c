/* pause: each request stops inside its header, between header and key, and inside its value, until
 * the server has read all that was sent and another connection has acted. Bytes that are no frame
 * stop at their half. */
#include "delivery/kinds.h"

enum { IN_HEADER = 12 };

static void frame_cuts(size_t from, const struct parts *parts, struct cuts *out) {
  cuts_add(out, from + IN_HEADER);
  if (parts->n < 2)
    return;
  size_t last = parts->ends[parts->n - 2]; /* where the key or the value begins */
  cuts_add(out, parts->ends[0]);
  cuts_add(out, last);
  cuts_add(out, last + (parts->ends[parts->n - 1] - last) / 2);
}

static void pause_cut(const struct delivery *d, struct rng *rng, const struct batch *b,
                      struct cuts *out) {
  (void)d, (void)rng;
  parts_cut(b, out, frame_cuts);
}

const struct delivery_kind delivery_pause = {
    .name = "pause",
    .usage = "pause",
    .what = "stops in header, before key and in value while another connection acts",
    .paced = true,
    .acts_between = true,
    .all = (const char *const[]){"pause", NULL},
    .cut = pause_cut,
};
