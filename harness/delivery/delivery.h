/* A delivery: how the bytes that a client sends are grouped, cut and ended. Pure and seeded; it
 * knows no descriptor and no clock. One expectation must hold under every delivery.
 *
 * Adding one is one file: a `const struct delivery_kind` and its line in delivery.c's table. */
#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

#include "base/buf.h"
#include "base/rng.h"

struct delivery;

/* Collects the ends of the chunks that a batch is cut into. */
struct cuts {
  size_t *ends; /* ascending; the last is the batch's length */
  size_t n, room;
};

void cuts_init(struct cuts *c);
void cuts_fini(struct cuts *c);
/* Ignores an offset that is not past the last one. */
void cuts_add(struct cuts *c, size_t end);

/* What is to be sent in one go: whole requests side by side. */
struct batch {
  struct span bytes;
  const size_t *ends; /* where each request ends, ascending; the last is bytes.n */
  size_t n;
};

struct delivery_kind {
  const char *name;     /* the word before the colon */
  const char *usage;    /* "split:N" */
  const char *what;     /* one line for the help */
  bool takes_number;    /* :N must follow */
  uint64_t least, most; /* the numbers it takes */
  bool pipelines;       /* requests are sent ahead of the answers that the file puts between them */
  bool paced;           /* each chunk waits until the server has read the one before */
  bool half_closes;     /* the client ends its sending side before it waits for the last answers */
  bool slow_reads;      /* nothing is read until the server can send no more; then in dribbles */
  bool drains_last;     /* with slow_reads: another connection acts before anything is read */
  bool acts_between;    /* another connection acts after each chunk but the last of a batch */
  bool tls_only;        /* is about records: there is none without TLS */
  bool crowds;          /* as many connections as the number says play the session at once */
  const char *const *all; /* NULL-terminated: the forms that `-d all` stands for */
  /* Adds the ends of the chunks; the caller adds the batch's end itself. NULL: one chunk a batch.
   */
  void (*cut)(const struct delivery *d, struct rng *rng, const struct batch *b, struct cuts *out);
  /* On TLS: adds where a batch's records end, its own end among them. NULL: where requests end. */
  void (*records)(const struct batch *b, struct cuts *out);
  /* For a paced kind, on TLS: adds the ends of the pieces that sealed records are cut into, which
   * `wire` holds whole, one behind the other. NULL: they are not. */
  void (*cut_wire)(struct span wire, struct cuts *out);
};

struct delivery {
  const struct delivery_kind *kind;
  uint64_t number; /* what stood behind the colon */
  char name[32];   /* "split:24", the number in decimal however it was given */
};

/* All kinds, in the order of the help; stores their number. */
const struct delivery_kind *const *delivery_kinds(size_t *n);

/* Parses one name ("whole", "split:24"); on failure `why` gets what is wrong and what to do, in one
 * line without a newline. */
bool delivery_parse(struct span text, struct delivery *d, struct buf *why);

/* Parses a list with commas, in which `all` stands for every form of every kind; duplicates are
 * dropped. The caller frees `*list`, which is NULL on failure. */
bool delivery_parse_list(const char *text, struct delivery **list, size_t *n, struct buf *why);

/* Cuts a batch; resets `out` first. The same rng state gives the same cuts. */
void delivery_cut(const struct delivery *d, struct rng *rng, const struct batch *b,
                  struct cuts *out);

/* Tells where the batch's TLS records end; resets `out` first. The ends of chunks are ends of
 * records as well. */
void delivery_record_ends(const struct delivery *d, const struct batch *b, struct cuts *out);

#endif
