/* Bytes as text that people and XML can read. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

/* Appends `s` with every byte outside printable ASCII, and `"` and `\`, written as an escape
 * (\n \t \r \" \\ \xNN). The result holds no newline and no quote that is not escaped. */
void text_escape(struct buf *b, struct span s);

/* Parses an unsigned number, decimal or 0x hexadecimal, digits only and nothing after them.
 * False when it is none or does not fit in 64 bits. */
bool text_number(struct span s, uint64_t *out);

/* As text_number with a unit behind it: none, KiB, MiB or GiB for text_size (bytes);
 * ms, s or none (seconds) for text_duration (milliseconds). */
bool text_size(struct span s, uint64_t *bytes);
bool text_duration(struct span s, unsigned *ms);

/* The value of a hex digit of either case, or -1. */
int text_hex_digit(int c);

/* Appends a word as a shell takes it: as it is, or in single quotes. */
void text_shell(struct buf *b, struct span word);

/* Where `word` first stands in a text, or SIZE_MAX. */
size_t text_find(struct span text, const char *word);
bool text_starts(struct span text, const char *word);

/* Without the blanks and tabs at either end. */
struct span text_trim(struct span text);

/* The first line, without its newline or a carriage return and a newline; and what follows it. */
struct span text_line(struct span text);
struct span text_after_line(struct span text);

/* Whether `text` matches a shell pattern of `*` and `?`; `*` crosses `/`. */
bool text_glob(struct span pattern, struct span text);

#endif
