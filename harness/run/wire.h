/* What parent and worker tell each other over a SOCK_SEQPACKET pair: jobs one way, reports the
 * other. Both ends are one program, so the structures travel as they are. Internal to the run
 * layer. */
#ifndef RUN_WIRE_H
#define RUN_WIRE_H

#include "run/config.h"
#include "run/figures.h"
#include "run/verdict.h"

enum {
  WIRE_BRIEF_MAX = 2048,
  WIRE_DETAIL_MAX = 64 << 10,
  WIRE_PATH_MAX = 4096,
  WIRE_FINDING_MAX = 2048,
  REPORTS_TEXT_MAX = 1 << 20
};

enum wire_kind {
  WIRE_VERDICT, /* of the job in hand */
  WIRE_SERVER,  /* what a server did outside any case */
  WIRE_FINDING, /* what a sanitizer has reported in the job in hand; the brief is its line */
  WIRE_PAUSED   /* the job in hand has come to its pause, and waits to be told to go on */
};

struct wire_report {
  enum wire_kind kind;
  size_t job;
  double seconds;
  bool compared; /* two servers; only then are these set: */
  bool alike;    /* the case failed on both in the same way */
  struct figures figures[SIDES];
  struct verdict verdict; /* its texts are owned by whoever holds the report */
  char *kept;             /* a folder, or NULL; owned likewise */
  char *finding; /* WIRE_FINDING, and WIRE_SERVER where it is one: its key; owned likewise */
  int known;     /* with a finding: its entry in the baseline, or -1 */
  int pid;       /* WIRE_PAUSED: of the server; 0 when it is attached */
};

bool wire_send_job(int fd, const struct job *job);
/* False at the end of the stream: there are no more jobs. */
bool wire_receive_job(int fd, struct job *job);

/* To a worker that has paused: go on. False when the other side has gone. */
bool wire_send_go(int fd);
bool wire_receive_go(int fd);

bool wire_send_report(int fd, const struct wire_report *r);
/* False when nothing is there (`*ended` false) or the worker has gone (`*ended` true). */
bool wire_receive_report(int fd, struct wire_report *r, bool *ended);

#endif
