#include "server/sanitizer_frame.h"

#include "server/sanitizer_internal.h"

static bool is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}

/* Takes digits off the front. */
static bool take_number(struct span *s, bool *zero) {
  size_t n = 0;
  *zero = true;
  for (; n < s->n && is_digit(s->p[n]); n++)
    *zero &= s->p[n] == '0';
  *s = span_from(*s, n);
  return n > 0;
}

static bool take_word(struct span *s, const char *word) {
  if (!text_starts(*s, word))
    return false;
  *s = span_from(*s, strlen(word));
  return true;
}

static void take_address(struct span *s) {
  if (!text_starts(*s, "0x"))
    return;
  size_t n = 2;
  while (n < s->n && s->p[n] != ' ' && s->p[n] != ':')
    n++;
  *s = span_from(*s, n);
}

/* Takes a last "(..)" off the end, which is what it returns without the brackets; empty when there
 * is none. */
static struct span take_bracket(struct span *s) {
  size_t open = s->n;
  if (s->n == 0 || s->p[s->n - 1] != ')')
    return span_sub(*s, 0, 0);
  while (open > 0 && s->p[open - 1] != '(')
    open--;
  if (open == 0)
    return span_sub(*s, 0, 0);
  struct span in = span_sub(*s, open, s->n - 1 - open);
  *s = text_trim(span_sub(*s, 0, open - 1));
  return in;
}

/* "PATH+0x12ab" without the offset; empty when it is none. */
static struct span module_of(struct span bracket) {
  size_t at = text_find(bracket, "+0x");
  return span_sub(bracket, 0, at == SIZE_MAX ? 0 : at);
}

/* "FUNCTION FILE:LINE:COL", of which the function may hold blanks and the file may be missing. */
static void take_source(struct span rest, struct sanitizer_frame *f) {
  size_t blank = rest.n;
  while (blank > 0 && rest.p[blank - 1] != ' ')
    blank--;
  struct span last = span_from(rest, blank);
  f->function = rest;
  if (blank == 0)
    return;
  bool named = sanitizer_place(last, &f->file, &f->line);
  if (!named && last.p[0] == '/') /* a file without a line */
    f->file = last;
  if (named || last.p[0] == '/' || span_is(last, "<null>"))
    f->function = text_trim(span_sub(rest, 0, blank));
}

/* What follows "#N " in the compilers' stacks. */
static void parse_runtime(struct span rest, struct sanitizer_frame *f) {
  take_address(&rest);
  rest = text_trim(rest);
  bool named = take_word(&rest, "in ");
  struct span before = rest, bracket = take_bracket(&rest);
  if (text_starts(bracket, "BuildId: ")) {
    before = rest;
    bracket = take_bracket(&rest);
  }
  f->module = module_of(bracket);
  if (f->module.n == 0)
    rest = before; /* a function's parameters */
  if (named || rest.n)
    take_source(rest, f);
  if (span_is(f->function, "<null>"))
    f->function = span_sub(f->function, 0, 0);
}

/* What follows "at " or "by " in valgrind's. */
static void parse_memcheck(struct span rest, struct sanitizer_frame *f) {
  take_address(&rest);
  take_word(&rest, ":");
  rest = text_trim(rest);
  struct span bracket = take_bracket(&rest);
  if (take_word(&bracket, "in "))
    f->module = bracket;
  else
    sanitizer_place(bracket, &f->file, &f->line);
  f->function = span_is(rest, "???") ? span_sub(rest, 0, 0) : rest;
}

bool sanitizer_frame_parse(struct span line, struct sanitizer_frame *f) {
  bool zero;
  *f = (struct sanitizer_frame){0};
  struct span rest = text_trim(line);
  if (take_word(&rest, "#")) {
    if (!take_number(&rest, &zero) || !take_word(&rest, " "))
      return false;
    f->top = zero;
    parse_runtime(text_trim(rest), f);
    return true;
  }
  if (!take_word(&rest, "==") || !take_number(&rest, &zero) || !take_word(&rest, "== "))
    return false;
  rest = text_trim(rest);
  f->top = text_starts(rest, "at 0x");
  if (!f->top && !text_starts(rest, "by 0x"))
    return false;
  parse_memcheck(span_from(rest, 3), f);
  return true;
}

static bool is_one_of(struct span s, const char *const *words) {
  for (; *words; words++)
    if (span_is(s, *words))
      return true;
  return false;
}

static bool starts_with_one_of(struct span s, const char *const *words) {
  for (; *words; words++)
    if (text_starts(s, *words))
      return true;
  return false;
}

static bool holds_one_of(struct span s, const char *const *words) {
  for (; *words; words++)
    if (text_find(s, *words) != SIZE_MAX)
      return true;
  return false;
}

bool sanitizer_frame_is_runtime(const struct sanitizer_frame *f) {
  static const char *const prefixes[] = {
      "__interceptor_", "___interceptor_",   "__asan",  "__lsan", "__msan",       "__tsan",
      "__ubsan",        "__sanitizer",       "__libc_", "_start", "operator new", "operator delete",
      "operator new[]", "operator delete[]", NULL};
  /* Without debug information nothing but their names tells that they are the C library's, or what
   * clang puts in its place. */
  static const char *const library[] = {
      "malloc",     "calloc",         "realloc",     "reallocarray",
      "free",       "posix_memalign", "memalign",    "aligned_alloc",
      "memcpy",     "memmove",        "memset",      "memcmp",
      "memchr",     "mempcpy",        "strlen",      "strnlen",
      "strcpy",     "strncpy",        "strcmp",      "strncmp",
      "strcasecmp", "strncasecmp",    "strchr",      "strrchr",
      "strstr",     "strcat",         "strncat",     "strdup",
      "strndup",    "__strdup",       "__strndup",   "strtol",
      "strtoul",    "strtoull",       "printf",      "fprintf",
      "sprintf",    "snprintf",       "vprintf",     "vfprintf",
      "vsprintf",   "vsnprintf",      "vasprintf",   "asprintf",
      "read",       "write",          "readv",       "writev",
      "recv",       "send",           "recvmsg",     "sendmsg",
      "recvfrom",   "sendto",         "open",        "close",
      "fopen",      "fclose",         "poll",        "epoll_wait",
      "raise",      "abort",          "getaddrinfo", NULL};
  static const char *const places[] = {
      "libsanitizer/", "compiler-rt/", "sanitizer_common", "libasan.so",  "liblsan.so",
      "libtsan.so",    "libubsan.so",  "vgpreload_",       "vg_replace_", "sysdeps/",
      "/libc.so",      "/libc-",       "csu/libc-start.c", "/ld-linux",   NULL};
  return starts_with_one_of(f->function, prefixes) || is_one_of(f->function, library) ||
         text_starts(f->function, "pthread_") || holds_one_of(f->file, places) ||
         holds_one_of(f->module, places);
}
