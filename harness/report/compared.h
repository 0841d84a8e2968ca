/* What a comparison of two servers found beside the differences, as lines for the console's end:
 * how many cases failed on both alike, and what the candidate costs, as ratios to the baseline,
 * over all and in the cases where it costs most more. */
#ifndef REPORT_COMPARED_H
#define REPORT_COMPARED_H

#include "run/result.h"

struct compared;

struct compared *compared_new(void);
void compared_free(struct compared *c);
/* The sink to give to the run; it borrows `c`, and is its argument. */
struct sink compared_sink(struct compared *c);

/* Appends the lines. `compared` is the struct; for console_options.summary. */
void compared_summary(void *compared, struct buf *out);

#endif
