/* crowd:N: N connections play the session at once, each in its own key space, every fourth of them
 * a slow reader, while others come, send half a request and reset (on TLS also within
 * the handshake). All streams are compared. */
#include "delivery/kinds.h"

const struct delivery_kind delivery_crowd = {
    .name = "crowd",
    .usage = "crowd:N",
    .what = "N connections at once, each in its own key space, slow readers among them",
    .takes_number = true,
    .least = 2,
    .most = 256,
    .crowds = true,
    .pipelines = true,
    .all = (const char *const[]){"crowd:8", NULL},
};
