/* What a case costs on a server, and what it costs on one against another. Pure. */
#ifndef RUN_FIGURES_H
#define RUN_FIGURES_H

#include "base/buf.h"
#include "run/side.h"

struct figures {
  bool measured; /* memory and CPU time are known: its processes could be asked, before and after */
  uint64_t peak; /* bytes resident at most */
  uint64_t grown;  /* of these, what was not resident before */
  uint64_t cpu_ns; /* CPU time */
  uint64_t reads;  /* in how many pieces the client read the answers; 0: that was its own choice */
  uint64_t read_bytes; /* in these */
};

/* Below these nothing is said of one case: the noise is larger. */
enum { FIGURES_LEAST_GROWN = 1 << 20, FIGURES_LEAST_CPU_NS = 10000000 };

/* Adds a further play of the same case: of memory the most counts, of CPU time the least, since
 * what comes on top of it is the machine's. Reads add up. The first play goes into zeros. */
void figures_add_play(struct figures *f, const struct figures *play);

/* How many times as much; 0 when that can't be said. */
double figures_ratio(uint64_t candidate, uint64_t baseline);

/* The same for memory and CPU time of one case; 0 also when it is too little to be told from noise.
 */
double figures_memory_ratio(const struct figures f[SIDES]);
double figures_cpu_ratio(const struct figures f[SIDES]);

/* Of many cases. */
struct figures_sum {
  size_t cases;         /* that were measured on both sides */
  uint64_t peak[SIDES]; /* the largest */
  uint64_t cpu_ns[SIDES];
  uint64_t reads[SIDES], read_bytes[SIDES];
};

void figures_sum_add(struct figures_sum *sum, const struct figures f[SIDES]);

/* Appends "40.0 MiB against 16.0 MiB", "31.2 ms against 30.0 ms": the candidate's first. */
void figures_put_memory(struct buf *out, uint64_t candidate, uint64_t baseline);
void figures_put_cpu(struct buf *out, uint64_t candidate, uint64_t baseline);

#endif
