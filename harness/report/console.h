/* The report for people: progress on a terminal, plain lines in a pipe, failures in full.
 *
 * Control characters in what is printed are written \xNN, so that a server's answer can't drive the
 * terminal. On a terminal the progress line is redrawn ten times a second at most, by the monotonic
 * clock, and only when a result comes. */
#ifndef REPORT_CONSOLE_H
#define REPORT_CONSOLE_H

#include <stdio.h>

#include "run/result.h"

struct console;

struct console_options {
  FILE *out;     /* borrowed; flushed after each result that is printed */
  bool terminal; /* progress line and colour */
  bool verbose;  /* a line for each case run, passes too */
  bool quiet;    /* failures and the last line only */
  /* Appends lines that go before the last one; NULL: none. */
  void (*summary)(void *arg, struct buf *out);
  void *summary_arg;
  const char *note; /* what the head line ends with, borrowed; NULL: nothing */
};

struct console *console_new(struct console_options options);
void console_free(struct console *c);
/* The sink to give to the run; it borrows `c`. At the end it prints why case runs were skipped, and
 * "N passed, N failed, N errors, N skipped, N xfailed, N xpassed, N flaky in S s (seed X)". */
struct sink console_sink(struct console *c);

/* Appends one result as the report prints it in full:
 * FAIL  get/miss [bytewise unix] memcached  cases/get/miss.session:5  step 2 of 4  (12 ms)
 * nonconformance then the detail, indented by two, then `reproduce` and the command line. The brief
 * opens the detail unless that tells the difference itself and the brief tells no more. */
void console_format(struct buf *out, const struct result *r);

#endif
