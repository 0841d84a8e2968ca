/* inside-records: each record's ciphertext is cut: within its header, right behind it, at the half
 * of what follows, and before the last byte. A server's TLS library wants more in each of these
 * places. */
#include "base/check.h"
#include "delivery/kinds.h"

enum { RECORD_HEADER = 5, IN_HEADER = 3 };

static void record_cut(size_t from, size_t to, struct cuts *out) {
  size_t body = from + RECORD_HEADER;
  cuts_add(out, from + IN_HEADER);
  cuts_add(out, body);
  cuts_add(out, body + (to - body) / 2);
  cuts_add(out, to - 1);
  cuts_add(out, to);
}

/* A record's header is its type, two bytes of version, and the length of what follows. */
static void wire_cut(struct span wire, struct cuts *out) {
  for (size_t from = 0, to; from < wire.n; from = to) {
    CHECK(wire.n - from > RECORD_HEADER);
    to = from + RECORD_HEADER + ((size_t)wire.p[from + 3] << 8 | wire.p[from + 4]);
    CHECK(to > from + RECORD_HEADER && to <= wire.n);
    record_cut(from, to, out);
  }
}

const struct delivery_kind delivery_inside_records = {
    .name = "inside-records",
    .usage = "inside-records",
    .what = "on TLS: each record's ciphertext cut in header and body, each piece read singly",
    .paced = true,
    .tls_only = true,
    .all = (const char *const[]){"inside-records", NULL},
    .cut_wire = wire_cut,
};
