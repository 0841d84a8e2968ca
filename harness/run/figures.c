#include "run/figures.h"

void figures_add_play(struct figures *f, const struct figures *play) {
  bool first = !f->measured;
  f->reads += play->reads;
  f->read_bytes += play->read_bytes;
  if (!play->measured)
    return;
  f->measured = true;
  if (play->peak > f->peak)
    f->peak = play->peak;
  if (play->grown > f->grown)
    f->grown = play->grown;
  if (first || play->cpu_ns < f->cpu_ns)
    f->cpu_ns = play->cpu_ns;
}

double figures_ratio(uint64_t candidate, uint64_t baseline) {
  return baseline ? (double)candidate / (double)baseline : 0;
}

double figures_memory_ratio(const struct figures f[SIDES]) {
  bool told =
      f[BASELINE].measured && f[CANDIDATE].measured &&
      (f[BASELINE].grown >= FIGURES_LEAST_GROWN || f[CANDIDATE].grown >= FIGURES_LEAST_GROWN);
  return told ? figures_ratio(f[CANDIDATE].peak, f[BASELINE].peak) : 0;
}

double figures_cpu_ratio(const struct figures f[SIDES]) {
  bool told =
      f[BASELINE].measured && f[CANDIDATE].measured &&
      (f[BASELINE].cpu_ns >= FIGURES_LEAST_CPU_NS || f[CANDIDATE].cpu_ns >= FIGURES_LEAST_CPU_NS);
  return told ? figures_ratio(f[CANDIDATE].cpu_ns, f[BASELINE].cpu_ns) : 0;
}

void figures_sum_add(struct figures_sum *sum, const struct figures f[SIDES]) {
  bool measured = f[BASELINE].measured && f[CANDIDATE].measured;
  sum->cases += measured;
  for (int s = 0; s < SIDES; s++) {
    sum->reads[s] += f[s].reads;
    sum->read_bytes[s] += f[s].read_bytes;
    if (!measured)
      continue;
    sum->cpu_ns[s] += f[s].cpu_ns;
    if (f[s].peak > sum->peak[s])
      sum->peak[s] = f[s].peak;
  }
}

void figures_put_memory(struct buf *out, uint64_t candidate, uint64_t baseline) {
  const double mib = 1 << 20;
  buf_addf(out, "%.1f MiB against %.1f MiB", (double)candidate / mib, (double)baseline / mib);
}

void figures_put_cpu(struct buf *out, uint64_t candidate, uint64_t baseline) {
  buf_addf(out, "%.1f ms against %.1f ms", (double)candidate * 1e-6, (double)baseline * 1e-6);
}
