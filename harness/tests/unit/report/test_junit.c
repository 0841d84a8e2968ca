#include "report/junit.h"

#include <dirent.h>
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>
#include <locale.h>
#include <stdio.h>
#include <sys/stat.h>

#include "net/file.h"
#include "unit.h"

static struct junit *junit;
static struct sink sink;
static struct buf xml;
static xmlDoc *doc;

static void setup(void) {
  junit = junit_new();
  sink = junit_sink(junit);
  buf_init(&xml, SIZE_MAX);
  sink.begin(sink.arg,
             &(struct run_info){.server = "memcached", .seed = 7, .planned = 9, .workers = 2});
}

static void teardown(void) {
  xmlFreeDoc(doc);
  doc = NULL;
  buf_fini(&xml);
  junit_free(junit);
}

static struct result result_of(const char *id, enum verdict_status status, enum verdict_kind kind,
                               const char *brief) {
  return (struct result){.id = id,
                         .file = "cases/get/miss.session",
                         .title = "a miss",
                         .delivery = "whole",
                         .transport = "unix",
                         .server = "memcached",
                         .seconds = 0.0124,
                         .reproduce = "mcreplay run -s memcached -d whole cases/get/miss.session",
                         .verdict = {.status = status,
                                     .kind = kind,
                                     .line = 5,
                                     .step = 2,
                                     .steps = 4,
                                     .brief = (char *)brief}};
}

static void give(struct result r) {
  sink.result(sink.arg, &r);
}

static void end(struct run_totals totals) {
  sink.end(sink.arg, &totals);
}

static bool valid(void) {
  static const char path[] = PROJECT_ROOT "/harness/tests/e2e/junit.xsd";
  xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(path);
  xmlSchema *schema = xmlSchemaParse(parser);
  ck_assert_ptr_nonnull(schema);
  xmlSchemaValidCtxt *context = xmlSchemaNewValidCtxt(schema);
  bool ok = xmlSchemaValidateDoc(context, doc) == 0;
  xmlSchemaFreeValidCtxt(context);
  xmlSchemaFree(schema);
  xmlSchemaFreeParserCtxt(parser);
  return ok;
}

/* Renders and reads back; the report must be well-formed and hold to the schema. */
static void render(void) {
  xmlFreeDoc(doc);
  buf_reset(&xml);
  junit_render(junit, &xml);
  doc = xmlReadMemory((const char *)xml.p, (int)xml.n, "report.xml", NULL, 0);
  ck_assert_ptr_nonnull(doc);
  ck_assert(valid());
}

/* What an XPath expression over the report is, as a string. */
static const char *at(const char *path) {
  static char text[70000];
  xmlXPathContext *context = xmlXPathNewContext(doc);
  xmlXPathObject *object = xmlXPathEvalExpression(BAD_CAST path, context);
  ck_assert_ptr_nonnull(object);
  xmlChar *string = xmlXPathCastToString(object);
  snprintf(text, sizeof text, "%s", (const char *)string);
  xmlFree(string);
  xmlXPathFreeObject(object);
  xmlXPathFreeContext(context);
  return text;
}

START_TEST(pass_is_a_bare_testcase) {
  give(result_of("get/miss", VERDICT_PASS, KIND_NONE, NULL));
  end((struct run_totals){.run = 1, .passed = 1, .seconds = 1.5});
  render();
  ck_assert_str_eq(at("//testcase/@name"), "get/miss");
  ck_assert_str_eq(at("//testcase/@classname"), "mcreplay.memcached.whole.unix");
  ck_assert_str_eq(at("//testcase/@time"), "0.012");
  ck_assert_str_eq(at("count(//testcase/*)"), "0");
  ck_assert_str_eq(at("/testsuites/@time"), "1.500");
  ck_assert_str_eq(at("//property[@name='server']/@value"), "memcached");
  ck_assert_str_eq(at("//property[@name='seed']/@value"), "7");
  ck_assert_str_eq(at("//property[@name='delivery']/@value"), "whole");
  ck_assert_str_eq(at("//property[@name='transport']/@value"), "unix");
}
END_TEST

START_TEST(failure_tells_all) {
  struct result r = result_of("get/miss", VERDICT_FAIL, KIND_NONCONFORMANCE, "status: want 1");
  r.verdict.detail = (char *)"expected  c1 < noop\nactual    c1 < get\n";
  give(r);
  end((struct run_totals){.run = 1, .failed = 1});
  render();
  ck_assert_str_eq(at("//failure/@type"), "nonconformance");
  ck_assert_str_eq(at("//failure/@message"), "status: want 1");
  ck_assert_str_eq(at("//failure"),
                   "status: want 1\n"
                   "cases/get/miss.session:5  step 2 of 4\n"
                   "reproduce  mcreplay run -s memcached -d whole cases/get/miss.session\n"
                   "expected  c1 < noop\nactual    c1 < get\n");
}
END_TEST

START_TEST(counts_are_the_totals) {
  give(result_of("a/pass", VERDICT_PASS, KIND_NONE, NULL));
  give(result_of("a/fail", VERDICT_FAIL, KIND_TIMEOUT, "silence"));
  give(result_of("a/error", VERDICT_ERROR, KIND_SERVER_CRASH, "killed by signal 11"));
  give(result_of("a/skip", VERDICT_SKIPPED, KIND_NONE, "needs tls"));
  give(result_of("a/xfail", VERDICT_XFAIL, KIND_LEFTOVER, "known"));
  give(result_of("a/xpass", VERDICT_XPASS, KIND_NONE, "expected to fail"));
  give(result_of("a/flaky", VERDICT_FLAKY, KIND_TIMEOUT, "now and then"));
  struct result tcp = result_of("a/fail", VERDICT_FAIL, KIND_TIMEOUT, "silence");
  tcp.transport = "tcp";
  give(tcp);
  end((struct run_totals){.run = 8,
                          .passed = 1,
                          .failed = 2,
                          .errors = 1,
                          .skipped = 1,
                          .xfailed = 1,
                          .xpassed = 1,
                          .flaky = 1});
  render();
  ck_assert_str_eq(at("/testsuites/@tests"), "8");
  ck_assert_str_eq(at("/testsuites/@failures"), "3");
  ck_assert_str_eq(at("/testsuites/@errors"), "1");
  ck_assert_str_eq(at("count(//testsuite)"), "2");
  const char *unix_suite = "//testsuite[@name='mcreplay.memcached.whole.unix']";
  char path[200];
  static const char *const counts[][2] = {
      {"tests", "7"}, {"failures", "2"}, {"errors", "1"}, {"skipped", "3"}, {"time", "0.084"}};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    snprintf(path, sizeof path, "%s/@%s", unix_suite, counts[i][0]);
    ck_assert_str_eq(at(path), counts[i][1]);
  }
  ck_assert_str_eq(at("count(//testcase)"), "8");
  ck_assert_str_eq(at("count(//testcase[failure])"), "3");
  ck_assert_str_eq(at("count(//testcase[skipped])"), "3");
  ck_assert_str_eq(at("count(//testcase[error])"), "1");
  ck_assert_str_eq(at("//testcase[@name='a/xfail']/skipped/@message"), "xfail: known");
  ck_assert_str_eq(at("//testcase[@name='a/flaky']/skipped/@message"), "flaky: now and then");
  ck_assert_str_eq(at("//testcase[@name='a/skip']/skipped/@message"), "needs tls");
  ck_assert_str_eq(at("//testcase[@name='a/xpass']/failure/@type"), "xpass");
  ck_assert_str_eq(at("//testcase[@name='a/error']/error/@type"), "server_crash");
}
END_TEST

START_TEST(order_does_not_depend_on_arrival) {
  struct result tcp = result_of("b", VERDICT_PASS, KIND_NONE, NULL);
  tcp.delivery = "bytewise";
  give(result_of("z", VERDICT_PASS, KIND_NONE, NULL));
  give(result_of("a", VERDICT_PASS, KIND_NONE, NULL));
  give(tcp);
  end((struct run_totals){.run = 3, .passed = 3});
  render();
  ck_assert_str_eq(at("//testsuite[1]/@name"), "mcreplay.memcached.bytewise.unix");
  ck_assert_str_eq(at("//testsuite[2]/testcase[1]/@name"), "a");
  ck_assert_str_eq(at("//testsuite[2]/testcase[2]/@name"), "z");
}
END_TEST

START_TEST(repetitions_have_names_of_their_own) {
  struct result r = result_of("get/miss", VERDICT_PASS, KIND_NONE, NULL);
  give(r);
  r.repetition = 1;
  give(r);
  end((struct run_totals){.run = 2, .passed = 2});
  render();
  ck_assert_str_eq(at("count(//testcase[@name='get/miss'])"), "1");
  ck_assert_str_eq(at("count(//testcase[@name='get/miss #2'])"), "1");
}
END_TEST

START_TEST(interrupted_run_has_an_error) {
  give(result_of("get/miss", VERDICT_PASS, KIND_NONE, NULL));
  end((struct run_totals){.run = 1, .passed = 1, .interrupted = true});
  render();
  ck_assert_str_eq(at("/testsuites/@tests"), "2");
  ck_assert_str_eq(at("/testsuites/@errors"), "1");
  ck_assert_str_eq(at("//testcase[@name='run.interrupted']/error/@message"),
                   "interrupted after 1 of 9 case runs");
}
END_TEST

START_TEST(run_without_an_end_is_interrupted) {
  render();
  ck_assert_str_eq(at("count(//testcase)"), "1");
  ck_assert_str_eq(at("//testcase/@name"), "run.interrupted");
  end((struct run_totals){0});
  give(result_of("get/miss", VERDICT_PASS, KIND_NONE, NULL));
  render();
  ck_assert_str_eq(at("count(//testcase[@name='run.interrupted'])"), "0");
}
END_TEST

START_TEST(binary_text_is_escaped) {
  struct result r = result_of("get/miss", VERDICT_ERROR, KIND_SERVER_CRASH,
                              "\x01\x1b[31m \xff\xfe <\"'&> ]]> \xef\xbf\xbe \xc3\xbc");
  r.verdict.detail = (char *)"\xed\xa0\x80 \xc0\x80 ]]>\t<\n";
  r.file = NULL;
  r.reproduce = NULL;
  give(r);
  end((struct run_totals){.run = 1, .errors = 1});
  render();
  const char *clean = "\\x01\\x1b[31m \\xff\\xfe <\"'&> ]]> \\xef\\xbf\\xbe \xc3\xbc";
  ck_assert_str_eq(at("//error/@message"), clean);
  char body[400];
  snprintf(body, sizeof body, "%s\n%s", clean, "\\xed\\xa0\\x80 \\xc0\\x80 ]]>\t<\n");
  ck_assert_str_eq(at("//error"), body);
}
END_TEST

START_TEST(names_are_escaped) {
  struct result r = result_of("get/\x02<", VERDICT_PASS, KIND_NONE, NULL);
  r.server = "\xff\"";
  give(r);
  end((struct run_totals){.run = 1, .passed = 1});
  render();
  ck_assert_str_eq(at("//testcase/@name"), "get/\\x02<");
  ck_assert_str_eq(at("//testcase/@classname"), "mcreplay.\\xff\".whole.unix");
}
END_TEST

START_TEST(long_text_is_cut) {
  char brief[301] = "", detail[70001] = "";
  memset(brief, 'b', sizeof brief - 1);
  memset(detail, 'd', sizeof detail - 1);
  struct result r = result_of("get/miss", VERDICT_FAIL, KIND_TIMEOUT, brief);
  r.verdict.detail = detail;
  give(r);
  end((struct run_totals){.run = 1, .failed = 1});
  render();
  ck_assert_str_eq(at("string-length(//failure/@message)"), "200");
  ck_assert_str_eq(at("substring(//failure/@message, 197)"), "b...");
  ck_assert_str_eq(at("string-length(//failure)"), "65536");
  ck_assert_str_eq(at("substring(//failure, 65533)"), "d...");
  ck_assert_str_eq(at("starts-with(//failure, concat(//failure/@message, '\n'))"), "true");
}
END_TEST

START_TEST(locale_does_not_matter) {
  ck_assert_ptr_nonnull(setlocale(LC_ALL, "de_DE.UTF-8"));
  char point[8];
  snprintf(point, sizeof point, "%.1f", 0.5);
  ck_assert_str_eq(point, "0,5");
  struct result r = result_of("a", VERDICT_PASS, KIND_NONE, NULL);
  give(r);
  r.id = "b";
  r.seconds = 12345.6789;
  give(r);
  r.id = "c";
  r.seconds = -1;
  give(r);
  end((struct run_totals){.run = 3, .passed = 3, .seconds = 1234567});
  render();
  ck_assert_str_eq(at("//testcase[@name='a']/@time"), "0.012");
  ck_assert_str_eq(at("//testcase[@name='b']/@time"), "12345.679");
  ck_assert_str_eq(at("//testcase[@name='c']/@time"), "0.000");
  ck_assert_str_eq(at("/testsuites/@time"), "1234567.000");
  ck_assert_ptr_nonnull(setlocale(LC_ALL, "C"));
}
END_TEST

START_TEST(schema_is_strict) {
  give(result_of("get/miss", VERDICT_FAIL, KIND_TIMEOUT, "silence"));
  end((struct run_totals){.run = 1, .failed = 1});
  render();
  xmlNode *testcase = xmlDocGetRootElement(doc)->children;
  while (xmlStrcmp(testcase->name, BAD_CAST "testcase") != 0)
    testcase = testcase->children && testcase->type == XML_ELEMENT_NODE &&
                       xmlStrcmp(testcase->name, BAD_CAST "testsuite") == 0
                   ? testcase->children
                   : testcase->next;
  xmlSetProp(testcase, BAD_CAST "time", BAD_CAST "0,012");
  ck_assert(!valid());
  xmlSetProp(testcase, BAD_CAST "time", BAD_CAST "0.012");
  ck_assert(valid());
  xmlNewChild(testcase, NULL, BAD_CAST "skipped", NULL);
  ck_assert(!valid());
}
END_TEST

static void check_clean(struct span text, size_t max, const char *want) {
  struct buf out;
  buf_init(&out, SIZE_MAX);
  buf_add_str(&out, "before ");
  junit_clean(&out, text, max);
  ck_assert_str_eq(buf_cstr(&out) + strlen("before "), want);
  buf_fini(&out);
}

START_TEST(clean_escapes_what_xml_forbids) {
  check_clean(span_of("a\0b", 3), 100, "a\\x00b");
  check_clean(span_str("\t\n\r ~\x7f"), 100, "\t\n\r ~\x7f");
  check_clean(span_str("\x08\x0b\x1f"), 100, "\\x08\\x0b\\x1f");
  check_clean(span_str("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbd \xf0\x90\x80\x80"), 100,
              "\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xef\xbf\xbd \xf0\x90\x80\x80");
  check_clean(span_str("\xf4\x8f\xbf\xbf"), 100, "\xf4\x8f\xbf\xbf");
  check_clean(span_str("\xf4\x90\x80\x80"), 100, "\\xf4\\x90\\x80\\x80");
  check_clean(span_str("\xc1\xbf"), 100, "\\xc1\\xbf");
  check_clean(span_str("\xe0\x9f\xbf"), 100, "\\xe0\\x9f\\xbf");
  check_clean(span_str("\xf0\x8f\xbf\xbf"), 100, "\\xf0\\x8f\\xbf\\xbf");
  check_clean(span_str("\xed\xbf\xbf"), 100, "\\xed\\xbf\\xbf");
  check_clean(span_str("\xef\xbf\xbe\xef\xbf\xbf"), 100, "\\xef\\xbf\\xbe\\xef\\xbf\\xbf");
  check_clean(span_str("\x80"), 100, "\\x80");
  check_clean(span_str("\xe2\x82"), 100, "\\xe2\\x82");
  check_clean(span_str("\xe2\x82!"), 100, "\\xe2\\x82!");
}
END_TEST

START_TEST(clean_cuts_at_a_border) {
  check_clean(span_str("12345678"), 8, "12345678");
  check_clean(span_str("123456789"), 8, "12345...");
  check_clean(span_str("1234\xc3\xbc\xc3\xbc\xc3\xbc"), 8, "1234...");
  check_clean(span_str("1234\x01xx"), 8, "1234...");
  check_clean(span_str("1234\x01"), 8, "1234\\x01");
  check_clean(span_str("123\xe2\x82\xac!!"), 8, "123\xe2\x82\xac!!");
  check_clean(span_str("abc"), 2, "..");
  check_clean(span_str("abc"), 0, "");
  check_clean(span_str(""), 8, "");
}
END_TEST

static unsigned entries(const char *folder) {
  DIR *d = opendir(folder);
  ck_assert_ptr_nonnull(d);
  unsigned n = 0;
  for (struct dirent *e = readdir(d); e; e = readdir(d))
    n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
  closedir(d);
  return n;
}

START_TEST(write_makes_folders_and_replaces) {
  char folder[] = "/tmp/test_junit.XXXXXX";
  ck_assert_ptr_nonnull(mkdtemp(folder));
  char path[100], nested[100];
  snprintf(path, sizeof path, "%s/a/b/report.xml", folder);
  snprintf(nested, sizeof nested, "%s/a/b", folder);
  end((struct run_totals){0});
  give(result_of("get/miss", VERDICT_PASS, KIND_NONE, NULL));
  ck_assert(junit_write(junit, path));
  give(result_of("get/hit", VERDICT_PASS, KIND_NONE, NULL));
  ck_assert(junit_write(junit, path));
  render();
  struct buf content;
  buf_init(&content, 1 << 20);
  ck_assert(file_read(path, &content));
  ck_assert(span_eq(buf_span(&content), buf_span(&xml)));
  buf_fini(&content);
  ck_assert_uint_eq(entries(nested), 1);

  char below_file[140];
  snprintf(below_file, sizeof below_file, "%s/report.xml", path);
  errno = 0;
  ck_assert(!junit_write(junit, below_file));
  ck_assert_int_ne(errno, 0);
  file_remove_tree(folder);
}
END_TEST

START_TEST(what_is_kept_is_attached) {
  char folder[] = "/tmp/test_junit.XXXXXX", path[100], want[200];
  ck_assert_ptr_nonnull(mkdtemp(folder));
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, i ? "a.bin" : "b.txt");
    ck_assert(file_write(path, span_str("x")));
  }
  struct result r = result_of("get/miss", VERDICT_FAIL, KIND_TIMEOUT, "no answer");
  r.kept = folder;
  give(r);
  r.id = "get/hit";
  r.kept = "/nonexistent";
  give(r);
  end((struct run_totals){.run = 2, .failed = 2});
  render();
  snprintf(want, sizeof want, "[[ATTACHMENT|%s/a.bin]]\n[[ATTACHMENT|%s/b.txt]]\n", folder, folder);
  ck_assert_str_eq(at("//testcase[@name='get/miss']/system-out"), want);
  ck_assert_str_eq(at("count(//system-out)"), "1");
  file_remove_tree(folder);
}
END_TEST

static Suite *make(void) {
  Suite *suite = suite_create("report/junit");
  TCase *report = tcase_create("report");
  tcase_add_checked_fixture(report, setup, teardown);
  tcase_add_test(report, pass_is_a_bare_testcase);
  tcase_add_test(report, failure_tells_all);
  tcase_add_test(report, counts_are_the_totals);
  tcase_add_test(report, order_does_not_depend_on_arrival);
  tcase_add_test(report, repetitions_have_names_of_their_own);
  tcase_add_test(report, interrupted_run_has_an_error);
  tcase_add_test(report, run_without_an_end_is_interrupted);
  tcase_add_test(report, binary_text_is_escaped);
  tcase_add_test(report, names_are_escaped);
  tcase_add_test(report, long_text_is_cut);
  tcase_add_test(report, locale_does_not_matter);
  tcase_add_test(report, schema_is_strict);
  tcase_add_test(report, what_is_kept_is_attached);
  tcase_add_test(report, write_makes_folders_and_replaces);
  suite_add_tcase(suite, report);
  TCase *clean = tcase_create("clean");
  tcase_add_test(clean, clean_escapes_what_xml_forbids);
  tcase_add_test(clean, clean_cuts_at_a_border);
  suite_add_tcase(suite, clean);
  return suite;
}

UNIT_MAIN(make)
