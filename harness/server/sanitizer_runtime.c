/* The compilers' runtimes: AddressSanitizer, MemorySanitizer, ThreadSanitizer, and the blocks of
 * LeakSanitizer, which tells of all its leaks at once. */
#include "server/sanitizer_internal.h"

static const char *const tools[] = {"AddressSanitizer", "LeakSanitizer", "MemorySanitizer",
                                    "ThreadSanitizer", "UndefinedBehaviorSanitizer"};

enum { TOOLS = sizeof tools / sizeof *tools };

bool sanitizer_tool_known(const char *tool) {
  for (int i = 0; i < TOOLS; i++)
    if (strcmp(tool, tools[i]) == 0)
      return true;
  return strcmp(tool, "memcheck") == 0;
}

/* The tool whose name begins the text, which is left with what comes behind ": "; or NULL. */
static const char *take_tool(struct span *text) {
  for (int i = 0; i < TOOLS; i++) {
    size_t n = strlen(tools[i]);
    if (text_starts(*text, tools[i]) && text_starts(span_from(*text, n), ": ")) {
      *text = span_from(*text, n + 2);
      return tools[i];
    }
  }
  return NULL;
}

/* Finds "SUMMARY: TOOL: " in a line; `*rest` is what follows. */
static const char *take_summary(struct span line, struct span *rest) {
  static const char word[] = "SUMMARY: ";
  size_t at = text_find(line, word);
  if (at == SIZE_MAX)
    return NULL;
  *rest = span_from(line, at + sizeof word - 1);
  return take_tool(rest);
}

/* The name of an error in the words of its first line, which are followed by what differs. */
static struct span kind_of(struct span rest) {
  static const char *const names[][2] = {
      {"attempting double-free", "double-free"},
      {"attempting free on address which was not", "bad-free"},
      {"requested allocation size", "allocation-size-too-big"},
      {"allocator is out of memory", "out-of-memory"},
      {"failed to allocate", "out-of-memory"},
      {"CHECK failed", "CHECK failed"},
      {"detected memory leaks", "leak"},
      {"unexpected memory mapping", "unexpected memory mapping"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (text_starts(rest, names[i][0]))
      return span_str(names[i][1]);
  size_t n = 0;
  while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != ':')
    n++;
  return n ? span_sub(rest, 0, n) : span_str("error");
}

static struct span kind_of_thread(struct span rest) {
  size_t n = text_find(rest, " (");
  bool other = text_starts(rest, "CHECK failed") || text_starts(rest, "SEGV") ||
               text_starts(rest, "unexpected memory mapping");
  return other || n == 0 || rest.n == 0 ? kind_of(rest) : span_sub(rest, 0, n);
}

/* "KIND FILE:LINE in FUNCTION", or for a leak "N byte(s) leaked in M allocation(s)." */
static void read_summary(struct span rest, struct sanitizer_report *r) {
  size_t in = text_find(rest, " in ");
  if (text_find(rest, " byte(s) leaked in ") != SIZE_MAX) {
    r->tool = "LeakSanitizer";
    r->kind = span_str("leak");
    return;
  }
  struct span what = span_sub(rest, 0, in), head = what;
  size_t blank = what.n;
  while (blank > 0 && what.p[blank - 1] != ' ')
    blank--;
  if (blank > 0 && sanitizer_place(span_from(what, blank), &r->file, &r->line))
    head = text_trim(span_sub(what, 0, blank));
  r->kind = strcmp(r->tool, "ThreadSanitizer") == 0 ? kind_of_thread(head) : kind_of(head);
  if (in != SIZE_MAX)
    r->function = text_trim(span_from(rest, in + 4));
}

static bool runtime_begins(struct span line, struct sanitizer_report *r) {
  static const char *const words[] = {"ERROR: ", "WARNING: ", "FATAL: "};
  struct span rest;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t at = text_find(line, words[i]);
    if (at == SIZE_MAX)
      continue;
    rest = span_from(line, at + strlen(words[i]));
    r->tool = take_tool(&rest);
    if (!r->tool)
      continue;
    r->kind = strcmp(r->tool, "ThreadSanitizer") == 0 ? kind_of_thread(rest) : kind_of(rest);
    return true;
  }
  rest = line;
  r->tool = take_tool(&rest);
  if (r->tool && text_starts(rest, "CHECK failed")) {
    r->kind = kind_of(rest);
    return true;
  }
  r->tool = take_summary(line, &rest);
  if (!r->tool || rest.n == 0)
    return false;
  read_summary(rest, r);
  r->whole = true;
  return true;
}

static bool runtime_ends(struct span line, struct sanitizer_report *r) {
  struct span rest;
  r->whole |= take_summary(line, &rest) != NULL;
  /* ThreadSanitizer draws a line under it, AddressSanitizer shows the memory around. */
  return text_find(line, "==ABORTING") != SIZE_MAX ||
         (r->whole && span_is(line, "=================="));
}

static bool runtime_belongs(struct span line) {
  static const char *const beginnings[] = {"    #",
                                           "  ",
                                           "=>0x",
                                           "0x",
                                           "Shadow",
                                           "READ ",
                                           "WRITE ",
                                           "freed by ",
                                           "allocated by ",
                                           "previously allocated by ",
                                           "Thread ",
                                           "Hint: ",
                                           "AddressSanitizer can not"};
  for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
    if (text_starts(line, beginnings[i]))
      return true;
  struct span rest;
  return text_starts(line, "==") || take_summary(line, &rest) != NULL;
}

const struct sanitizer_format sanitizer_runtime = {runtime_begins, runtime_ends, runtime_belongs};

static bool leak_begins(struct span line, struct sanitizer_report *r) {
  bool direct = text_find(line, "Direct leak of ") != SIZE_MAX;
  if (!direct && text_find(line, "Indirect leak of ") == SIZE_MAX)
    return false;
  if (text_find(line, " allocated from:") == SIZE_MAX)
    return false;
  r->tool = "LeakSanitizer";
  r->kind = span_str(direct ? "leak" : "indirect-leak");
  return true;
}

static bool leak_ends(struct span line, struct sanitizer_report *r) {
  struct span rest;
  bool ends = line.n == 0 || take_summary(line, &rest);
  r->whole |= ends;
  return ends;
}

const struct sanitizer_format sanitizer_leak = {leak_begins, leak_ends, runtime_belongs};
