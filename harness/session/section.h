/* A section: one part of a line while it is compiled, as bytes, mask, patches, captures and at most
 * one hole of free length. Internal to the session layer. */
#ifndef SESSION_SECTION_H
#define SESSION_SECTION_H

#include "base/vec.h"
#include "session/scan.h"
#include "session/scope.h"

struct section {
  struct buf bytes, mask; /* of the same length */
  struct vec patches;     /* of struct patch, offsets in this section */
  struct vec captures;    /* of struct capture, the same */
  bool has_gap;
  struct gap gap;
};

void section_init(struct section *s);
void section_fini(struct section *s);

/* Appends exact bytes. */
void section_add(struct section *s, const void *p, size_t n);
/* Appends bytes that are filled in or hidden; the mask byte is 0xff or 0. */
void section_fill(struct section *s, size_t n, uint8_t mask);
/* Appends `n` bytes that a patch fills in. */
void section_patch(struct section *s, enum patch_kind kind, unsigned index, size_t n);
/* Appends a hole of `n` bytes that is kept as variable `var`. */
void section_capture(struct section *s, unsigned var, size_t n, bool nonzero);
/* Appends all of `from`; only one of them may have a gap. */
void section_join(struct section *s, const struct section *from);

/* What a capture or a hole in a line stands for: `*` `*{..}` `?name..` `$name`. */
struct hole {
  enum { HOLE_ANY, HOLE_CAPTURE, HOLE_VAR, HOLE_COUNTER } kind;
  bool sized;        /* a length was given */
  uint32_t min, max; /* bytes, when sized */
  unsigned index;    /* of the variable or the loop */
  bool nonzero;
  size_t at; /* column offset, for errors */
};

/* Parses one hole; the scanner stands at `*`, `?` or `$`. `width` is the field's in bytes, or 0 in
 * a key, value or raw line. A capture is entered in the scope. */
bool hole_parse(struct scan *scan, struct scope *scope, bool expected, size_t width,
                struct hole *h);

/* Parses literals and, where `expected`, holes up to the value's end. */
bool section_parse(struct section *s, struct scan *scan, struct scope *scope, bool expected);

#endif
