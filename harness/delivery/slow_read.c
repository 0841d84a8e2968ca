/* slow-read: the client sends as fast as it can and reads nothing until the server can send no
 * more; then it reads in dribbles. The server meets full queues and partial writes. slow-read-last:
 * the same, and before anything is read another connection asks and is answered. */
#include "delivery/kinds.h"

const struct delivery_kind delivery_slow_read = {
    .name = "slow-read",
    .usage = "slow-read",
    .what = "nothing is read until the server can send no more, then in dribbles",
    .pipelines = true,
    .slow_reads = true,
    .all = (const char *const[]){"slow-read", NULL},
};

const struct delivery_kind delivery_slow_read_last = {
    .name = "slow-read-last",
    .usage = "slow-read-last",
    .what = "as slow-read, and another connection acts before anything is read",
    .pipelines = true,
    .slow_reads = true,
    .drains_last = true,
    .all = (const char *const[]){"slow-read-last", NULL},
};
