#include <stdio.h>

#include "net/file.h"
#include "server/sanitizer.h"
#include "unit.h"

/* What a file in fixtures/reports holds, in order. */
static const struct expected {
  const char *file, *tool, *kind, *function, *base;
  unsigned line;
} all[] = {
    {"clang.address.double-free", "AddressSanitizer", "double-free", "double_free", "plants.c", 34},
    {"clang.address.leak", "LeakSanitizer", "leak", "item_leak", "plants.c", 46},
    {"clang.address.leak", "LeakSanitizer", "indirect-leak", "item_leak", "plants.c", 47},
    {"clang.address.null-read", "AddressSanitizer", "SEGV", "item_read", "plants.c", 12},
    {"clang.address.overflow-in-memcpy", "AddressSanitizer", "heap-buffer-overflow",
     "overflow_in_memcpy", "plants.c", 24},
    {"clang.address.use-after-free", "AddressSanitizer", "heap-use-after-free", "item_read",
     "plants.c", 12},
    {"clang.leak.leak", "LeakSanitizer", "leak", "item_leak", "plants.c", 46},
    {"clang.leak.leak", "LeakSanitizer", "indirect-leak", "item_leak", "plants.c", 47},
    {"clang.thread.lock-order", "ThreadSanitizer", "lock-order-inversion", "lock_order", "plants.c",
     68},
    {"clang.thread.race", "ThreadSanitizer", "data race", "count_up", "plants.c", 54},
    {"clang.undefined.undefined", "UndefinedBehaviorSanitizer", "signed-integer-overflow",
     "undefined", "plants.c", 80},
    {"clang.undefined.undefined", "UndefinedBehaviorSanitizer", "invalid-shift-exponent",
     "undefined", "plants.c", 81},
    {"gcc.address.double-free", "AddressSanitizer", "double-free", "double_free", "plants.c", 34},
    {"gcc.address.leak", "LeakSanitizer", "leak", "item_leak", "plants.c", 46},
    {"gcc.address.leak", "LeakSanitizer", "indirect-leak", "item_leak", "plants.c", 47},
    {"gcc.address.null-read", "AddressSanitizer", "SEGV", "item_read", "plants.c", 12},
    {"gcc.address.overflow-in-memcpy", "AddressSanitizer", "heap-buffer-overflow",
     "overflow_in_memcpy", "plants.c", 24},
    {"gcc.address.use-after-free", "AddressSanitizer", "heap-use-after-free", "item_read",
     "plants.c", 12},
    {"gcc.leak.leak", "LeakSanitizer", "leak", "item_leak", "plants.c", 46},
    {"gcc.leak.leak", "LeakSanitizer", "indirect-leak", "item_leak", "plants.c", 47},
    {"gcc.thread.lock-order", "ThreadSanitizer", "lock-order-inversion", "lock_order", "plants.c",
     68},
    {"gcc.thread.race", "ThreadSanitizer", "data race", "count_up", "plants.c", 54},
    {"gcc.undefined.undefined", "UndefinedBehaviorSanitizer", "signed-integer-overflow",
     "undefined", "plants.c", 80},
    {"gcc.undefined.undefined", "UndefinedBehaviorSanitizer", "invalid-shift-exponent", "undefined",
     "plants.c", 81},
    {"gcc.undefined.undefined", "UndefinedBehaviorSanitizer", "misaligned-pointer-use", "undefined",
     "plants.c", 82},
    {"gcc.valgrind.double-free", "memcheck", "invalid-free", "double_free", "plants.c", 34},
    {"gcc.valgrind.leak", "memcheck", "leak", "item_leak", "plants.c", 46},
    {"gcc.valgrind.null-read", "memcheck", "invalid-read", "item_read", "plants.c", 12},
    {"gcc.valgrind.null-read", "memcheck", "fatal signal", "item_read", "plants.c", 12},
    {"gcc.valgrind.overflow-in-memcpy", "memcheck", "invalid-write", "overflow_in_memcpy",
     "plants.c", 24},
    {"gcc.valgrind.uninitialised", "memcheck", "uninitialised-condition", "uninitialised",
     "plants.c", 88},
    {"gcc.valgrind.use-after-free", "memcheck", "invalid-read", "item_read", "plants.c", 12},
};

enum { ALL = sizeof all / sizeof *all };

static void load(struct buf *text, const char *name) {
  char path[512];
  buf_init(text, 1 << 20);
  snprintf(path, sizeof path, PROJECT_ROOT "/fixtures/reports/%s.txt", name);
  ck_assert_msg(file_read(path, text), "%s", path);
}

static void check_report(const struct sanitizer_report *r, const struct expected *want) {
  ck_assert_msg(strcmp(r->tool, want->tool) == 0, "%s: %s", want->file, r->tool);
  ck_assert_msg(span_is(r->kind, want->kind), "%s: kind %.*s", want->file, (int)r->kind.n,
                (const char *)r->kind.p);
  ck_assert_msg(span_is(r->function, want->function), "%s: function %.*s", want->file,
                (int)r->function.n, (const char *)r->function.p);
  ck_assert_msg(span_is(sanitizer_base_name(r->file), want->base), "%s: file %.*s", want->file,
                (int)r->file.n, (const char *)r->file.p);
  ck_assert_msg(r->line == want->line, "%s: line %u", want->file, r->line);
}

static size_t count(struct span text) {
  struct sanitizer_report r;
  size_t n = 0;
  while (sanitizer_next(&text, &r))
    n++;
  return n;
}

static struct sanitizer_report only(const char *text) {
  struct sanitizer_report r;
  struct span rest = span_str(text);
  ck_assert(sanitizer_next(&rest, &r));
  ck_assert_uint_eq(count(rest), 0);
  return r;
}

START_TEST(reports_of_both_compilers_and_valgrind) {
  struct sanitizer_report r;
  for (size_t i = 0; i < ALL;) {
    struct buf text;
    const char *file = all[i].file;
    load(&text, file);
    struct span rest = buf_span(&text);
    for (; i < ALL && strcmp(all[i].file, file) == 0; i++) {
      ck_assert_msg(sanitizer_next(&rest, &r), "%s has too few", file);
      ck_assert(sanitizer_tool_known(r.tool));
      check_report(&r, &all[i]);
    }
    ck_assert_msg(!sanitizer_next(&rest, &r), "%s has too many", file);
    buf_fini(&text);
  }
}
END_TEST

/* In one text, as in a log that all of a server's processes write to, and with lines of its own. */
START_TEST(reports_after_one_another) {
  struct buf all_texts, text;
  buf_init(&all_texts, 1 << 20);
  for (size_t i = 0; i < ALL; i++) {
    if (i > 0 && strcmp(all[i].file, all[i - 1].file) == 0)
      continue;
    load(&text, all[i].file);
    buf_add_str(&all_texts, "client 7 has come\n");
    buf_add_span(&all_texts, buf_span(&text));
    buf_add_str(&all_texts, "client 7 has gone\n");
    buf_fini(&text);
  }
  struct span rest = buf_span(&all_texts);
  struct sanitizer_report r;
  for (size_t i = 0; i < ALL; i++) {
    ck_assert(sanitizer_next(&rest, &r));
    check_report(&r, &all[i]);
  }
  ck_assert_uint_eq(count(rest), 0);
  buf_fini(&all_texts);
}
END_TEST

/* Another thread's line after each of a report's. */
START_TEST(interleaved_with_a_log) {
  struct buf text, mixed;
  for (size_t i = 0; i < ALL; i++) {
    if ((i > 0 && strcmp(all[i].file, all[i - 1].file) == 0) ||
        strstr(all[i].file, "undefined")) /* whose end is an empty line */
      continue;
    load(&text, all[i].file);
    buf_init(&mixed, 1 << 20);
    for (struct span rest = buf_span(&text); rest.n;) {
      const uint8_t *newline = memchr(rest.p, '\n', rest.n);
      size_t n = newline ? (size_t)(newline - rest.p) + 1 : rest.n;
      buf_add(&mixed, rest.p, n);
      buf_add_str(&mixed, "<31 get key\n");
      rest = span_from(rest, n);
    }
    struct span rest = buf_span(&mixed);
    struct sanitizer_report r;
    ck_assert(sanitizer_next(&rest, &r));
    check_report(&r, &all[i]);
    buf_fini(&mixed);
    buf_fini(&text);
  }
}
END_TEST

/* However little has been written of it, a report is one from its first line on, and keeps its
 * tool; and what is cut off in front leaves none or one that is told by its summary. */
START_TEST(truncated_anywhere) {
  for (size_t i = 0; i < ALL; i++) {
    struct buf text;
    if (i > 0 && strcmp(all[i].file, all[i - 1].file) == 0)
      continue;
    load(&text, all[i].file);
    size_t before = 0;
    /* Everywhere in what names the error, more and more rarely behind. */
    for (size_t n = 0; n <= text.n; n += 1 + n / 256) {
      struct sanitizer_report r;
      struct span rest = span_of(text.p, n);
      size_t found = count(rest);
      ck_assert_msg(found >= before, "%s: %zu", all[i].file, n);
      if (sanitizer_next(&rest, &r) && found == before)
        ck_assert_msg(strcmp(r.tool, all[i].tool) == 0, "%s: %zu", all[i].file, n);
      before = found;
      count(span_from(buf_span(&text), n));
    }
    buf_fini(&text);
  }
}
END_TEST

START_TEST(a_summary_alone_is_a_report) {
  struct sanitizer_report r = only(
      "ff ff ff\nSUMMARY: AddressSanitizer: heap-use-after-free /src/items.c:12:3 in item_get\n");
  ck_assert_str_eq(r.tool, "AddressSanitizer");
  ck_assert(span_is(r.kind, "heap-use-after-free"));
  ck_assert(span_is(r.function, "item_get"));
  ck_assert(span_is(r.file, "/src/items.c"));
  ck_assert_uint_eq(r.line, 12);
  r = only("SUMMARY: ThreadSanitizer: data race items.c:7 in item_get\n==================\n");
  ck_assert(span_is(r.kind, "data race"));
  ck_assert_uint_eq(r.line, 7);
  r = only("SUMMARY: UndefinedBehaviorSanitizer: undefined-behavior items.c:9:7 in \n");
  ck_assert(span_is(r.kind, "undefined-behavior"));
  ck_assert_uint_eq(r.line, 9);
  ck_assert_uint_eq(r.function.n, 0);
  r = only("SUMMARY: AddressSanitizer: 16 byte(s) leaked in 2 allocation(s).\n");
  ck_assert_str_eq(r.tool, "LeakSanitizer");
  ck_assert(span_is(r.kind, "leak"));
}
END_TEST

START_TEST(leaks_of_which_only_the_headline_came) {
  struct sanitizer_report r = only("==7==ERROR: LeakSanitizer: detected memory leaks\n\n");
  ck_assert(span_is(r.kind, "leak"));
  ck_assert(!r.whole);
}
END_TEST

START_TEST(without_symbols_the_library_is_told) {
  struct sanitizer_report r = only("==7==ERROR: AddressSanitizer: SEGV on unknown address 0x0\n"
                                   "    #0 0x7f00  (/usr/lib/libevent_core-2.1.so.7+0x1a2b)\n"
                                   "    #1 0x5500 in main (/usr/bin/server+0x11)\n"
                                   "SUMMARY: AddressSanitizer: SEGV\n==7==ABORTING\n");
  ck_assert(span_is(r.function, "libevent_core-2.1.so.7"));
  ck_assert(r.whole);
  r = only("==7== Invalid read of size 8\n==7==    at 0x4A: ??? (in /usr/lib/libx.so.1)\n==7== \n");
  ck_assert(span_is(r.function, "libx.so.1"));
}
END_TEST

START_TEST(functions_of_cxx_keep_their_parameters) {
  struct sanitizer_report r =
      only("==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6 at pc 0x5\n"
           "    #0 0x5 in __interceptor_memcpy (/usr/bin/server+0x1)\n"
           "    #1 0x5 in Item::get(char const*, int) const /src/item.cc:40:3\n");
  ck_assert(span_is(r.function, "Item::get(char const*, int) const"));
  ck_assert(span_is(r.file, "/src/item.cc"));
  ck_assert(!r.whole);
}
END_TEST

START_TEST(undefined_behaviour_without_a_stack) {
  struct span text = span_str("items.c:9:7: runtime error: shift exponent 40 is too large for int\n"
                              "items.c:9:7: runtime error: an error of a kind not known\n"
                              "a line of the log\n");
  struct sanitizer_report r;
  ck_assert(sanitizer_next(&text, &r));
  ck_assert(span_is(r.kind, "invalid-shift-exponent"));
  ck_assert_uint_eq(r.function.n, 0);
  ck_assert(sanitizer_next(&text, &r));
  ck_assert(span_is(r.kind, "undefined-behavior"));
  ck_assert(span_is(r.text, "items.c:9:7: runtime error: an error of a kind not known\n"));
}
END_TEST

START_TEST(what_is_no_report) {
  static const char *const texts[] = {
      "",
      "\n\n",
      "items.c: runtime error: it has no place\n",
      "the AddressSanitizer: is mentioned\n",
      "==7==WARNING: ASan doesn't fully support makecontext\n",
      "==7==WARNING: AddressSanitizer failed to allocate 0x8 bytes\n",
      "ThreadSanitizer: reported 3 warnings\n",
      "==7== Memcheck, a memory error detector\n",
      "==7== HEAP SUMMARY:\n==7==     in use at exit: 5 bytes in 1 blocks\n",
      "    #0 0x5 in main /src/main.c:1\n",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    ck_assert_msg(count(span_str(texts[i])) == 0, "%s", texts[i]);
  ck_assert(!sanitizer_tool_known("HeapSanitizer"));
}
END_TEST

static Suite *suite(void) {
  Suite *s = suite_create("sanitizer");
  TCase *c = tcase_create("sanitizer");
  tcase_add_test(c, reports_of_both_compilers_and_valgrind);
  tcase_add_test(c, reports_after_one_another);
  tcase_add_test(c, interleaved_with_a_log);
  tcase_add_test(c, truncated_anywhere);
  tcase_add_test(c, a_summary_alone_is_a_report);
  tcase_add_test(c, leaks_of_which_only_the_headline_came);
  tcase_add_test(c, without_symbols_the_library_is_told);
  tcase_add_test(c, functions_of_cxx_keep_their_parameters);
  tcase_add_test(c, undefined_behaviour_without_a_stack);
  tcase_add_test(c, what_is_no_report);
  suite_add_tcase(s, c);
  return s;
}

UNIT_MAIN(suite)
