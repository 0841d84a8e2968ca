/* Any text is a server profile or gives diagnostics. */
#include "base/check.h"
#include "fuzz.h"
#include "server/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct diag diag;
  diag_init(&diag);
  struct profile *p = profile_parse(span_of(data, size), "fuzz.yaml", &diag);
  CHECK((p == NULL) == (diag.count > 0));
  if (p) {
    CHECK(p->name && p->command && p->command[0]);
    profile_can(p, "sasl");
  }
  profile_free(p);
  diag_fini(&diag);
  return 0;
}
