/* What becomes a TLS record of its own, by itself a request, is changed by two kinds.
 *
 * records: every part of every request is a record, and all records of a batch go out in one
 * send(). A server finds many in one read of the socket, of which its TLS library hands out one at
 * a time: one that waits for the socket to become readable while the library holds more
 * (SSL_pending) waits for ever.
 *
 * across-records: the records heed no request: they are as full as they go, so that one holds many
 * requests and a request begins in one and ends in another. A server that reads a value straight
 * into its place takes the front of a record and leaves the rest to the library. */
#include "delivery/kinds.h"

static void each_part(const struct batch *b, struct cuts *out) {
  for (size_t i = 0; i < b->n; i++)
    for (size_t from = batch_start(b, i); from < b->ends[i];) {
      struct parts parts;
      from = parts_next(b, from, b->ends[i], &parts);
      for (size_t k = 0; k < parts.n; k++)
        cuts_add(out, parts.ends[k]);
    }
}

static void full(const struct batch *b, struct cuts *out) {
  cuts_add(out, b->bytes.n);
}

const struct delivery_kind delivery_records = {
    .name = "records",
    .usage = "records",
    .what = "on TLS: each part of a request is a record, all records in one write",
    .pipelines = true,
    .tls_only = true,
    .all = (const char *const[]){"records", NULL},
    .records = each_part,
};

const struct delivery_kind delivery_across_records = {
    .name = "across-records",
    .usage = "across-records",
    .what = "on TLS: full records, which hold many requests and the ends of others",
    .pipelines = true,
    .tls_only = true,
    .all = (const char *const[]){"across-records", NULL},
    .records = full,
};
