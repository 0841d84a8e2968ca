/* What a run is told to do: the cases, the server, the deliveries, the limits. Everything in it is
 * borrowed and outlives the run; forked workers share it. */
#ifndef RUN_CONFIG_H
#define RUN_CONFIG_H

#include "delivery/delivery.h"
#include "run/known.h"
#include "run/suite.h"
#include "server/profile.h"

struct keep;
struct goldens;
struct accept;
struct baseline;

enum server_per { SERVER_PER_RUN, SERVER_PER_CASE };

struct run_config {
  const struct suite *suite;
  const struct profile *profile;
  const struct profile *candidate;        /* what the profile is compared with; NULL: nothing */
  const char *server;                     /* what the reports call it */
  double max_memory_ratio, max_cpu_ratio; /* that a candidate may cost more in a case; 0: any */
  const struct delivery *deliveries;
  size_t ndeliveries;
  const enum transport *transports;
  size_t ntransports;
  const struct known *known;
  const struct baseline *baseline; /* of sanitizers' reports; NULL: none is known */
  const struct goldens *goldens;   /* of the suite's cases; NULL: none are looked at */
  const struct accept *accept;     /* goldens are made; NULL: cases are judged */
  struct keep *keep;               /* what is kept of failures; NULL: nothing */
  unsigned workers;
  unsigned repeat;
  bool shuffle;
  unsigned pause_before; /* a step's number, see step_numbered; 0: no pause */
  bool until_fail;       /* no further case runs after the first that is red */
  const bool *chosen;    /* for each place, see below; NULL: all */
  uint64_t seed, shuffle_seed;
  enum server_per server_per;
  unsigned timeout_ms; /* without progress */
  unsigned total_ms;   /* for one case */
  const char
      *reproduce; /* the command line up to the options of one case: "mcreplay run -s memcached" */
};

/* One case run. Indices into the configuration's arrays. */
struct job {
  size_t number;
  size_t test, delivery, transport;
  unsigned repetition;
  bool fresh;         /* wants a server that no case has used */
  bool fresh_follows; /* a later job on this transport does: one is worth starting ahead */
};

/* A place is a case under a delivery on a transport, whatever the repetition. How many there are,
 * and the job at one, of which only these three are set. */
size_t plan_places(const struct run_config *config);
struct job plan_job_at(const struct run_config *config, size_t place);

/* Whether anything is played at a place: a delivery that is about TLS is left out elsewhere. */
bool plan_has(const struct run_config *config, size_t place);

/* The jobs of a run, in order: repetitions, transports, deliveries, cases; shuffled when asked for.
 * The caller frees. */
struct job *plan_jobs(const struct run_config *config, size_t *n);

/* Why a case can't be run on this server: a sentence that the caller frees, or NULL when it can. */
char *plan_skip(const struct run_config *config, const struct job *job);

/* Why a case can't hold under a delivery, in the same form. */
char *plan_not_under(const struct session *s, const struct delivery *d);

/* The command line that does a job again; the caller frees. */
char *plan_reproduce(const struct run_config *config, const struct job *job);

#endif
