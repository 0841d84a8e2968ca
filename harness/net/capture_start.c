#include "net/capture_start.h"

#include "mcbp/frame.h"
#include "mcbp/names.h"
#include "mcbp/quiet.h"

enum { BODY_MAX = 64 << 20 }; /* no server takes more */

/* Whether a whole header may be that of a request (or an answer). */
static bool is_plausible(const struct header *h, bool from_server) {
  bool magic = from_server ? h->magic == MAGIC_RESPONSE || h->magic == MAGIC_ALT_RESPONSE
                           : h->magic == MAGIC_REQUEST || h->magic == MAGIC_ALT_REQUEST;
  bool named = opcode_name(DIALECT_STOCK, false, h->opcode) ||
               opcode_name(DIALECT_COUCHBASE, false, h->opcode);
  uint64_t head = (uint64_t)h->framinglen + h->extlen + h->keylen;
  return magic && named && h->datatype < 8 && h->bodylen <= BODY_MAX && head <= h->bodylen;
}

bool start_is_request(struct span bytes) {
  struct header h;
  if (bytes.n < HEADER_BYTES)
    return bytes.n > 0 && (bytes.p[0] == MAGIC_REQUEST || bytes.p[0] == MAGIC_ALT_REQUEST);
  header_unpack(bytes.p, &h);
  return is_plausible(&h, false);
}

/* Whether the connection can begin with the frame at the front of `bytes`. */
static bool begins(const struct capture_start *s, bool from_server, struct span bytes) {
  struct header h, next;
  header_unpack(bytes.p, &h);
  if (!is_plausible(&h, from_server))
    return false;
  if (from_server)
    return h.opcode == s->request.opcode && h.opaque == s->request.opaque;
  struct span behind = span_from(bytes, HEADER_BYTES + (size_t)h.bodylen);
  if (behind.n >= HEADER_BYTES) {
    header_unpack(behind.p, &next);
    if (!is_plausible(&next, false))
      return false;
  }
  return !opcode_is_quiet(DIALECT_STOCK, h.opcode);
}

/* The first place in `bytes` where it can begin; where the last header would not be whole if none.
 */
static size_t seek(const struct capture_start *s, bool from_server, struct span bytes) {
  size_t at = 0;
  while (bytes.n - at >= HEADER_BYTES && !begins(s, from_server, span_from(bytes, at)))
    at++;
  return at;
}

static void take(struct capture_start *s, bool from_server, const uint8_t *header) {
  s->found[from_server] = true;
  if (!from_server)
    header_unpack(header, &s->request);
}

bool start_find(struct capture_start *s, bool from_server, struct span *bytes, struct span *front) {
  enum { TAIL_MAX = HEADER_BYTES - 1 };
  uint8_t seam[2 * HEADER_BYTES];
  uint8_t *tail = s->tails[from_server];
  size_t *ntail = &s->ntails[from_server];
  *front = (struct span){0};
  if (s->found[from_server])
    return true;
  if (from_server && !s->found[0]) {
    s->passed += bytes->n;
    return false;
  }
  /* A header that begins in what was passed over. */
  size_t n = bytes->n < TAIL_MAX ? bytes->n : TAIL_MAX;
  memcpy(seam, tail, *ntail);
  memcpy(seam + *ntail, bytes->p, n);
  size_t at = seek(s, from_server, span_of(seam, *ntail + n));
  bool found = at < *ntail && *ntail + n - at >= HEADER_BYTES;
  if (found) {
    *front = span_of(tail + at, *ntail - at);
    s->passed -= front->n;
    take(s, from_server, seam + at);
  } else {
    at = seek(s, from_server, *bytes);
    found = bytes->n - at >= HEADER_BYTES;
    if (found) {
      s->passed += at;
      *bytes = span_from(*bytes, at);
      take(s, from_server, bytes->p);
    }
  }
  if (found)
    return true;
  s->passed += bytes->n;
  size_t keep = *ntail + n < TAIL_MAX ? *ntail + n : TAIL_MAX;
  if (bytes->n >= TAIL_MAX)
    memcpy(tail, bytes->p + bytes->n - TAIL_MAX, TAIL_MAX);
  else
    memmove(tail, seam + *ntail + n - keep, keep);
  *ntail = keep;
  return false;
}
