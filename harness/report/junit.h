/* The JUnit XML report, valid under the Jenkins xUnit junit-10 schema.
 *
 * `testsuites > testsuite > testcase`; a suite per delivery and transport; a case's name is its id,
 * with " #2" behind it in the second repetition, its classname
 * `mcreplay.<server>.<delivery>.<transport>`. Suites and cases are sorted, so that two runs
 * compare. The files kept of a failure are named in its system-out as `[[ATTACHMENT|/path]]`. An
 * expected failure and a flaky one count as skipped, an unexpected pass as a failure of type
 * `xpass`. An interrupted run has one more case, an error named `run.interrupted`, in a suite of
 * its own. Of two servers compared, a suite's properties say what the candidate costs against the
 * baseline: peak-memory-ratio, cpu-ratio, reads-ratio.
 *
 * The text of a red case begins with its message. If it comes from a play, the second line is
 * `FILE[:LINE]`, with `  step N of M` behind it when that is known, and the third
 * `reproduce  COMMAND`; ci/lib/junit.py reads both.
 *
 * Times have three decimals, in the C locale whatever the environment says. A message is up to 200
 * bytes and again the first line of the text, a body up to 64 KiB; every byte that XML 1.0 forbids,
 * or that is not UTF-8, is written \xNN. Written to a temporary file and renamed. Results are kept
 * in memory until the end, passes without text. Reads the clock and the host's name when the run
 * begins. */
#ifndef REPORT_JUNIT_H
#define REPORT_JUNIT_H

#include "run/result.h"

struct junit;

struct junit *junit_new(void);
void junit_free(struct junit *j);
/* The sink to give to the run; it borrows `j`. */
struct sink junit_sink(struct junit *j);

/* Renders what has been collected; for tests and for junit_write. A run whose end has not been told
 * is an interrupted one. */
void junit_render(struct junit *j, struct buf *out);

/* Writes the file, folders above it included; false with errno set. */
bool junit_write(struct junit *j, const char *path);

/* Appends text in which every byte that XML 1.0 forbids or that is no part of valid UTF-8 is
 * written \xNN; at most `max` bytes, cut at a character's border with "..." at the end when cut. */
void junit_clean(struct buf *out, struct span text, size_t max);

#endif
