/* Whatever a server and a case put into results, the report is well-formed XML. */
#include <libxml/parser.h>
#include <stdlib.h>

#include "base/check.h"
#include "fuzz.h"
#include "report/junit.h"

enum { CAP = 1 << 28, RESULTS_MAX = 32 };

static unsigned take_number(struct span *in, unsigned below) {
  unsigned n = in->n ? in->p[0] % below : 0;
  *in = span_from(*in, 1);
  return n;
}

/* A string of the input's next bytes: their number stands first. The caller frees it. */
static char *take_string(struct span *in) {
  size_t n = take_number(in, 256);
  struct span bytes = span_sub(*in, 0, n);
  char *s = xcalloc(bytes.n + 1, 1);
  if (bytes.n)
    memcpy(s, bytes.p, bytes.n);
  *in = span_from(*in, bytes.n);
  return s;
}

static char *take_text(struct span *in) {
  return take_number(in, 4) ? take_string(in) : NULL;
}

static void add_result(struct sink sink, struct span *in) {
  struct verdict verdict = {.status = take_number(in, VERDICT_FLAKY + 1),
                            .kind = take_number(in, KIND_INTERRUPTED + 1),
                            .line = take_number(in, 9),
                            .step = take_number(in, 9),
                            .steps = take_number(in, 9)};
  if (verdict.status == VERDICT_PASS)
    verdict.kind = KIND_NONE;
  else
    verdict.brief = take_string(in);
  verdict.detail = take_text(in);
  char *id = take_string(in), *title = take_string(in), *file = take_text(in);
  char *delivery = take_string(in), *server = take_string(in), *reproduce = take_text(in);
  struct result r = {.id = id,
                     .file = file,
                     .title = title,
                     .delivery = delivery,
                     .transport = take_number(in, 2) ? "unix" : "tcp",
                     .server = server,
                     .repetition = take_number(in, 3),
                     .seconds = take_number(in, 256) / 7.0,
                     .reproduce = reproduce,
                     .verdict = verdict};
  sink.result(sink.arg, &r);
  verdict_fini(&r.verdict);
  free(id);
  free(title);
  free(file);
  free(delivery);
  free(server);
  free(reproduce);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct span in = span_of(data, size);
  struct buf xml;
  buf_init(&xml, CAP);
  struct junit *j = junit_new();
  struct sink sink = junit_sink(j);
  struct run_totals totals = {0};
  char *server = take_string(&in);
  sink.begin(sink.arg, &(struct run_info){.server = server, .seed = size, .workers = 1});
  for (; in.n > 0 && totals.run < RESULTS_MAX; totals.run++)
    add_result(sink, &in);
  sink.end(sink.arg, &totals);
  junit_render(j, &xml);
  CHECK(!xml.failed);
  const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE;
  xmlDoc *doc = xmlReadMemory(buf_cstr(&xml), (int)xml.n, "report.xml", NULL, options);
  if (!doc)
    DIE("the report is not well-formed:\n%s", buf_cstr(&xml));
  xmlFreeDoc(doc);
  junit_free(j);
  free(server);
  buf_fini(&xml);
  return 0;
}
