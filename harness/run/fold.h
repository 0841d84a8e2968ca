/* Makes forks of a process with a large heap cheap: what holds hundreds of compiled cases is tens
 * of thousands of pages, each of which every keeper of a server would be given, and give back, one
 * by one. Folded into huge pages they are a few dozen. Internal to the run layer. */
#ifndef RUN_FOLD_H
#define RUN_FOLD_H

/* As far as the system lets us (Linux 6.1); a heap of less than some MiB stays as it is. */
void fold_heap(void);

#endif
