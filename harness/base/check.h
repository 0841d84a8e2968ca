/* Assertions that are always on, and memory that is there or the process ends.
 *
 * A bug or a lack of memory aborts with file and line on standard error; in a worker that becomes
 * the verdict `error` of the case that ran. Nothing here is for bad input or for what a server did.
 */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stddef.h>
#include <stdnoreturn.h>

/* Prints "FILE:LINE: message" and aborts. */
noreturn void check_failed(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define DIE(...) check_failed(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(cond) ((cond) ? (void)0 : check_failed(__FILE__, __LINE__, "check failed: %s", #cond))

/* As malloc, calloc, realloc, strdup and asprintf, but never NULL; the caller frees. */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
