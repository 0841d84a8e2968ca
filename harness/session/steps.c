#include "base/check.h"
#include "session/compiler.h"
#include "session/line.h"

static struct step *add_step(struct compiler *c, enum step_kind kind, unsigned conn,
                             const struct scan *scan) {
  struct step *s = vec_push(&c->steps);
  *s = (struct step){
      .kind = kind, .conn = (uint8_t)conn, .line = scan->number, .text = scan_text(scan->line)};
  if (conn >= c->session->nconns)
    c->session->nconns = (uint8_t)(conn + 1);
  return s;
}

static struct block *innermost(struct compiler *c) {
  return c->blocks.n ? vec_last(&c->blocks) : NULL;
}

/* Marks the loops around the last step as sending or expecting on its connection. */
static void mark_loops(struct compiler *c, bool sends) {
  const struct step *s = vec_last(&c->steps);
  for (size_t i = 0; i < c->blocks.n; i++) {
    const struct block *b = vec_at(&c->blocks, i);
    if (b->kind != BLOCK_REPEAT)
      continue;
    struct step *loop = vec_at(&c->steps, b->step);
    if (sends)
      loop->sends |= (uint64_t)1 << s->conn;
    else
      loop->awaits |= (uint64_t)1 << s->conn;
  }
}

/* The connection is used for sending or reading here: opens it where it is new. */
static bool use_conn(struct compiler *c, const struct scan *scan, unsigned conn, bool sends) {
  struct track *t = &c->conns[conn];
  for (unsigned i = 0; i < c->scope.depth; i++)
    if (!t->connected[i]) {
      t->read[i] = true;
      t->written[i] |= sends;
    }
  if (t->state == TRACK_CLOSED)
    return scan_error_at(scan, 0, "c%u is closed here; open it again with \"c%u connect\"", conn,
                         conn);
  if (t->state == TRACK_HALF_CLOSED && sends)
    return scan_error_at(
        scan, 0, "c%u has ended its sending side; nothing can be sent after half-close", conn);
  if (t->state == TRACK_NEW)
    t->state = TRACK_OPEN;
  return true;
}

static bool parse_conn(struct scan *scan, struct span word, size_t at, unsigned *conn) {
  uint64_t n = 0;
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
  add_step(c, STEP_SEND, conn, scan)->pattern = keep_pattern(c, &p);
  mark_loops(c, true);
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
  e->pattern = keep_pattern(c, &p);
  return true;
}

static bool parse_expect(struct compiler *c, struct scan *scan, unsigned conn) {
  struct block *b = innermost(c);
  bool inside = b && b->kind != BLOCK_REPEAT;
  struct expected e;
  if (!use_conn(c, scan, conn, false) ||
      !parse_expected(c, scan, inside && b->kind == BLOCK_EACH, &e))
    return false;
  if (inside) {
    if (b->conn >= 0 && b->conn != (int)conn)
      return scan_error_at(
          scan, 0, "a block holds the answers of one connection; this one is c%d's", b->conn);
    b->conn = (int)conn;
    *(struct expected *)vec_push(&b->items) = e;
    return true;
  }
  if (c->open_each) {
    if (!e.pattern || c->each_conn != conn)
      return scan_error_at(scan, 0, "each { } must be followed by the answer of c%u that ends it",
                           c->each_conn);
    c->open_each->terminator = e;
    c->open_each = NULL;
    return true;
  }
  add_step(c, e.pattern ? STEP_EXPECT : STEP_EXPECT_CLOSED, conn, scan)->pattern = e.pattern;
  mark_loops(c, false);
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
    add_step(c, STEP_CONNECT, conn, scan);
  } else if (span_is(word, "half-close") || span_is(word, "close")) {
    bool half = word.n > 5;
    if (!use_conn(c, scan, conn, half))
      return false;
    t->state = half ? TRACK_HALF_CLOSED : TRACK_CLOSED;
    add_step(c, half ? STEP_HALF_CLOSE : STEP_CLOSE, conn, scan);
  } else {
    struct span shown = word.n ? word : span_sub(scan->line, at, 1);
    return scan_error_at(scan, at,
                         "\"%.*s\" is no step; behind c%u comes >, <, connect, half-close or close",
                         SCAN_ARG(shown), conn);
  }
  return scan_expect_end(scan);
}

static bool parse_conn_line(struct compiler *c, struct scan *scan, struct span word, size_t at) {
  unsigned conn = 0;
  if (!parse_conn(scan, word, at, &conn))
    return false;
  scan_blanks(scan);
  bool expects = scan_peek(scan) == '<';
  const struct block *b = innermost(c);
  if (!expects && b && b->kind != BLOCK_REPEAT)
    return scan_error_at(scan, at, "only answers (c%u < ..) can stand in either and each", conn);
  if (!expects && c->open_each)
    return scan_error_at(scan, at, "each { } must be followed by the answer of c%u that ends it",
                         c->each_conn);
  if (scan_take(scan, '>'))
    return parse_send(c, scan, conn);
  if (scan_take(scan, '<'))
    return parse_expect(c, scan, conn);
  return parse_control(c, scan, conn);
}

static bool expect_brace(struct scan *scan) {
  scan_blanks(scan);
  if (!scan_take(scan, '{'))
    return scan_error(scan, "an opening { must end this line");
  return scan_expect_end(scan);
}

static struct block *open_block(struct compiler *c, struct scan *scan, enum block_kind kind) {
  struct block *b = vec_push(&c->blocks);
  *b = (struct block){.kind = kind, .line = scan->number, .conn = -1};
  vec_init(&b->items, sizeof(struct expected));
  vec_init(&b->alternatives, sizeof(struct sequence));
  return b;
}

static bool parse_repeat(struct compiler *c, struct scan *scan) {
  uint64_t count;
  struct span name = {0};
  scan_blanks(scan);
  size_t at = scan->pos;
  bool ok = scan_number(scan, "repeat's count", UINT32_MAX, &count);
  if (ok && count == 0)
    ok = scan_error_at(scan, at, "repeat 0 does nothing; count from 1");
  scan_blanks(scan);
  struct scan ahead = *scan;
  if (ok && span_is(scan_word(&ahead), "as")) {
    *scan = ahead;
    scan_blanks(scan);
    name = scan_word(scan);
    if (name.n == 0 || scope_var(&c->scope, name) >= 0 || scope_loop(&c->scope, name) >= 0)
      ok = scan_error(scan, name.n ? "the counter's name is in use; take another"
                                   : "a name must follow as");
  }
  ok = ok && expect_brace(scan);
  if (c->scope.depth == SESSION_LOOPS)
    return scan_error_at(scan, 0, "repeat is nested more than %d deep", SESSION_LOOPS);
  /* The block is opened after an error as well, so that its end is no second one. */
  struct block *b = open_block(c, scan, BLOCK_REPEAT);
  b->step = c->steps.n;
  struct step *s = add_step(c, STEP_LOOP, 0, scan);
  s->loop = (uint8_t)c->scope.depth;
  s->count = ok ? count : 1;
  for (size_t i = 0; i < SESSION_CONNS; i++) {
    struct track *t = &c->conns[i];
    t->read[c->scope.depth] = t->written[c->scope.depth] = t->connected[c->scope.depth] = false;
  }
  c->scope.loops[c->scope.depth++] = name;
  return ok;
}

static bool close_repeat(struct compiler *c, struct scan *scan, const struct block *b) {
  unsigned depth = --c->scope.depth;
  size_t end = c->steps.n;
  struct step *s = add_step(c, STEP_LOOP_END, 0, scan), *loop = vec_at(&c->steps, b->step);
  s->loop = loop->loop;
  s->partner = b->step;
  loop->partner = end;
  if (end == b->step + 1)
    return scan_error_at(scan, 0, "this repeat holds no step");
  for (unsigned i = 1; i < SESSION_CONNS && loop->count > 1; i++) {
    const struct track *t = &c->conns[i];
    if ((t->read[depth] && t->state == TRACK_CLOSED) ||
        (t->written[depth] && t->state == TRACK_HALF_CLOSED))
      return scan_error_at(scan, 0,
                           "c%u is closed at the end of this repeat and used at its start; "
                           "begin it with \"c%u connect\"",
                           i, i);
  }
  return true;
}

static void end_alternative(struct compiler *c, struct block *b) {
  struct sequence *s = vec_push(&b->alternatives);
  s->n = b->items.n;
  s->items = arena_copy(c->scope.arena, b->items.items, b->items.n * sizeof *s->items);
  b->items.n = 0;
}

static bool close_either(struct compiler *c, struct scan *scan, struct block *b) {
  end_alternative(c, b);
  struct choice *choice = arena_alloc(c->scope.arena, sizeof *choice);
  choice->n = b->alternatives.n;
  choice->alternatives =
      arena_copy(c->scope.arena, b->alternatives.items, choice->n * sizeof *choice->alternatives);
  for (size_t i = 0; i < choice->n; i++) {
    const struct sequence *s = &choice->alternatives[i];
    if (s->n == 0)
      return scan_error_at(scan, 0, "an alternative of either is empty; it needs an answer");
    for (size_t k = 0; k < s->n; k++)
      if (!s->items[k].pattern && k + 1 < s->n)
        return scan_error_at(scan, 0, "nothing can follow closed within an alternative");
    if (!s->items[s->n - 1].pattern)
      c->conns[b->conn].maybe_closed = true;
  }
  struct step *s = add_step(c, STEP_EXPECT_EITHER, (unsigned)b->conn, scan);
  s->choice = choice;
  s->line = b->line;
  s->text = choice->alternatives[0].items[0].text;
  return true;
}

static bool close_each(struct compiler *c, struct scan *scan, struct block *b) {
  if (b->items.n == 0)
    return scan_error_at(scan, 0, "this each holds no answer");
  struct unordered *each = arena_alloc(c->scope.arena, sizeof *each);
  each->n = b->items.n;
  each->items = arena_copy(c->scope.arena, b->items.items, each->n * sizeof *each->items);
  struct step *s = add_step(c, STEP_EXPECT_EACH, (unsigned)b->conn, scan);
  s->each = each;
  s->line = b->line;
  s->text = each->items[0].text;
  c->open_each = each;
  c->each_conn = (uint8_t)b->conn;
  c->each_line = b->line;
  return true;
}

static bool parse_close_brace(struct compiler *c, struct scan *scan) {
  struct block *b = innermost(c);
  if (!b)
    return scan_error(scan, "this } closes nothing");
  scan->pos++;
  scan_blanks(scan);
  struct scan ahead = *scan;
  if (span_is(scan_word(&ahead), "or")) {
    if (b->kind != BLOCK_EITHER)
      return scan_error(scan, "\"} or {\" stands in either only");
    *scan = ahead;
    end_alternative(c, b);
    return expect_brace(scan);
  }
  bool ok = scan_expect_end(scan);
  struct block closed = *b;
  vec_pop(&c->blocks);
  size_t before = c->steps.n;
  switch (closed.kind) {
  case BLOCK_REPEAT:
    ok = close_repeat(c, scan, &closed) && ok;
    break;
  case BLOCK_EITHER:
    ok = close_either(c, scan, &closed) && ok;
    break;
  case BLOCK_EACH:
    ok = close_each(c, scan, &closed) && ok;
    break;
  }
  if (closed.kind != BLOCK_REPEAT && c->steps.n > before)
    mark_loops(c, false);
  vec_fini(&closed.items);
  vec_fini(&closed.alternatives);
  return ok;
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
    return scan_error_at(scan, 0, "clock can't stand in repeat");
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
    add_step(c, answer ? STEP_EXPECT : STEP_SEND, 0, scan)->pattern = keep_pattern(c, &p);
  }
  return true;
}

static bool parse_block_line(struct compiler *c, struct scan *scan, struct span word, size_t at) {
  const struct block *b = innermost(c);
  if (c->open_each || (b && b->kind != BLOCK_REPEAT))
    return scan_error_at(scan, at,
                         c->open_each ? "each { } must be followed by the answer that ends it"
                                      : "only answers can stand in either and each");
  if (span_is(word, "repeat"))
    return parse_repeat(c, scan);
  if (span_is(word, "clock"))
    return parse_clock(c, scan);
  open_block(c, scan, span_is(word, "either") ? BLOCK_EITHER : BLOCK_EACH);
  return expect_brace(scan);
}

bool steps_line(struct compiler *c, struct scan *scan) {
  if (scan_peek(scan) == '}')
    return parse_close_brace(c, scan);
  size_t at = scan->pos;
  struct span word = scan_word(scan);
  if (word.n > 1 && word.p[0] == 'c' && word.p[1] >= '0' && word.p[1] <= '9')
    return parse_conn_line(c, scan, word, at);
  if (span_is(word, "repeat") || span_is(word, "either") || span_is(word, "each") ||
      span_is(word, "clock"))
    return parse_block_line(c, scan, word, at);
  struct span shown = word.n ? word : span_sub(scan->line, at, 1);
  return scan_error_at(scan, at,
                       "\"%.*s\" begins no line; write a step (c1 > ..), repeat, either, each or "
                       "clock, or before the steps case, spec, tag, dialect, needs or isolated",
                       SCAN_ARG(shown));
}

bool steps_finish(struct compiler *c, struct scan *end) {
  bool ok = true;
  while (c->blocks.n) {
    struct block *b = vec_last(&c->blocks);
    end->number = b->line;
    ok = scan_error_at(end, 0, "this block is not closed; a line with } is missing");
    vec_fini(&b->items);
    vec_fini(&b->alternatives);
    vec_pop(&c->blocks);
  }
  if (c->open_each) {
    end->number = c->each_line;
    ok = scan_error_at(end, 0, "each { } must be followed by the answer of c%u that ends it",
                       c->each_conn);
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
