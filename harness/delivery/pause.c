/* pause: each request stops inside its header, between header and key, and inside its value, until
 * the server has read all that was sent and another connection has acted. Bytes that are no frame
 * stop at their half. */
#include "delivery/kinds.h"

enum { IN_HEADER = 12 };

static void pause_cut(const struct delivery *d, struct rng *rng, const struct batch *b,
                      struct cuts *out) {
  (void)d, (void)rng;
  for (size_t i = 0; i < b->n; i++)
    for (size_t from = batch_start(b, i), to; from < b->ends[i]; from = to) {
      struct parts parts;
      to = parts_next(b, from, b->ends[i], &parts);
      if (!parts.framed) {
        cuts_add(out, from + (to - from) / 2);
      } else {
        cuts_add(out, from + IN_HEADER);
        size_t last = parts.n > 1 ? parts.ends[parts.n - 2] : from;
        if (parts.n > 1)
          cuts_add(out, parts.ends[0]);
        if (parts.n > 2)
          cuts_add(out, last);
        if (parts.n > 1)
          cuts_add(out, last + (parts.ends[parts.n - 1] - last) / 2);
      }
      cuts_add(out, to);
    }
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
