/* Any text compiles to a session or to diagnostics, and what it compiles to can be played: the
 * input up to its first NUL is the session, what follows is what a server would have answered. */
#include <errno.h>
#include <stdlib.h>

#include "base/check.h"
#include "fuzz.h"
#include "session/explain.h"
#include "session/session.h"

enum { CAP = 1 << 28, EXPLAINED_MAX = 1 << 16 };

struct player {
  const struct session *session;
  struct bindings env;
  uint64_t counters[SESSION_LOOPS];
  struct span answers;
};

static bool refuse(void *arg, const char *path, struct buf *out) {
  (void)arg;
  (void)path;
  (void)out;
  errno = ENOENT;
  return false;
}

/* What a pattern stands for matches it, and half of that might still become a match. */
static void check_own_bytes(struct player *p, const struct pattern *pattern) {
  struct buf bytes;
  buf_init(&bytes, CAP);
  CHECK(pattern_bytes(pattern, &p->env, p->counters, &bytes));
  CHECK(bytes.n == pattern_min(pattern));
  bool demanding = false;
  for (size_t i = 0; i < pattern->ncaptures; i++)
    demanding |= pattern->captures[i].nonzero;
  struct match m = pattern_match(pattern, &p->env, p->counters, buf_span(&bytes), 0);
  CHECK(demanding || (m.result == MATCH_YES && m.len == bytes.n));
  if (bytes.n > 0) {
    struct span half = span_sub(buf_span(&bytes), 0, bytes.n / 2);
    CHECK(pattern_match(pattern, &p->env, p->counters, half, 0).result == MATCH_MORE);
  }
  buf_fini(&bytes);
}

static void explain(struct player *p, struct span text, const struct pattern *pattern) {
  struct buf out;
  buf_init(&out, CAP);
  struct explain_input in = {.text = text,
                             .pattern = pattern,
                             .env = &p->env,
                             .counters = p->counters,
                             .actual = p->answers,
                             .conn = 1,
                             .dialect = p->session->dialect};
  explain_brief(&out, &in);
  CHECK(out.n > 0);
  explain_difference(&out, &in);
  buf_fini(&out);
}

static void expect(struct player *p, struct span text, const struct pattern *pattern) {
  if (!pattern) {
    explain(p, text, NULL);
    return;
  }
  if (pattern->ngaps == 0)
    check_own_bytes(p, pattern);
  struct match m = pattern_match(pattern, &p->env, p->counters, p->answers, 0);
  switch (m.result) {
  case MATCH_YES:
    CHECK(m.len >= pattern_min(pattern) && m.len <= p->answers.n);
    pattern_capture(pattern, &p->env, span_sub(p->answers, 0, m.len));
    p->answers = span_from(p->answers, m.len);
    break;
  case MATCH_MORE:
    CHECK(m.checked <= p->answers.n);
    break;
  case MATCH_NO:
    CHECK(m.off < p->answers.n);
    break;
  }
  if (m.result != MATCH_YES && pattern_min(pattern) < EXPLAINED_MAX)
    explain(p, text, pattern);
}

static void play(struct player *p, const struct step *step) {
  if (step->kind == STEP_SEND) {
    check_own_bytes(p, step->pattern);
  } else if (step->kind == STEP_EXPECT || step->kind == STEP_EXPECT_CLOSED) {
    expect(p, step->text, step->pattern);
  } else if (step->kind == STEP_EXPECT_EITHER) {
    for (size_t i = 0; i < step->choice->n; i++)
      for (size_t k = 0; k < step->choice->alternatives[i].n; k++) {
        const struct expected *e = &step->choice->alternatives[i].items[k];
        expect(p, e->text, e->pattern);
      }
  } else if (step->kind == STEP_EXPECT_EACH) {
    for (size_t i = 0; i < step->each->n; i++)
      expect(p, step->each->items[i].text, step->each->items[i].pattern);
    expect(p, step->each->terminator.text, step->each->terminator.pattern);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct span input = span_of(data, size);
  const uint8_t *nul = memchr(data, 0, size);
  size_t n = nul ? (size_t)(nul - data) : size;
  struct diag diag;
  diag_init(&diag);
  struct session_loader loader = {refuse, NULL};
  struct session *s = session_compile(span_sub(input, 0, n), "fuzz.session", loader, &diag);
  CHECK((s == NULL) == (diag.count > 0));
  if (s) {
    struct player p = {.session = s,
                       .env = {.ns = "0001",
                               .vars = xcalloc(s->vars_bytes, 1),
                               .var_off = s->var_off,
                               .var_size = s->var_size},
                       .answers = span_from(input, n + 1)};
    for (size_t i = 0; i < s->nsteps; i++)
      play(&p, &s->steps[i]);
    free(p.env.vars);
    session_free(s);
  }
  diag_fini(&diag);
  return 0;
}
