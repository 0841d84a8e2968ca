#include "report/junit.h"

#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/check.h"
#include "net/file.h"
#include "report/attachments.h"
#include "report/junit_suite.h"
#include "report/seconds.h"

enum { NAME_MAX_BYTES = 1024, MESSAGE_MAX = 200, BODY_MAX = 64 * 1024, HOST_MAX = 256 };

struct junit {
  struct arena arena; /* all strings */
  struct junit_suites suites;
  const char *server, *timestamp, *host;
  uint64_t seed;
  size_t planned;
  struct run_totals totals;
};

struct junit *junit_new(void) {
  struct junit *j = xcalloc(1, sizeof *j);
  arena_init(&j->arena);
  j->totals.interrupted = true; /* until the end is told */
  return j;
}

void junit_free(struct junit *j) {
  if (!j)
    return;
  junit_suites_fini(&j->suites);
  arena_fini(&j->arena);
  free(j);
}

/* Text as XML can hold it, in the arena. */
static const char *keep(struct junit *j, struct span text, size_t max) {
  struct buf clean;
  buf_init(&clean, SIZE_MAX);
  junit_clean(&clean, text, max);
  const char *kept = arena_str(&j->arena, buf_span(&clean));
  buf_fini(&clean);
  return kept;
}

static const char *keep_name(struct junit *j, const char *name) {
  return name ? keep(j, span_str(name), NAME_MAX_BYTES) : NULL;
}

static void begin_cb(void *arg, const struct run_info *info) {
  struct junit *j = arg;
  j->server = keep_name(j, info->server);
  j->seed = info->seed;
  j->planned = info->planned;

  time_t now = time(NULL);
  struct tm utc;
  char stamp[32];
  CHECK(gmtime_r(&now, &utc) && strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc) > 0);
  j->timestamp = keep_name(j, stamp);
  char host[HOST_MAX] = "";
  if (gethostname(host, sizeof host - 1) < 0 || host[0] == '\0')
    j->host = "localhost";
  else
    j->host = keep_name(j, host);
}

/* The suite of the result's delivery and transport, made when there is none. */
static struct junit_suite *suite_of(struct junit *j, const struct result *r) {
  struct buf text;
  buf_init(&text, SIZE_MAX);
  buf_addf(&text, "mcreplay.%s", r->server);
  if (r->delivery)
    buf_addf(&text, ".%s", r->delivery);
  if (r->transport)
    buf_addf(&text, ".%s", r->transport);
  const char *name = keep_name(j, buf_cstr(&text));
  buf_fini(&text);
  struct junit_suite *s = junit_suites_find(&j->suites, name);
  if (s)
    return s;
  return junit_suites_add(&j->suites,
                          (struct junit_suite){.name = name,
                                               .delivery = keep_name(j, r->delivery),
                                               .transport = keep_name(j, r->transport)});
}

static enum junit_outcome outcome_of(enum verdict_status status) {
  switch (status) {
  case VERDICT_PASS:
    return OUTCOME_PASSED;
  case VERDICT_FAIL:
  case VERDICT_XPASS:
    return OUTCOME_FAILURE;
  case VERDICT_ERROR:
    return OUTCOME_ERROR;
  case VERDICT_SKIPPED:
  case VERDICT_XFAIL:
  case VERDICT_FLAKY:
    return OUTCOME_SKIPPED;
  }
  DIE("no such verdict status: %d", (int)status);
}

static const char *name_of(struct junit *j, const struct result *r) {
  if (r->repetition == 0)
    return keep_name(j, r->id);
  char *name = xasprintf("%s #%u", r->id, r->repetition + 1);
  const char *kept = keep_name(j, name);
  free(name);
  return kept;
}

static const char *message_of(struct junit *j, const struct verdict *v) {
  const char *prefix = v->status == VERDICT_XFAIL   ? "xfail: "
                       : v->status == VERDICT_FLAKY ? "flaky: "
                                                    : "";
  char *message = xasprintf("%s%s", prefix, v->brief ? v->brief : verdict_status_name(v->status));
  const char *kept = keep(j, span_str(message), MESSAGE_MAX);
  free(message);
  return kept;
}

/* The message, where it is, how to see it again, the detail: what may be cut comes last. */
static const char *body_of(struct junit *j, const struct result *r, const char *message) {
  const struct verdict *v = &r->verdict;
  struct buf text;
  buf_init(&text, SIZE_MAX);
  buf_addf(&text, "%s\n", message);
  if (r->file) {
    buf_add_str(&text, r->file);
    if (v->line)
      buf_addf(&text, ":%u", v->line);
    if (v->step)
      buf_addf(&text, "  step %u of %u", v->step, v->steps);
    buf_add_byte(&text, '\n');
  }
  if (r->reproduce)
    buf_addf(&text, "reproduce  %s\n", r->reproduce);
  if (v->detail)
    buf_add_str(&text, v->detail);
  const char *kept = keep(j, buf_span(&text), BODY_MAX);
  buf_fini(&text);
  return kept;
}

/* Names the files that are kept of a failure, for Jenkins to attach them. */
static const char *out_of(struct junit *j, const struct result *r) {
  struct buf text;
  buf_init(&text, SIZE_MAX);
  attachments_add(&text, r->kept);
  const char *kept = text.n ? keep(j, buf_span(&text), BODY_MAX) : NULL;
  buf_fini(&text);
  return kept;
}

static void result_cb(void *arg, const struct result *r) {
  struct junit *j = arg;
  const struct verdict *v = &r->verdict;
  struct junit_record record = {.name = name_of(j, r),
                                .millis = seconds_millis(r->seconds),
                                .outcome = outcome_of(v->status)};
  if (record.outcome != OUTCOME_PASSED)
    record.message = message_of(j, v);
  if (record.outcome == OUTCOME_FAILURE || record.outcome == OUTCOME_ERROR) {
    bool xpass = v->status == VERDICT_XPASS;
    record.type = xpass ? verdict_status_name(v->status) : verdict_kind_name(v->kind);
    record.body = body_of(j, r, record.message);
    if (r->kept)
      record.out = out_of(j, r);
  }
  struct junit_suite *s = suite_of(j, r);
  junit_suite_add(s, record);
  if (r->figures)
    figures_sum_add(&s->costs, r->figures);
}

static void end_cb(void *arg, const struct run_totals *t) {
  struct junit *j = arg;
  j->totals = *t;
}

struct sink junit_sink(struct junit *j) {
  return (struct sink){.begin = begin_cb, .result = result_cb, .end = end_cb, .arg = j};
}

/* The writer's calls fail for want of memory only. */
static void element_begin(xmlTextWriter *w, const char *name) {
  CHECK(xmlTextWriterStartElement(w, BAD_CAST name) >= 0);
}

static void element_end(xmlTextWriter *w) {
  CHECK(xmlTextWriterEndElement(w) >= 0);
}

static void attribute(xmlTextWriter *w, const char *name, const char *value) {
  CHECK(xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST value) >= 0);
}

static void attribute_number(xmlTextWriter *w, const char *name, uint64_t n) {
  CHECK(xmlTextWriterWriteFormatAttribute(w, BAD_CAST name, "%" PRIu64, n) >= 0);
}

static void attribute_time(xmlTextWriter *w, uint64_t millis) {
  struct buf b;
  buf_init(&b, 64);
  seconds_add(&b, millis);
  attribute(w, "time", buf_cstr(&b));
  buf_fini(&b);
}

static void render_property(xmlTextWriter *w, const char *name, const char *value) {
  element_begin(w, "property");
  attribute(w, "name", name);
  attribute(w, "value", value);
  element_end(w);
}

static void render_ratio(xmlTextWriter *w, const char *name, const uint64_t of[SIDES]) {
  char *ratio = xasprintf("%.3f", figures_ratio(of[CANDIDATE], of[BASELINE]));
  render_property(w, name, ratio);
  free(ratio);
}

static void render_costs(xmlTextWriter *w, const struct figures_sum *costs) {
  render_ratio(w, "peak-memory-ratio", costs->peak);
  render_ratio(w, "cpu-ratio", costs->cpu_ns);
  render_ratio(w, "reads-ratio", costs->reads);
}

static void render_record(xmlTextWriter *w, const struct junit_record *r, const char *classname) {
  static const char *const elements[OUTCOMES] = {
      [OUTCOME_SKIPPED] = "skipped", [OUTCOME_FAILURE] = "failure", [OUTCOME_ERROR] = "error"};
  element_begin(w, "testcase");
  attribute(w, "name", r->name);
  attribute(w, "classname", classname);
  attribute_time(w, r->millis);
  if (r->outcome != OUTCOME_PASSED) {
    element_begin(w, elements[r->outcome]);
    if (r->type)
      attribute(w, "type", r->type);
    attribute(w, "message", r->message);
    if (r->body)
      CHECK(xmlTextWriterWriteString(w, BAD_CAST r->body) >= 0);
    element_end(w);
  }
  if (r->out) {
    element_begin(w, "system-out");
    CHECK(xmlTextWriterWriteString(w, BAD_CAST r->out) >= 0);
    element_end(w);
  }
  element_end(w);
}

static void render_suite(const struct junit *j, xmlTextWriter *w, const struct junit_suite *s) {
  element_begin(w, "testsuite");
  attribute(w, "name", s->name);
  attribute_number(w, "tests", s->n);
  attribute_number(w, "failures", s->count[OUTCOME_FAILURE]);
  attribute_number(w, "errors", s->count[OUTCOME_ERROR]);
  attribute_number(w, "skipped", s->count[OUTCOME_SKIPPED]);
  attribute_time(w, s->millis);
  attribute(w, "timestamp", j->timestamp);
  attribute(w, "hostname", j->host);

  element_begin(w, "properties");
  render_property(w, "server", j->server);
  char *seed = xasprintf("%" PRIu64, j->seed);
  render_property(w, "seed", seed);
  free(seed);
  if (s->delivery)
    render_property(w, "delivery", s->delivery);
  if (s->transport)
    render_property(w, "transport", s->transport);
  if (s->costs.cases)
    render_costs(w, &s->costs);
  element_end(w);

  for (size_t i = 0; i < s->n; i++)
    render_record(w, &s->records[i], s->name);
  element_end(w);
}

static void render_interruption(const struct junit *j, xmlTextWriter *w) {
  char *name = xasprintf("mcreplay.%s", j->server);
  char *message = xasprintf("interrupted after %zu of %zu case run%s", j->totals.run, j->planned,
                            j->planned == 1 ? "" : "s");
  struct junit_suite s = {.name = name};
  junit_suite_add(&s, (struct junit_record){.name = "run.interrupted",
                                            .outcome = OUTCOME_ERROR,
                                            .type = verdict_kind_name(KIND_INTERRUPTED),
                                            .message = message,
                                            .body = message});
  render_suite(j, w, &s);
  junit_suite_fini(&s);
  free(message);
  free(name);
}

static void render_all(struct junit *j, xmlTextWriter *w) {
  size_t tests = 0, count[OUTCOMES] = {0};
  for (size_t i = 0; i < j->suites.n; i++) {
    tests += j->suites.p[i].n;
    for (int o = 0; o < OUTCOMES; o++)
      count[o] += j->suites.p[i].count[o];
  }
  unsigned interrupted = j->totals.interrupted;
  element_begin(w, "testsuites");
  attribute(w, "name", "mcreplay");
  attribute_number(w, "tests", tests + interrupted);
  attribute_number(w, "failures", count[OUTCOME_FAILURE]);
  attribute_number(w, "errors", count[OUTCOME_ERROR] + interrupted);
  attribute_time(w, seconds_millis(j->totals.seconds));
  junit_suites_sort(&j->suites);
  for (size_t i = 0; i < j->suites.n; i++)
    render_suite(j, w, &j->suites.p[i]);
  if (interrupted)
    render_interruption(j, w);
  element_end(w);
}

void junit_render(struct junit *j, struct buf *out) {
  CHECK(j->server); /* the run has begun */
  xmlBuffer *xml = xmlBufferCreate();
  CHECK(xml);
  xmlTextWriter *w = xmlNewTextWriterMemory(xml, 0);
  CHECK(w && xmlTextWriterSetIndent(w, 1) >= 0);
  CHECK(xmlTextWriterStartDocument(w, NULL, "UTF-8", NULL) >= 0);
  render_all(j, w);
  CHECK(xmlTextWriterEndDocument(w) >= 0);
  xmlFreeTextWriter(w);
  buf_add(out, xmlBufferContent(xml), (size_t)xmlBufferLength(xml));
  xmlBufferFree(xml);
}

static bool make_parent(const char *path) {
  const char *slash = strrchr(path, '/');
  if (!slash || slash == path)
    return true;
  char *parent = xstrdup(path);
  parent[slash - path] = '\0';
  bool ok = file_mkdirs(parent);
  free(parent);
  return ok;
}

bool junit_write(struct junit *j, const char *path) {
  struct buf xml;
  buf_init(&xml, SIZE_MAX);
  junit_render(j, &xml);
  CHECK(!xml.failed);
  bool ok = make_parent(path) && file_write(path, buf_span(&xml));
  buf_fini(&xml);
  return ok;
}
