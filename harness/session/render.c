#include "session/render.h"

#include <inttypes.h>

#include "mcbp/extras.h"
#include "session/front.h"

enum { FRAMING_ITEMS = 16 /* named one by one; more of them become framing=hex(..) */ };

/* How a frame is written. */
struct pen {
  void (*put)(struct buf *out, struct span bytes); /* all bytes of a part, or an excerpt */
  const struct render_holes *holes;                /* NULL: none */
  const uint8_t *start;                            /* of the frame */
};

/* Joins literals: two quoted texts side by side become one. */
static void put_literal(struct buf *out, size_t first, struct span literal) {
  bool join = out->n > first && out->p[out->n - 1] == '"' && literal.p[0] == '"';
  if (join)
    out->n--;
  else if (out->n > first)
    buf_add_byte(out, ' ');
  buf_add_span(out, span_from(literal, join));
}

static void put_piece(const struct pen *pen, struct buf *out, size_t first, struct span bytes) {
  struct buf literal;
  if (bytes.n == 0)
    return;
  buf_init(&literal, SIZE_MAX / 2);
  pen->put(&literal, bytes);
  put_literal(out, first, buf_span(&literal));
  buf_fini(&literal);
}

/* A part of the frame, {ns} where the key space stands. */
static void put_part(const struct pen *pen, struct buf *out, struct span part) {
  enum { NS = 4 };
  size_t first = out->n, done = 0;
  for (size_t i = 0; pen->holes && i < pen->holes->nns; i++) {
    const uint8_t *ns = pen->start + pen->holes->ns[i];
    if (ns < part.p || ns + NS > part.p + part.n)
      continue;
    size_t at = (size_t)(ns - part.p);
    put_piece(pen, out, first, span_sub(part, done, at - done));
    put_literal(out, first, span_str("\"{ns}\""));
    done = at + NS;
  }
  if (done == 0)
    pen->put(out, part);
  else
    put_piece(pen, out, first, span_from(part, done));
}

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

static void put_field(struct buf *out, const char *name, uint64_t value, bool hex) {
  buf_add_byte(out, ' ');
  buf_add_str(out, name);
  buf_add_byte(out, '=');
  if (hex)
    buf_add_hex(out, value);
  else
    buf_add_decimal(out, value);
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

static void put_extras(const struct pen *pen, struct buf *out, const struct frame *f,
                       const struct extras_layout *layout) {
  if (pen->holes && pen->holes->extras) {
    buf_addf(out, " extras=*{%zu}", f->extras.n);
    return;
  }
  bool expected = layout->size > 0 && (!magic_is_response(f->h.magic) || f->h.status == 0);
  if (expected && f->extras.n == layout->size) {
    for (size_t i = 0; i < layout->nfields; i++) {
      const struct extras_field *field = &layout->fields[i];
      uint64_t value = be_get(f->extras.p + field->off, field->width);
      put_field(out, field->name, value, value > 0xffff);
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

static void put_value(const struct pen *pen, struct buf *out, const struct frame *f) {
  if (pen->holes && pen->holes->value) {
    buf_add_str(out, " value=*");
  } else if (value_is_counter(f)) {
    buf_addf(out, " value=u64(%" PRIu64 ")", be_get(f->value.p, 8));
  } else if (f->value.n > 0) {
    buf_add_str(out, " value=");
    put_part(pen, out, f->value);
  }
}

static void put_frame(const struct pen *pen, struct buf *out, enum dialect dialect, bool to_server,
                      const struct frame *f) {
  bool server = magic_is_server(f->h.magic), response = magic_is_response(f->h.magic);
  put_name(out, dialect, server, f->h.opcode);
  put_status(out, response, f->h.status);
  put_framing(out, response, f->framing);
  put_extras(pen, out, f, extras_layout(dialect, server, response, f->h.opcode));
  if (f->key.n > 0) {
    buf_add_str(out, " key=");
    put_part(pen, out, f->key);
  }
  put_value(pen, out, f);
  if (pen->holes && pen->holes->cas_text)
    buf_addf(out, " cas=%s", pen->holes->cas_text);
  else if (pen->holes && pen->holes->cas)
    buf_add_str(out, " cas=*");
  else if (f->h.cas)
    put_field(out, "cas", f->h.cas, true);
  if (f->h.opaque)
    put_field(out, "opaque", f->h.opaque, true);
  if (f->h.datatype)
    buf_addf(out, " datatype=0x%02x", f->h.datatype);
  if (f->h.magic != derived_magic(to_server, server, f->framing.n > 0))
    buf_addf(out, " magic=0x%02x", f->h.magic);
}

static void put_raw(const struct pen *pen, struct buf *out, struct span bytes) {
  buf_add_str(out, "raw ");
  put_part(pen, out, bytes);
}

void render_line_with(struct buf *out, enum dialect dialect, bool to_server, struct span bytes,
                      const struct render_holes *holes) {
  const struct pen pen = {render_bytes, holes, bytes.p};
  struct frame f;
  if (frame_cut(bytes, &f) == FRAME_WHOLE && f.len == bytes.n)
    put_frame(&pen, out, dialect, to_server, &f);
  else
    put_raw(&pen, out, bytes);
}

void render_line(struct buf *out, enum dialect dialect, bool to_server, struct span bytes) {
  render_line_with(out, dialect, to_server, bytes, NULL);
}

void render_stream(struct buf *out, const char *prefix, enum dialect dialect, bool to_server,
                   struct span bytes) {
  while (bytes.n > 0) {
    struct frame f;
    size_t n = frame_cut(bytes, &f) == FRAME_WHOLE ? f.len : bytes.n;
    buf_add_str(out, prefix);
    render_line(out, dialect, to_server, span_sub(bytes, 0, n));
    buf_add_byte(out, '\n');
    bytes = span_from(bytes, n);
  }
}

void render_brief(struct buf *out, enum dialect dialect, bool to_server, struct span bytes) {
  const struct pen pen = {.put = render_excerpt};
  struct frame f;
  enum frame_cut cut = front_cut(bytes, &f);
  if (cut == FRAME_WHOLE || (cut == FRAME_SHORT && f.len > 0))
    put_frame(&pen, out, dialect, to_server, &f);
  else
    put_raw(&pen, out, bytes);
  if (cut == FRAME_SHORT && f.len > 0)
    buf_addf(out, " (%zu of %zu bytes)", bytes.n, f.len);
  else if (cut == FRAME_SHORT)
    buf_addf(out, " (%zu of %d header bytes)", bytes.n, HEADER_BYTES);
}
