#include "report/console.h"
#include "report/seconds.h"

static const char *label(enum verdict_status status) {
  static const char *const labels[] = {
      [VERDICT_PASS] = "PASS ",    [VERDICT_FAIL] = "FAIL ",  [VERDICT_ERROR] = "ERROR",
      [VERDICT_SKIPPED] = "SKIP ", [VERDICT_XFAIL] = "XFAIL", [VERDICT_XPASS] = "XPASS",
      [VERDICT_FLAKY] = "FLAKY"};
  return labels[status];
}

/* Appends text with its control characters written \xNN, those of U+0080 to U+009F included. */
static void add_printable(struct buf *out, struct span text) {
  for (size_t i = 0; i < text.n; i++) {
    uint8_t c = text.p[i];
    bool c1 = c == 0xc2 && i + 1 < text.n && text.p[i + 1] >= 0x80 && text.p[i + 1] < 0xa0;
    if ((c < 0x20 && c != '\t') || c == 0x7f || c1)
      buf_addf(out, "\\x%02x", c);
    else
      buf_add_byte(out, c);
    if (c1)
      buf_addf(out, "\\x%02x", text.p[++i]);
  }
}

static void add_lines(struct buf *out, const char *text) {
  while (*text) {
    size_t n = strcspn(text, "\n");
    if (n > 0)
      buf_add_str(out, "  ");
    add_printable(out, span_of(text, n));
    buf_add_byte(out, '\n');
    text += n + (text[n] == '\n');
  }
}

static void add_head(struct buf *out, const struct result *r) {
  const struct verdict *v = &r->verdict;
  buf_addf(out, "%s %s", label(v->status), r->id);
  if (r->repetition)
    buf_addf(out, " #%u", r->repetition + 1);
  if (r->delivery)
    buf_addf(out, " [%s%s%s]", r->delivery, r->transport ? " " : "",
             r->transport ? r->transport : "");
  buf_addf(out, " %s", r->server);
  if (r->file)
    buf_addf(out, "  %s", r->file);
  if (r->file && v->line)
    buf_addf(out, ":%u", v->line);
  if (v->step)
    buf_addf(out, "  step %u of %u", v->step, v->steps);
  buf_addf(out, "  (%" PRIu64 " ms)", seconds_millis(r->seconds));
  if (v->kind != KIND_NONE)
    buf_addf(out, "  %s", verdict_kind_name(v->kind));
}

void console_format(struct buf *out, const struct result *r) {
  const struct verdict *v = &r->verdict;
  struct buf text;
  buf_init(&text, SIZE_MAX);
  add_head(&text, r);
  add_printable(out, buf_span(&text));
  buf_add_byte(out, '\n');
  buf_fini(&text);

  bool told = v->detail && v->kind == KIND_NONCONFORMANCE && v->status == VERDICT_FAIL;
  if (v->brief && !told)
    add_lines(out, v->brief);
  if (v->detail)
    add_lines(out, v->detail);
  if (r->kept) {
    buf_add_str(out, "  kept  ");
    add_printable(out, span_str(r->kept));
    buf_add_byte(out, '\n');
  }
  if (r->reproduce) {
    buf_add_str(out, "  reproduce  ");
    add_printable(out, span_str(r->reproduce));
    buf_add_byte(out, '\n');
  }
}
