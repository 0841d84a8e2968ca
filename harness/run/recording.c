#include "run/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "net/file.h"
#include "net/pcap.h"
#include "run/clock.h"
#include "session/scribe.h"

enum {
  KEPT_MAX = 64 << 20,    /* bytes for a session */
  SESSION_MAX = 256 << 20 /* of its text */
};

struct talk {
  bool open;
  size_t scribed; /* what the scribe calls it */
};

struct recording {
  const struct recording_options *options;
  struct pcap_writer *journal;
  struct scribe *scribe; /* NULL when the journal is the output */
  bool too_much;         /* for the scribe */
  uint64_t began;        /* on the monotonic clock.. */
  uint64_t date;         /* .. and since 1970, in microseconds */
  struct talk talks[PCAP_CONNS];
  unsigned open; /* of them */
  unsigned next; /* where to look for a free number */
  struct recording_totals totals;
};

bool recording_is_session(const char *out) {
  return text_glob(span_str("*.session"), span_str(out));
}

static uint64_t date_usec(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

struct recording *recording_new(const struct recording_options *options, struct buf *why) {
  struct recording *r = xcalloc(1, sizeof *r);
  r->options = options;
  r->journal = pcap_writer_open(options->journal);
  if (!r->journal || !pcap_writer_flush(r->journal)) {
    buf_addf(why, "can't write %s: %s", options->journal, strerror(errno));
    recording_free(r);
    return NULL;
  }
  if (recording_is_session(options->out))
    r->scribe = scribe_new(options->dialect, KEPT_MAX);
  r->began = clock_usec();
  r->date = date_usec();
  return r;
}

static bool add(struct recording *r, enum pcap_what what, unsigned conn, bool from_server,
                struct span bytes) {
  const struct pcap_event event = {.what = what,
                                   .conn = conn,
                                   .from_server = from_server,
                                   .usec = r->date + (clock_usec() - r->began),
                                   .bytes = bytes};
  pcap_writer_add(r->journal, &event);
  return pcap_writer_flush(r->journal);
}

bool recording_has_room(const struct recording *r) {
  return r->open < PCAP_CONNS;
}

bool recording_open(struct recording *r, unsigned *conn) {
  CHECK(recording_has_room(r));
  unsigned n = r->next;
  while (r->talks[n].open)
    n = (n + 1) % PCAP_CONNS;
  r->next = (n + 1) % PCAP_CONNS;
  r->talks[n] = (struct talk){.open = true, .scribed = r->scribe ? scribe_open(r->scribe) : 0};
  r->open++;
  r->totals.conns++;
  *conn = n;
  return add(r, PCAP_OPENED, n, false, (struct span){0});
}

bool recording_bytes(struct recording *r, unsigned conn, bool from_server, struct span bytes) {
  r->totals.bytes[from_server] += bytes.n;
  if (r->scribe)
    r->too_much |= !scribe_bytes(r->scribe, r->talks[conn].scribed, from_server, bytes);
  return add(r, PCAP_DATA, conn, from_server, bytes);
}

bool recording_end(struct recording *r, unsigned conn, bool from_server, enum relay_end how) {
  enum scribe_end end = from_server          ? SCRIBE_SERVER_CLOSED
                        : how == RELAY_ENDED ? SCRIBE_CLIENT_ENDED
                                             : SCRIBE_CLIENT_GONE;
  if (r->scribe)
    r->too_much |= !scribe_end(r->scribe, r->talks[conn].scribed, end);
  return add(r, how == RELAY_RESET ? PCAP_RESET : PCAP_ENDED, conn, from_server, (struct span){0});
}

void recording_over(struct recording *r, unsigned conn) {
  r->talks[conn].open = false;
  r->open--;
}

struct recording_totals recording_totals(const struct recording *r) {
  return r->totals;
}

/* Ends the journal; it stays under its name. */
static bool close_journal(struct recording *r, struct buf *why) {
  bool ok = pcap_writer_close(r->journal);
  r->journal = NULL;
  if (!ok)
    buf_addf(why, "can't write %s: %s", r->options->journal, strerror(errno));
  return ok;
}

static bool make_session(struct recording *r, struct buf *why) {
  const struct scribe_head head = {.title = r->options->title};
  struct buf text;
  if (r->too_much) {
    buf_addf(why, "more than %d MiB passed, which is too much for a session", KEPT_MAX >> 20);
    return false;
  }
  buf_init(&text, SESSION_MAX);
  bool ok = scribe_write(r->scribe, &head, &text, why);
  if (ok && !file_write(r->options->out, buf_span(&text))) {
    buf_addf(why, "can't write %s: %s", r->options->out, strerror(errno));
    ok = false;
  }
  buf_fini(&text);
  return ok;
}

bool recording_finish(struct recording *r, struct buf *why) {
  const struct recording_options *o = r->options;
  if (!close_journal(r, why))
    return false;
  if (!r->scribe && rename(o->journal, o->out) != 0) {
    buf_addf(why, "can't rename %s to %s: %s", o->journal, o->out, strerror(errno));
    return false;
  }
  if (r->scribe && !make_session(r, why))
    return false;
  if (r->scribe)
    unlink(o->journal);
  return true;
}

void recording_free(struct recording *r) {
  if (!r)
    return;
  if (r->journal)
    pcap_writer_close(r->journal);
  scribe_free(r->scribe);
  free(r);
}
