#include "session/render.h"

#include <inttypes.h>

#include "mcbp/extras.h"
#include "session/front.h"

enum { FRAMING_ITEMS = 16 /* named one by one; more of them become framing=hex(..) */ };

/* Writes a part's bytes: all of them, or an excerpt for people. */
typedef void put_bytes(struct buf *out, struct span bytes);

static uint8_t derived_magic(bool to_server, bool server, bool framing) {
  if (server)
    return to_server ? MAGIC_CLIENT_RESPONSE : MAGIC_SERVER_REQUEST;
  if (framing)
    return to_server ? MAGIC_ALT_REQUEST : MAGIC_ALT_RESPONSE;
  return to_server ? MAGIC_REQUEST : MAGIC_RESPONSE;
}

static void put_name(struct buf *out, enum dialect dialect, bool server, uint8_t opcode) {
  const char *name = opcode_name(dialect, server, opcode);
  if (server)
    buf_add_str(out, "server.");
  if (name)
    buf_add_str(out, name);
  else
    buf_addf(out, "op0x%02x", opcode);
}

static void put_status(struct buf *out, bool response, uint16_t status) {
  if (status == 0)
    return;
  const char *name = response ? status_name(status) : NULL;
  if (!response)
    buf_addf(out, " vbucket=%u", status);
  else if (name)
    buf_addf(out, " status=%s", name);
  else
    buf_addf(out, " status=0x%04x", status);
}

static void put_hex_field(struct buf *out, const char *name, struct span bytes) {
  buf_addf(out, " %s=", name);
  if (bytes.n == 0) {
    buf_add_str(out, "\"\"");
    return;
  }
  buf_add_str(out, "hex(");
  for (size_t i = 0; i < bytes.n; i++)
    buf_addf(out, i ? " %02x" : "%02x", bytes.p[i]);
  buf_add_byte(out, ')');
}

/* Whether the items of the framing extras, written in their shortest form, are these bytes, and few
 * enough to be named one by one. */
static bool framing_is_itemized(struct span framing) {
  struct buf again;
  struct span rest = framing, data;
  unsigned id, items = 0;
  buf_init(&again, framing.n);
  while (framing_next(&rest, &id, &data) && framing_put(&again, id, data))
    items++;
  bool same = span_eq(buf_span(&again), framing);
  buf_fini(&again);
  return same && items <= FRAMING_ITEMS;
}

static void put_framing(struct buf *out, bool response, struct span framing) {
  if (framing.n == 0)
    return;
  if (!framing_is_itemized(framing)) {
    put_hex_field(out, "framing", framing);
    return;
  }
  unsigned id;
  struct span data;
  while (framing_next(&framing, &id, &data)) {
    const char *name = framing_name(response, id);
    if (name)
      buf_addf(out, " frame.%s=", name);
    else
      buf_addf(out, " frame.0x%02x=", id);
    render_bytes(out, data);
  }
}

static void put_extras(struct buf *out, const struct frame *f, const struct extras_layout *layout) {
  bool expected = layout->size > 0 && (!magic_is_response(f->h.magic) || f->h.status == 0);
  if (expected && f->extras.n == layout->size) {
    for (size_t i = 0; i < layout->nfields; i++) {
      const struct extras_field *field = &layout->fields[i];
      uint64_t value = be_get(f->extras.p + field->off, field->width);
      buf_addf(out, value > 0xffff ? " %s=0x%" PRIx64 : " %s=%" PRIu64, field->name, value);
    }
  } else if (f->extras.n > 0 || (expected && !layout->optional && f->h.extlen == 0)) {
    put_hex_field(out, "extras", f->extras);
  }
}

/* A counter's new value is the one number that travels as a value. */
static bool value_is_counter(const struct frame *f) {
  bool counter =
      f->h.opcode == 0x05 || f->h.opcode == 0x06 || f->h.opcode == 0x15 || f->h.opcode == 0x16;
  return counter && !magic_is_server(f->h.magic) && magic_is_response(f->h.magic) &&
         f->h.status == 0 && f->value.n == 8;
}

static void put_frame(struct buf *out, enum dialect dialect, bool to_server, const struct frame *f,
                      put_bytes *put) {
  bool server = magic_is_server(f->h.magic), response = magic_is_response(f->h.magic);
  put_name(out, dialect, server, f->h.opcode);
  put_status(out, response, f->h.status);
  put_framing(out, response, f->framing);
  put_extras(out, f, extras_layout(dialect, server, response, f->h.opcode));
  if (f->key.n > 0) {
    buf_add_str(out, " key=");
    put(out, f->key);
  }
  if (value_is_counter(f)) {
    buf_addf(out, " value=u64(%" PRIu64 ")", be_get(f->value.p, 8));
  } else if (f->value.n > 0) {
    buf_add_str(out, " value=");
    put(out, f->value);
  }
  if (f->h.cas)
    buf_addf(out, " cas=0x%" PRIx64, f->h.cas);
  if (f->h.opaque)
    buf_addf(out, " opaque=0x%" PRIx32, f->h.opaque);
  if (f->h.datatype)
    buf_addf(out, " datatype=0x%02x", f->h.datatype);
  if (f->h.magic != derived_magic(to_server, server, f->framing.n > 0))
    buf_addf(out, " magic=0x%02x", f->h.magic);
}

static void put_raw(struct buf *out, struct span bytes, put_bytes *put) {
  buf_add_str(out, "raw ");
  put(out, bytes);
}

void render_line(struct buf *out, enum dialect dialect, bool to_server, struct span bytes) {
  struct frame f;
  if (frame_cut(bytes, &f) == FRAME_WHOLE && f.len == bytes.n)
    put_frame(out, dialect, to_server, &f, render_bytes);
  else
    put_raw(out, bytes, render_bytes);
}

void render_stream(struct buf *out, const char *prefix, enum dialect dialect, bool to_server,
                   struct span bytes) {
  while (bytes.n > 0) {
    struct frame f;
    buf_add_str(out, prefix);
    if (frame_cut(bytes, &f) == FRAME_WHOLE) {
      put_frame(out, dialect, to_server, &f, render_bytes);
      bytes = span_from(bytes, f.len);
    } else {
      put_raw(out, bytes, render_bytes);
      bytes = span_from(bytes, bytes.n);
    }
    buf_add_byte(out, '\n');
  }
}

void render_brief(struct buf *out, enum dialect dialect, bool to_server, struct span bytes) {
  struct frame f;
  enum frame_cut cut = front_cut(bytes, &f);
  if (cut == FRAME_WHOLE || (cut == FRAME_SHORT && f.len > 0))
    put_frame(out, dialect, to_server, &f, render_excerpt);
  else
    put_raw(out, bytes, render_excerpt);
  if (cut == FRAME_SHORT && f.len > 0)
    buf_addf(out, " (%zu of %zu bytes)", bytes.n, f.len);
  else if (cut == FRAME_SHORT)
    buf_addf(out, " (%zu of %d header bytes)", bytes.n, HEADER_BYTES);
}
