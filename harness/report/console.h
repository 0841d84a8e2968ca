/* The report for people: progress on a terminal, plain lines in a pipe, failures in full. */
#ifndef REPORT_CONSOLE_H
#define REPORT_CONSOLE_H

#include <stdio.h>

#include "run/result.h"

struct console;

struct console_options {
  FILE *out;
  bool terminal; /* progress line and colour */
  bool verbose;  /* a line for each case run, passes too */
  bool quiet;    /* failures and the last line only */
};

struct console *console_new(struct console_options options);
void console_free(struct console *c);
struct sink console_sink(struct console *c);

/* Appends one result as the report prints it in full:
 * FAIL  get/miss [bytewise unix] memcached  cases/get/miss.session:5  step 2 of 4  (12 ms)
 * nonconformance then the detail, indented by two, then `reproduce` and the command line. */
void console_format(struct buf *out, const struct result *r);

#endif
