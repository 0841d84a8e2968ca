#include "session/draft.h"

#include <stdlib.h>

#include "base/check.h"
#include "mcbp/frame.h"
#include "session/scan.h"
#include "session/turn.h"

enum { TEXT_MAX = 256 << 20 };

static void add_line(struct buf *out, struct span line) {
  buf_add_span(out, line);
  buf_add_byte(out, '\n');
}

/* Takes the lines over, but for comments and blanks. */
static void take_lines(struct draft *d, struct span text) {
  size_t n = 0;
  while (text.n) {
    const uint8_t *newline = memchr(text.p, '\n', text.n);
    struct span line = span_sub(text, 0, newline ? (size_t)(newline - text.p) : text.n);
    text = span_from(text, line.n + 1);
    line = scan_text(line);
    if (line.n == 0)
      continue;
    add_line(&d->text, line);
    n++;
  }
  d->lines = xcalloc(n ? n : 1, sizeof *d->lines);
  d->units_of = xcalloc(n ? n : 1, sizeof *d->units_of);
  struct span rest = buf_span(&d->text);
  for (; d->nlines < n; d->nlines++) {
    const uint8_t *newline = memchr(rest.p, '\n', rest.n);
    d->lines[d->nlines] = span_sub(rest, 0, (size_t)(newline - rest.p));
    d->units_of[d->nlines] = DRAFT_NO_UNIT;
    rest = span_from(rest, d->lines[d->nlines].n + 1);
  }
}

/* What the first frame that a step expects looks like; NULL for `closed`. */
static const struct pattern *expected_pattern(const struct step *s) {
  switch (s->kind) {
  case STEP_EXPECT:
    return s->pattern;
  case STEP_EXPECT_EITHER:
    return s->choice->alternatives[0].items[0].pattern;
  case STEP_EXPECT_EACH:
    return s->each->items[0].pattern;
  default:
    return NULL;
  }
}

/* The last line of a step, from 0. */
static size_t last_line(const struct step *s) {
  if (s->kind == STEP_EXPECT_EACH)
    return s->each->terminator.line - 1;
  if (s->kind != STEP_EXPECT_EITHER)
    return s->line - 1;
  const struct sequence *q = &s->choice->alternatives[s->choice->n - 1];
  return q->items[q->n - 1].line; /* the brace stands below it */
}

/* Whether an answer can be one to the request: the same command and opaque, as far as both are
 * known. */
static bool answers(const struct pattern *send, const struct pattern *answer) {
  enum { OPCODE = 1, OPAQUE = 12, OPAQUE_END = 16 };
  if (!answer)
    return false;
  if (send->raw || answer->raw)
    return true;
  for (size_t i = OPAQUE; i < OPAQUE_END; i++)
    if ((!answer->mask || answer->mask[i]) && answer->bytes[i] != send->bytes[i])
      return false;
  return answer->bytes[OPCODE] == send->bytes[OPCODE];
}

/* What is known of a connection's requests: the one that was answered last, and the last one. */
struct asked {
  uint32_t answered, last;
};

/* The unit that the answer on `conn` belongs to: the first request after the one that was answered
 * last that it fits, else that one, else the last request. */
static uint32_t owner(const struct draft *d, unsigned conn, const struct pattern *answer,
                      struct asked *asked) {
  uint32_t from = asked->answered == DRAFT_NO_UNIT ? 0 : asked->answered + 1;
  for (uint32_t i = from; i < d->nunits; i++)
    if (d->units[i].conn == conn && d->units[i].send && answers(d->units[i].send, answer))
      return asked->answered = i;
  if (asked->answered != DRAFT_NO_UNIT && answers(d->units[asked->answered].send, answer))
    return asked->answered;
  return asked->last;
}

static uint32_t add_unit(struct draft *d, const struct step *s) {
  struct draft_unit *u = &d->units[d->nunits];
  *u = (struct draft_unit){s->conn, s->kind == STEP_SEND && s->conn ? s->pattern : NULL, s->line};
  return (uint32_t)d->nunits++;
}

static void take_units(struct draft *d) {
  const struct session *s = d->session;
  struct asked asked[SESSION_CONNS];
  d->units = xcalloc(s->nsteps ? s->nsteps : 1, sizeof *d->units);
  for (size_t i = 0; i < SESSION_CONNS; i++)
    asked[i] = (struct asked){DRAFT_NO_UNIT, DRAFT_NO_UNIT};
  d->first = d->nlines;
  uint64_t times = 1, counts[SESSION_LOOPS] = {0};
  for (size_t i = 0; i < s->nsteps; i++) {
    const struct step *step = &s->steps[i];
    if (d->first > step->line - 1)
      d->first = step->line - 1;
    if (step->kind == STEP_LOOP) {
      counts[step->loop] = times;
      times *= step->count;
      continue;
    }
    if (step->kind == STEP_LOOP_END) {
      times = counts[step->loop];
      continue;
    }
    if (step->kind == STEP_SEND && step->conn) {
      d->requests += times;
      d->bytes += times * step->pattern->n;
    }
    if (d->units_of[step->line - 1] != DRAFT_NO_UNIT)
      continue; /* the other half of a `clock` line */
    bool answer = step->kind >= STEP_EXPECT && step->kind <= STEP_EXPECT_CLOSED && step->conn;
    uint32_t unit = DRAFT_NO_UNIT;
    if (answer)
      unit = owner(d, step->conn, expected_pattern(step), &asked[step->conn]);
    if (unit == DRAFT_NO_UNIT)
      unit = add_unit(d, step);
    if (step->kind == STEP_SEND && step->conn)
      asked[step->conn].last = unit;
    for (size_t k = step->line - 1; k <= last_line(step); k++)
      d->units_of[k] = unit;
  }
}

struct draft *draft_new(struct span text, const char *file, struct session_loader loader,
                        struct diag *diag) {
  struct draft *d = xcalloc(1, sizeof *d);
  buf_init(&d->text, TEXT_MAX);
  take_lines(d, text);
  d->session = session_compile(buf_span(&d->text), file, loader, diag);
  if (d->session) {
    take_units(d);
    return d;
  }
  draft_free(d);
  return NULL;
}

void draft_free(struct draft *d) {
  if (!d)
    return;
  session_free(d->session);
  buf_fini(&d->text);
  free(d->lines);
  free(d->units_of);
  free(d->units);
  free(d);
}

/* Marks the lines of loops that hold a kept unit. */
static void mark_loops(const struct draft *d, const bool *keep, bool *marked) {
  const struct session *s = d->session;
  for (size_t i = 0; i < s->nsteps; i++) {
    const struct step *loop = &s->steps[i];
    if (loop->kind != STEP_LOOP)
      continue;
    bool any = false;
    for (size_t k = i + 1; k < loop->partner; k++) {
      uint32_t unit = d->units_of[s->steps[k].line - 1];
      any |= unit != DRAFT_NO_UNIT && keep[unit];
    }
    marked[loop->line - 1] = marked[s->steps[loop->partner].line - 1] = any;
  }
}

void draft_without(const struct draft *d, const bool *keep, struct buf *out) {
  const struct session *s = d->session;
  bool *marked = xcalloc(d->nlines, sizeof *marked), open[SESSION_CONNS] = {false};
  for (size_t i = 0; i < d->nlines; i++)
    marked[i] = i < d->first || (d->units_of[i] != DRAFT_NO_UNIT && keep[d->units_of[i]]);
  mark_loops(d, keep, marked);
  for (size_t i = 0; i < s->nsteps; i++) {
    const struct step *step = &s->steps[i];
    if (!marked[step->line - 1] || step->kind == STEP_LOOP || step->kind == STEP_LOOP_END)
      continue;
    if (step->kind == STEP_CONNECT && open[step->conn])
      marked[step->line - 1] = false;
    open[step->conn] = step->kind != STEP_CLOSE && step->kind != STEP_EXPECT_CLOSED;
  }
  for (size_t i = 0; i < d->nlines; i++)
    if (marked[i])
      add_line(out, d->lines[i]);
  free(marked);
}

void draft_unroll(const struct draft *d, size_t line, struct buf *out) {
  const struct session *s = d->session;
  size_t i = 0;
  while (s->steps[i].kind != STEP_LOOP || s->steps[i].line != line + 1)
    CHECK(++i < s->nsteps);
  const struct step *loop = &s->steps[i];
  size_t end = s->steps[loop->partner].line - 1;
  struct span name = scan_counter(d->lines[line]);
  for (size_t k = 0; k < line; k++)
    add_line(out, d->lines[k]);
  for (uint64_t turn = 0; turn < loop->count; turn++)
    for (size_t k = line + 1; k < end; k++) {
      turn_line(out, d->lines[k], name, turn);
      buf_add_byte(out, '\n');
    }
  for (size_t k = end + 1; k < d->nlines; k++)
    add_line(out, d->lines[k]);
}
