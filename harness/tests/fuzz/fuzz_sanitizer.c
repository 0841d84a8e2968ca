/* Any text holds reports or none: each lies in the text after the one before, names its tool and a
 * kind, and what it borrows is whole. */
#include "base/check.h"
#include "fuzz.h"
#include "server/sanitizer.h"

static volatile uint8_t seen;

/* Reads all of it, so that the sanitizers see what is not there. */
static void read_all(struct span s) {
  for (size_t i = 0; i < s.n; i++)
    seen = s.p[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct span text = span_of(data, size);
  struct sanitizer_report r;
  const uint8_t *from = data;
  while (sanitizer_next(&text, &r)) {
    CHECK(sanitizer_tool_known(r.tool) && r.kind.n > 0 && r.text.n > 0);
    CHECK(r.text.p >= from && r.text.p + r.text.n <= data + size);
    CHECK(text.p == r.text.p + r.text.n);
    read_all(r.kind);
    read_all(r.function);
    read_all(r.file);
    from = text.p;
  }
  CHECK(text.n == 0);
  return 0;
}
