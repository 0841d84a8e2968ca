/* A meter: the memory and CPU time of a server's processes between two moments, as the kernel
 * accounts for them in /proc. The kernel's mark of a process' peak is set back at the first moment,
 * so that the peak of the second is that of the time between. A server's processes are its own and
 * those that main threads below it have started, as by a script around it; what one has used that
 * ended in between is lost. Internal to the run layer. */
#ifndef RUN_METER_H
#define RUN_METER_H

#include "run/figures.h"

struct meter {
  int pid;
  bool running; /* all its processes could be asked */
  uint64_t resident, cpu_ns;
};

/* `pid` is the server's; 0, of one that is not ours, measures nothing. */
void meter_start(struct meter *m, int pid);

/* Sets memory and CPU time of `f`, and whether they are known. */
void meter_stop(const struct meter *m, struct figures *f);

#endif
