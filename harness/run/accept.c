#include "run/accept.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "net/file.h"
#include "run/fate.h"
#include "run/golden.h"
#include "run/golden_check.h"
#include "run/golden_write.h"
#include "run/transcript_file.h"
#include "run/wire.h"

enum {
  ANSWERS_MAX = 64 << 20, /* bytes of a case's answers that a golden is made of */
  GOLDEN_MAX = 256 << 20,
  LATER = 3,    /* plays after the first */
  AGE_MS = 2100 /* of a server before a later play: clocks and uptimes count seconds */
};

/* Lets a server age, and gives a shared one a past. A past that the server does not take as it
 * should is none the less one. */
static void prepare(struct stage *stage, const struct run_config *config, const struct job *job,
                    struct server *s) {
  if (!job->fresh && config->accept->past) {
    struct play_options options = stage_options(config, job);
    bool wrapped;
    options.session = config->accept->past;
    options.golden = NULL;
    struct verdict v = stage_play(stage, s, options, &wrapped);
    verdict_fini(&v);
  }
  stage_wait(stage, AGE_MS);
}

/* Whether a play went as it should: it passed, or failed as the known list says. */
static bool is_as_known(const struct run_config *config, const struct job *job,
                        const struct verdict *v) {
  const struct known_entry *e = known_find(config->known, suite_case(config->suite, job->test)->id,
                                           config->deliveries[job->delivery].name);
  return v->status == VERDICT_PASS || (e && known_status(e, v) == VERDICT_XFAIL);
}

static char *play_path(const struct run_config *config, const struct job *job, size_t play) {
  return xasprintf("%s/%zu.%zu", config->accept->folder, job->test, play);
}

/* Whether a golden holds for what a play answered. */
static bool holds(const struct session *golden, const struct session *session,
                  const struct transcript *t, bool passed) {
  struct golden_check *g = golden_check_new(golden, session, t->ns);
  for (size_t i = 0; i < t->answers.n; i++) {
    const struct answer *a = transcript_answer(t, i);
    if (a->kind == ANSWER_BYTES)
      golden_check_answer(g, a->conn, NULL, transcript_bytes(t, a));
    else
      golden_check_end(g, a->conn, NULL, a->kind == ANSWER_END ? CONN_EOF : CONN_RESET);
  }
  if (passed)
    golden_check_done(g);
  bool ok = !golden_check_differs(g);
  golden_check_free(g);
  return ok;
}

static void fail(struct verdict *v, char *brief) {
  verdict_fini(v);
  *v = (struct verdict){.status = VERDICT_FAIL, .kind = KIND_REGRESSION, .brief = brief};
}

/* The plays of a case. */
struct plays {
  const struct test_case *of;
  struct golden_plays all;
  char *server; /* name and version */
  bool full;
};

static bool holds_for_all(const struct session *golden, const struct plays *p) {
  bool ok = holds(golden, p->of->session, p->all.first, !p->all.failed);
  for (size_t i = 0; i < p->all.nlater; i++)
    ok = ok && holds(golden, p->of->session, p->all.later[i], !p->all.failed);
  return ok;
}

/* Makes the golden's text, and makes sure that it compiles and holds. */
static bool make(const struct run_config *config, const struct plays *p, struct buf *text,
                 struct buf *why) {
  struct diag diag;
  struct session *golden = NULL;
  diag_init(&diag);
  bool ok = golden_write(text, p->of->session, p->of->id, p->server, &p->all, why);
  struct paths_loader loader = {config->accept->paths, p->of->file};
  if (ok)
    golden = session_compile_golden(buf_span(text), "golden", paths_loader(&loader), &diag);
  if (ok && !golden)
    buf_addf(why, "the golden does not compile: %s", diag_text(&diag));
  else if (ok && !holds_for_all(golden, p))
    buf_add_str(why, "the golden made of the plays does not hold for them");
  ok = golden && why->n == 0;
  session_free(golden);
  diag_fini(&diag);
  return ok;
}

/* Writes the golden of the plays for the parent to look at; NULL with a reason when it can't. */
static char *propose(const struct run_config *config, const struct plays *p, struct buf *why) {
  char *path = golden_path(config->accept->folder, p->of->id);
  struct buf text;
  buf_init(&text, GOLDEN_MAX);
  bool ok = false;
  if (p->full)
    buf_addf(why, "more than %d MiB of answers", ANSWERS_MAX >> 20);
  else if (make(config, p, &text, why)) {
    char *end = strrchr(path, '/');
    *end = '\0';
    ok = file_mkdirs(path);
    *end = '/';
    ok = ok && file_write(path, buf_span(&text));
    if (!ok)
      buf_addf(why, "can't write %s: %s", path, strerror(errno));
  }
  buf_fini(&text);
  if (ok)
    return path;
  free(path);
  return NULL;
}

/* Reads what the earlier plays answered; false when one did not go as it should. */
static bool read_earlier(const struct run_config *config, const struct job *job,
                         struct transcript *t) {
  bool ok = true;
  for (size_t i = 0; i + 1 < ACCEPT_PLAYS && ok; i++) {
    char *path = play_path(config, job, i);
    ok = transcript_read(&t[i], path);
    free(path);
  }
  return ok;
}

/* After the last play, whose transcript is `last`. */
static void judge(const struct run_config *config, const struct job *job, struct server *s,
                  struct verdict *v, const struct transcript *last, char **proposal) {
  const struct session *golden = config->goldens ? goldens_find(config->goldens, job->test) : NULL;
  struct transcript earlier[ACCEPT_PLAYS - 1];
  struct plays p = {.of = suite_case(config->suite, job->test),
                    .all = {.first = &earlier[0],
                            .later = {last},
                            .nlater = 1,
                            .volatile_stats = config->profile->volatile_stats,
                            .failed = v->status != VERDICT_PASS},
                    .server = xasprintf("%s %s", config->profile->name, server_version(s)),
                    .full = last->full};
  struct buf why;
  buf_init(&why, WIRE_BRIEF_MAX);
  for (size_t i = 0; i + 1 < ACCEPT_PLAYS; i++)
    transcript_init(&earlier[i], ANSWERS_MAX);
  if (!read_earlier(config, job, earlier)) {
    verdict_fini(v);
    *v = (struct verdict){.status = VERDICT_SKIPPED, .brief = xstrdup("an earlier play failed")};
  } else {
    for (size_t i = 1; i + 1 < ACCEPT_PLAYS; i++)
      p.all.later[p.all.nlater++] = &earlier[i];
    for (size_t i = 0; i + 1 < ACCEPT_PLAYS; i++)
      p.full |= earlier[i].full;
    if (!golden || !holds_for_all(golden, &p))
      *proposal = propose(config, &p, &why);
    if (why.n)
      fail(v, buf_take(&why));
  }
  for (size_t i = 0; i + 1 < ACCEPT_PLAYS; i++)
    transcript_fini(&earlier[i]);
  free(p.server);
  buf_fini(&why);
}

static void keep_play(const struct run_config *config, const struct job *job, struct verdict *v,
                      const struct transcript *t) {
  char *path = play_path(config, job, config->accept->play);
  if (!transcript_write(t, path))
    fail(v, xasprintf("can't write %s: %s", path, strerror(errno)));
  free(path);
}

/* How a play is delivered: as the table says, or, where the case does not bear that, in the other
 * way.
 */
static struct job job_of_play(const struct run_config *config, const struct job *job) {
  enum { PIPELINED, CROWD, BYTEWISE, SLOW_READ, FIELDS };
  static const size_t ways[ACCEPT_PLAYS][2] = {
      {PIPELINED, PIPELINED}, {CROWD, BYTEWISE}, {SLOW_READ, PIPELINED}, {FIELDS, FIELDS}};
  struct job as = *job;
  as.delivery = ways[config->accept->play][0];
  char *why = plan_skip(config, &as);
  if (why)
    as.delivery = ways[config->accept->play][1];
  free(why);
  return as;
}

struct verdict accept_play(struct stage *stage, const struct run_config *config,
                           const struct job *job, struct server *s, struct accept_server *of,
                           char **proposal, bool *wrapped) {
  const struct accept *a = config->accept;
  struct job as = job_of_play(config, job);
  struct play_options options = stage_options(config, &as);
  struct transcript t;
  *proposal = NULL;
  if (a->play > 0 && (job->fresh || s != of->aged))
    prepare(stage, config, job, s);
  of->aged = job->fresh ? of->aged : s;
  transcript_init(&t, ANSWERS_MAX);
  options.golden = NULL;
  options.transcript = &t;
  struct verdict v = stage_play(stage, s, options, wrapped);
  fate_add(s, &v);
  if (!is_as_known(config, job, &v))
    ; /* told as it is */
  else if (a->play + 1 < ACCEPT_PLAYS)
    keep_play(config, job, &v, &t);
  else
    judge(config, job, s, &v, &t, proposal);
  transcript_fini(&t);
  return v;
}
