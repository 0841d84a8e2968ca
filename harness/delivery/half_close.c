/* half-close: as pipelined, and the client ends its sending side before it waits for the last
 * answers. A server must still send all of them. */
#include "delivery/kinds.h"

const struct delivery_kind delivery_half_close = {
    .name = "half-close",
    .usage = "half-close",
    .what = "all requests in one write, then the end of the client's stream",
    .pipelines = true,
    .half_closes = true,
    .all = (const char *const[]){"half-close", NULL},
};
