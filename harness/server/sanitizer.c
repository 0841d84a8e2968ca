#include "server/sanitizer.h"

#include "base/text.h"
#include "server/sanitizer_frame.h"
#include "server/sanitizer_internal.h"

static const struct sanitizer_format *const formats[] = {&sanitizer_leak, &sanitizer_undefined,
                                                         &sanitizer_memcheck, &sanitizer_runtime};

enum { FORMATS = sizeof formats / sizeof *formats };

/* Takes ":NUMBER" off the end. */
static bool take_number(struct span *text, unsigned *number) {
  size_t n = text->n;
  uint64_t value;
  while (n > 0 && text->p[n - 1] != ':')
    n--;
  if (n < 2 || !text_number(span_from(*text, n), &value) || value > UINT32_MAX)
    return false;
  *number = (unsigned)value;
  *text = span_sub(*text, 0, n - 1);
  return true;
}

bool sanitizer_place(struct span text, struct span *file, unsigned *line) {
  unsigned first, second;
  if (!take_number(&text, &first))
    return false;
  *line = take_number(&text, &second) ? second : first;
  *file = text;
  return true;
}

/* The format of the report that begins with the first line of a text, or NULL. */
static const struct sanitizer_format *begun(struct span text, struct sanitizer_report *r) {
  struct span line = text_line(text);
  for (int i = 0; i < FORMATS; i++) {
    *r = (struct sanitizer_report){0};
    if (formats[i]->begins(line, r))
      return formats[i];
  }
  return NULL;
}

struct span sanitizer_base_name(struct span path) {
  size_t n = path.n;
  while (n > 0 && path.p[n - 1] != '/')
    n--;
  return span_from(path, n);
}

/* Takes over what a frame tells; what is known already is kept where the frame tells nothing. */
static void take_frame(struct sanitizer_report *r, const struct sanitizer_frame *f) {
  r->function = f->function.n ? f->function : sanitizer_base_name(f->module);
  if (f->file.n && r->line == 0) {
    r->file = f->file;
    r->line = f->line;
  }
}

/* Finds the function in the first stack of a report: what is on top but for the runtimes; and when
 * there is nothing else, what is on top. */
static void find_function(struct sanitizer_report *r) {
  struct sanitizer_frame f, top = {0};
  bool in_stack = false;
  for (struct span rest = r->text; rest.n; rest = text_after_line(rest)) {
    if (!sanitizer_frame_parse(text_line(rest), &f))
      continue;
    if (f.top && in_stack)
      break;
    if (!in_stack)
      top = f;
    in_stack = true;
    if (sanitizer_frame_is_runtime(&f))
      continue;
    take_frame(r, &f);
    return;
  }
  if (in_stack)
    take_frame(r, &top);
}

/* How many bytes of a text the report takes that begins with its first line. */
static size_t extent(struct span text, const struct sanitizer_format *format,
                     struct sanitizer_report *r) {
  struct span rest = text_after_line(text);
  struct sanitizer_report other;
  size_t n = text.n - rest.n;
  for (; rest.n; rest = text_after_line(rest)) {
    struct span line = text_line(rest), after = text_after_line(rest);
    bool sums_up = text_starts(line, "SUMMARY: ");
    if (format->ends(line, r))
      /* What sums up all leaks, and clang's errors, comes behind an empty line. */
      return text.n - (text_starts(after, "SUMMARY: ") ? text_after_line(after) : after).n;
    if (!sums_up && begun(rest, &other))
      break;
    if (format->belongs(line))
      n = text.n - after.n;
  }
  return n;
}

/* LeakSanitizer's headline is no report when its leaks follow, each a report of its own: then the
 * text is left with them. */
static bool skip_headline(struct span *text, const struct sanitizer_report *r) {
  struct sanitizer_report other;
  if (r->whole || strcmp(r->tool, "LeakSanitizer") != 0)
    return false;
  for (struct span rest = text_after_line(*text); rest.n; rest = text_after_line(rest))
    if (begun(rest, &other)) {
      bool follow = strcmp(other.tool, "LeakSanitizer") == 0;
      *text = follow ? rest : *text;
      return follow;
    }
  return false;
}

bool sanitizer_next(struct span *text, struct sanitizer_report *r) {
  while (text->n) {
    const struct sanitizer_format *format = begun(*text, r);
    if (!format) {
      *text = text_after_line(*text);
      continue;
    }
    if (format == &sanitizer_runtime && skip_headline(text, r))
      continue;
    size_t n = r->whole ? text->n - text_after_line(*text).n : extent(*text, format, r);
    r->text = span_sub(*text, 0, n);
    find_function(r);
    *text = span_from(*text, n);
    return true;
  }
  return false;
}
