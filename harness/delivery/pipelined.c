/* pipelined: everything up to the next point where the client must wait, in one write. The server
 * finds many requests in one read and answers while more are waiting. */
#include "delivery/kinds.h"

const struct delivery_kind delivery_pipelined = {
    .name = "pipelined",
    .usage = "pipelined",
    .what = "all requests in one write, ahead of their answers",
    .pipelines = true,
    .all = (const char *const[]){"pipelined", NULL},
};
