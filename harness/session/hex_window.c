#include "session/hex_window.h"

#include <inttypes.h>

#include "session/explain.h"

enum { ROW = 16, ROWS = 3, ALIGN = 8 };

static bool differs(const struct hex_window *w, size_t i) {
  if (i < w->want.n && i < w->got.n)
    return (w->want.p[i] ^ w->got.p[i]) & w->mask[i];
  return i < w->got.n || (i < w->want.n && w->got_whole);
}

static void put_row(struct buf *out, const struct hex_window *w, size_t from, size_t to,
                    bool want) {
  struct span side = want ? w->want : w->got;
  bool before = false;
  buf_add_str(out, want ? "want " : "got  ");
  for (size_t i = from; i < to; i++) {
    bool now = differs(w, i);
    buf_add_byte(out, now && !before ? '>' : before && !now ? '<' : ' ');
    before = now;
    if (i >= side.n)
      buf_add_str(out, "--");
    else if (want && w->mask[i] == 0)
      buf_add_str(out, "..");
    else
      buf_addf(out, "%02x", side.p[i]);
  }
  if (before)
    buf_add_byte(out, '<');
  if (want && from > 0 && to - from > 1)
    buf_addf(out, "  bytes %zu-%zu", from, to - 1);
  else if (want && from > 0)
    buf_addf(out, "  byte %zu", from);
  buf_add_byte(out, '\n');
}

void hex_window_put(struct buf *out, const struct hex_window *w) {
  size_t end = w->want.n > w->got.n ? w->want.n : w->got.n, first = 0;
  while (first < end && !differs(w, first))
    first++;
  if (first == end)
    return;
  size_t from = first / ALIGN * ALIGN;
  from -= from > 0 ? ALIGN : 0;
  size_t last = first;
  for (size_t i = first; i < end && i < from + ROWS * ROW; i++)
    if (differs(w, i))
      last = i;
  for (; from <= last; from += ROW) {
    size_t to = end - from < ROW ? end : from + ROW;
    put_row(out, w, from, to, true);
    put_row(out, w, from, to, false);
  }
}

void explain_hex(struct buf *out, struct span bytes, uint64_t base, unsigned lines) {
  for (size_t off = 0; off < bytes.n && lines > 0; off += ROW, lines--) {
    struct span row = span_sub(bytes, off, ROW);
    buf_addf(out, "%08" PRIx64 " ", base + off);
    for (size_t i = 0; i < ROW; i++) {
      buf_add_str(out, i == ALIGN ? "  " : " ");
      if (i < row.n)
        buf_addf(out, "%02x", row.p[i]);
      else
        buf_add_str(out, "  ");
    }
    buf_add_str(out, "  |");
    for (size_t i = 0; i < row.n; i++)
      buf_add_byte(out, row.p[i] >= 0x20 && row.p[i] < 0x7f ? row.p[i] : '.');
    buf_add_str(out, "|\n");
  }
}
