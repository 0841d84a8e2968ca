#include "session/compiler.h"

static struct block *innermost(struct compiler *c) {
  return c->blocks.n ? vec_last(&c->blocks) : NULL;
}

struct block *blocks_answers(struct compiler *c) {
  struct block *b = innermost(c);
  return b && (b->kind == BLOCK_EITHER || b->kind == BLOCK_EACH) ? b : NULL;
}

void blocks_mark_loops(struct compiler *c, bool sends) {
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

/* Complains that a block holds nothing, unless what it held was wrong and has been reported. */
static bool empty(const struct compiler *c, const struct scan *scan, const struct block *b,
                  const char *complaint) {
  return c->diag->count == b->errors_before &&
         scan_error_at(scan, scan_start(scan), "%s", complaint);
}

static bool expect_brace(struct scan *scan) {
  scan_blanks(scan);
  if (!scan_take(scan, '{'))
    return scan_error(scan, "an opening { must end this line");
  return scan_expect_end(scan);
}

static struct block *open_block(struct compiler *c, struct scan *scan, enum block_kind kind) {
  struct block *b = vec_push(&c->blocks);
  *b = (struct block){.kind = kind,
                      .line = scan->number,
                      .at = scan_start(scan),
                      .errors_before = c->diag->count,
                      .conn = -1};
  vec_init(&b->items, sizeof(struct expected));
  vec_init(&b->alternatives, sizeof(struct sequence));
  return b;
}

static bool parse_repeat(struct compiler *c, struct scan *scan) {
  uint64_t count;
  unsigned errors_before = c->diag->count;
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
  if (c->scope.depth == SESSION_LOOPS) {
    open_block(c, scan, BLOCK_VOID);
    return scan_error_at(scan, scan_start(scan), "repeat is nested more than %d deep",
                         SESSION_LOOPS);
  }
  /* The block is opened after an error as well, so that its end is no second one. */
  struct block *b = open_block(c, scan, BLOCK_REPEAT);
  b->errors_before = errors_before;
  b->step = c->steps.n;
  struct step *s = steps_add(c, STEP_LOOP, 0, scan);
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
  struct step *s = steps_add(c, STEP_LOOP_END, 0, scan), *loop = vec_at(&c->steps, b->step);
  s->loop = loop->loop;
  s->partner = b->step;
  loop->partner = end;
  if (end == b->step + 1)
    return empty(c, scan, b, "this repeat holds no step");
  for (unsigned i = 1; i < SESSION_CONNS && loop->count > 1; i++) {
    const struct track *t = &c->conns[i];
    if ((t->read[depth] && t->state == TRACK_CLOSED) ||
        (t->written[depth] && t->state == TRACK_HALF_CLOSED))
      return scan_error_at(scan, scan_start(scan),
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
      return empty(c, scan, b, "an alternative of either is empty; it needs an answer");
    for (size_t k = 0; k < s->n; k++)
      if (!s->items[k].pattern && k + 1 < s->n)
        return scan_error_at(scan, scan_start(scan),
                             "nothing can follow closed within an alternative");
    if (!s->items[s->n - 1].pattern)
      c->conns[b->conn].maybe_closed = true;
  }
  struct step *s = steps_add(c, STEP_EXPECT_EITHER, (unsigned)b->conn, scan);
  s->choice = choice;
  s->line = b->line;
  s->text = choice->alternatives[0].items[0].text;
  return true;
}

static bool close_each(struct compiler *c, struct scan *scan, struct block *b) {
  if (b->items.n == 0)
    return empty(c, scan, b, "this each holds no answer");
  struct unordered *each = arena_alloc(c->scope.arena, sizeof *each);
  each->n = b->items.n;
  each->items = arena_copy(c->scope.arena, b->items.items, each->n * sizeof *each->items);
  struct step *s = steps_add(c, STEP_EXPECT_EACH, (unsigned)b->conn, scan);
  s->each = each;
  s->line = b->line;
  s->text = each->items[0].text;
  c->open_each = each;
  c->each_conn = (uint8_t)b->conn;
  c->each_line = b->line;
  c->each_at = b->at;
  return true;
}

static void block_fini(struct block *b) {
  vec_fini(&b->items);
  vec_fini(&b->alternatives);
}

static bool parse_or(struct compiler *c, struct scan *scan, struct block *b) {
  if (b->kind == BLOCK_EITHER)
    end_alternative(c, b);
  else if (b->kind != BLOCK_VOID)
    return scan_error(scan, "\"} or {\" stands in either only");
  scan_word(scan);
  return expect_brace(scan);
}

bool blocks_close(struct compiler *c, struct scan *scan) {
  struct block *b = innermost(c);
  if (!b)
    return scan_error(scan, "this } closes nothing");
  scan->pos++;
  scan_blanks(scan);
  struct scan ahead = *scan;
  if (span_is(scan_word(&ahead), "or"))
    return parse_or(c, scan, b);
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
  case BLOCK_VOID:
    break;
  }
  if (closed.kind != BLOCK_REPEAT && c->steps.n > before)
    blocks_mark_loops(c, false);
  block_fini(&closed);
  return ok;
}

bool blocks_open(struct compiler *c, struct scan *scan, struct span word) {
  if (blocks_answers(c)) {
    open_block(c, scan, BLOCK_VOID);
    return scan_error_at(scan, scan_start(scan), "only answers can stand in either and each");
  }
  if (span_is(word, "repeat"))
    return parse_repeat(c, scan);
  open_block(c, scan, span_is(word, "either") ? BLOCK_EITHER : BLOCK_EACH);
  return expect_brace(scan);
}

bool blocks_finish(struct compiler *c, struct scan *end) {
  bool ok = true;
  while (c->blocks.n) {
    struct block *b = innermost(c);
    end->number = b->line;
    ok = scan_error_at(end, b->at, "this block is not closed; a line with } is missing");
    block_fini(b);
    vec_pop(&c->blocks);
  }
  return ok;
}
