#include "base/check.h"
#include "session/compiler.h"
#include "session/line.h"

static const char each_unended[] = "each { } must be followed by the answer of c%u that ends it";

struct step *steps_add(struct compiler *c, enum step_kind kind, unsigned conn,
                       const struct scan *scan) {
  struct step *s = vec_push(&c->steps);
  *s = (struct step){
      .kind = kind, .conn = (uint8_t)conn, .line = scan->number, .text = scan_text(scan->line)};
  if (conn >= c->session->nconns)
    c->session->nconns = (uint8_t)(conn + 1);
  return s;
}

/* The connection is used for sending or reading here: opens it where it is new. */
static bool use_conn(struct compiler *c, const struct scan *scan, unsigned conn, bool sends) {
  struct track *t = &c->conns[conn];
  if (c->session->golden) /* does not tell when a connection is opened again */
    return true;
  for (unsigned i = 0; i < c->scope.depth; i++)
    if (!t->connected[i]) {
      t->read[i] = true;
      t->written[i] |= sends;
    }
  if (t->state == TRACK_CLOSED)
    return scan_error_at(scan, scan_start(scan),
                         "c%u is closed here; open it again with \"c%u connect\"", conn, conn);
  if (t->state == TRACK_HALF_CLOSED && sends)
    return scan_error_at(scan, scan_start(scan),
                         "c%u has ended its sending side; nothing can be sent after half-close",
                         conn);
  if (t->state == TRACK_NEW)
    t->state = TRACK_OPEN;
  return true;
}

static bool parse_conn(struct scan *scan, struct span word, size_t at, unsigned *conn) {
  uint64_t n = 0;
  if (word.n == 1)
    return scan_error_at(scan, at, "a connection has a number; write c1 to c%d", SESSION_CONNS - 1);
  for (size_t i = 1; i < word.n; i++) {
    if (word.p[i] < '0' || word.p[i] > '9' || n > SESSION_CONNS)
      return scan_error_at(scan, at, "\"%.*s\" is no connection; write c1 to c%d", SCAN_ARG(word),
                           SESSION_CONNS - 1);
    n = n * 10 + (uint64_t)(word.p[i] - '0');
  }
  if (n == 0 || n >= SESSION_CONNS)
    return scan_error_at(scan, at, "\"%.*s\" is out of range; connections are c1 to c%d",
                         SCAN_ARG(word), SESSION_CONNS - 1);
  *conn = (unsigned)n;
  return true;
}

static const struct pattern *keep_pattern(struct compiler *c, const struct pattern *p) {
  return arena_copy(c->scope.arena, p, sizeof *p);
}

static bool parse_send(struct compiler *c, struct scan *scan, unsigned conn) {
  struct pattern p;
  if (!use_conn(c, scan, conn, true) || !line_parse(scan, &c->scope, true, &p))
    return false;
  steps_add(c, STEP_SEND, conn, scan)->pattern = keep_pattern(c, &p);
  blocks_mark_loops(c, true);
  track_send(&c->conns[conn], &p);
  return true;
}

/* `closed`, or a frame; in `each` also `others FRAME`. */
static bool parse_expected(struct compiler *c, struct scan *scan, bool in_each,
                           struct expected *e) {
  *e = (struct expected){.line = scan->number, .text = scan_text(scan->line)};
  scan_blanks(scan);
  struct scan ahead = *scan;
  struct span word = scan_word(&ahead);
  if (span_is(word, "closed")) {
    if (in_each)
      return scan_error(scan,
                        "closed can't stand in each; it has no place among unordered answers");
    *scan = ahead;
    return scan_expect_end(scan);
  }
  if (span_is(word, "others")) {
    if (!in_each)
      return scan_error(scan, "others stands in each { } only");
    *scan = ahead;
    e->others = true;
  }
  struct pattern p;
  if (!line_parse(scan, &c->scope, false, &p))
    return false;
  if (c->session->golden && (p.ncaptures || pattern_uses_capture(&p)))
    return scan_error_at(scan, scan_start(scan), "a golden captures nothing; write * for a hole");
  e->pattern = keep_pattern(c, &p);
  return true;
}

/* The answer that ends the each before it. */
static bool end_each(struct compiler *c, struct scan *scan, unsigned conn) {
  struct unordered *each = c->open_each;
  c->open_each = NULL; /* also after an error: it has been looked for where it belongs */
  if (!parse_expected(c, scan, false, &each->terminator))
    return false;
  if (each->terminator.pattern && c->each_conn == conn)
    return true;
  return scan_error_at(scan, scan_start(scan), each_unended, c->each_conn);
}

static bool parse_expect(struct compiler *c, struct scan *scan, unsigned conn) {
  struct block *b = blocks_answers(c);
  struct expected e;
  if (!use_conn(c, scan, conn, false))
    return false;
  if (!b && c->open_each)
    return end_each(c, scan, conn);
  if (!parse_expected(c, scan, b && b->kind == BLOCK_EACH, &e))
    return false;
  if (b) {
    if (b->conn >= 0 && b->conn != (int)conn)
      return scan_error_at(scan, scan_start(scan),
                           "a block holds the answers of one connection; this one is c%d's",
                           b->conn);
    b->conn = (int)conn;
    *(struct expected *)vec_push(&b->items) = e;
    return true;
  }
  steps_add(c, e.pattern ? STEP_EXPECT : STEP_EXPECT_CLOSED, conn, scan)->pattern = e.pattern;
  blocks_mark_loops(c, false);
  if (!e.pattern)
    c->conns[conn].state = TRACK_CLOSED;
  return true;
}

static bool parse_control(struct compiler *c, struct scan *scan, unsigned conn) {
  size_t at = scan->pos;
  struct span word = scan_word(scan);
  struct track *t = &c->conns[conn];
  if (span_is(word, "connect")) {
    if (t->state == TRACK_OPEN || t->state == TRACK_HALF_CLOSED)
      return scan_error_at(scan, at, "c%u is open already; close it first", conn);
    for (unsigned i = 0; i < c->scope.depth; i++)
      t->connected[i] = true;
    t->state = TRACK_OPEN;
    track_restart(t);
    steps_add(c, STEP_CONNECT, conn, scan);
  } else if (span_is(word, "half-close") || span_is(word, "close")) {
    bool half = word.n > 5;
    if (!use_conn(c, scan, conn, half))
      return false;
    t->state = half ? TRACK_HALF_CLOSED : TRACK_CLOSED;
    steps_add(c, half ? STEP_HALF_CLOSE : STEP_CLOSE, conn, scan);
    if (!half)
      blocks_mark_loops(c, false); /* it ends the expectations on this connection */
  } else {
    struct span shown = word.n ? word : span_sub(scan->line, at, 1);
    return scan_error_at(scan, at,
                         "\"%.*s\" is no step; behind c%u comes >, <, connect, half-close or close",
                         SCAN_ARG(shown), conn);
  }
  return scan_expect_end(scan);
}

/* Before a line that can't be the answer that ends the each before it. Reported once. */
static bool check_each_ended(struct compiler *c, const struct scan *scan) {
  if (!c->open_each)
    return true;
  c->open_each = NULL;
  return scan_error_at(scan, scan_start(scan), each_unended, c->each_conn);
}

static bool parse_conn_line(struct compiler *c, struct scan *scan, struct span word, size_t at) {
  unsigned conn = 0;
  if (!parse_conn(scan, word, at, &conn))
    return false;
  scan_blanks(scan);
  bool expects = scan_peek(scan) == '<';
  if (!expects && blocks_answers(c))
    return scan_error_at(scan, at, "only answers (c%u < ..) can stand in either and each", conn);
  if (!expects && c->session->golden)
    return scan_error_at(scan, at, "a golden holds answers only (c%u < ..)", conn);
  if (!expects && !check_each_ended(c, scan))
    return false;
  if (scan_take(scan, '>'))
    return parse_send(c, scan, conn);
  if (scan_take(scan, '<'))
    return parse_expect(c, scan, conn);
  return parse_control(c, scan, conn);
}

/* `clock +N` is kv_engine's adjust_timeofday on the driver's own connection: the extras are the
 * offset from real time in seconds, 8 bytes, and which clock, 1 byte: 1 is the uptime that expiry
 * goes by. */
static bool parse_clock(struct compiler *c, struct scan *scan) {
  uint64_t seconds;
  scan_blanks(scan);
  if (!scan_take(scan, '+'))
    return scan_error(scan, "write \"clock +N\": the clock can only be moved on, by N seconds");
  if (!scan_number(scan, "seconds", UINT32_MAX, &seconds) || !scan_expect_end(scan))
    return false;
  if (c->scope.depth)
    return scan_error_at(scan, scan_start(scan), "clock can't stand in repeat");
  c->clock += seconds;
  if (c->session->nconns == 0)
    c->session->nconns = 1;
  list_add(c->scope.arena, &c->session->needs, span_str("clock"));
  for (int answer = 0; answer < 2; answer++) {
    struct buf text;
    buf_init(&text, 128);
    buf_add_str(&text, "adjust_timeofday");
    if (!answer)
      buf_addf(&text, " offset=%llu time_type=1", (unsigned long long)c->clock);
    struct scan inner = {buf_span(&text), 0, scan->file, scan->number, scan->diag};
    enum dialect dialect = c->scope.dialect;
    c->scope.dialect = DIALECT_COUCHBASE;
    struct pattern p;
    bool ok = line_parse(&inner, &c->scope, !answer, &p);
    c->scope.dialect = dialect;
    buf_fini(&text);
    CHECK(ok);
    steps_add(c, answer ? STEP_EXPECT : STEP_SEND, 0, scan)->pattern = keep_pattern(c, &p);
  }
  return true;
}

/* `c` and digits; also a `c` alone, to say what it lacks. */
static bool is_conn(struct span word) {
  return word.n > 0 && word.p[0] == 'c' && (word.n == 1 || (word.p[1] >= '0' && word.p[1] <= '9'));
}

bool steps_line(struct compiler *c, struct scan *scan) {
  /* An each without its end is reported, and the line is read all the same. */
  if (scan_peek(scan) == '}') {
    bool ended = check_each_ended(c, scan);
    return blocks_close(c, scan) && ended;
  }
  size_t at = scan->pos;
  struct span word = scan_word(scan);
  if (is_conn(word))
    return parse_conn_line(c, scan, word, at);
  bool clock = span_is(word, "clock") && !c->session->golden;
  if (clock && blocks_answers(c))
    return scan_error_at(scan, at, "only answers can stand in either and each");
  if (clock) {
    bool ended = check_each_ended(c, scan);
    return parse_clock(c, scan) && ended;
  }
  if (span_is(word, "repeat") || span_is(word, "either") || span_is(word, "each")) {
    bool ended = check_each_ended(c, scan);
    return blocks_open(c, scan, word) && ended;
  }
  struct span shown = word.n ? word : span_sub(scan->line, at, 1);
  if (c->session->golden)
    return scan_error_at(scan, at,
                         "\"%.*s\" begins no line of a golden; write an answer (c1 < ..), repeat, "
                         "either or each, or before them golden, server or dialect",
                         SCAN_ARG(shown));
  return scan_error_at(scan, at,
                       "\"%.*s\" begins no line; write a step (c1 > ..), repeat, either, each or "
                       "clock, or before the steps case, spec, tag, dialect, needs or isolated",
                       SCAN_ARG(shown));
}

bool steps_finish(struct compiler *c, struct scan *end) {
  bool ok = blocks_finish(c, end);
  if (c->open_each) {
    end->number = c->each_line;
    ok = scan_error_at(end, c->each_at, each_unended, c->each_conn);
  }
  if (!ok || c->diag->count > c->errors_before)
    return ok;
  for (unsigned i = 1; i < SESSION_CONNS; i++) {
    const struct track *t = &c->conns[i];
    if (t->state != TRACK_OPEN || t->maybe_closed || track_at_border(t))
      continue;
    const struct step *last = NULL;
    for (size_t k = 0; k < c->steps.n; k++) {
      const struct step *s = vec_at(&c->steps, k);
      if (s->kind == STEP_SEND && s->conn == i)
        last = s;
    }
    end->number = last ? last->line : 1;
    ok =
        scan_error_at(end, 0,
                      "c%u ends inside a request; end it with \"c%u half-close\", \"c%u close\" or "
                      "\"c%u < closed\"",
                      i, i, i, i);
  }
  return ok;
}
