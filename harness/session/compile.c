#include "base/check.h"
#include "session/compiler.h"
#include "session/line.h"
#include "session/opcode.h"

#include <stdlib.h>

void list_add(struct arena *arena, const char ***list, struct span word) {
  size_t n = 0;
  while ((*list)[n]) {
    if (span_is(word, (*list)[n]))
      return;
    n++;
  }
  const char **longer = arena_alloc(arena, (n + 2) * sizeof *longer);
  memcpy(longer, *list, n * sizeof *longer);
  longer[n] = arena_str(arena, word);
  *list = longer;
}

/* `word, word ..` up to the line's end. */
static bool parse_list(struct compiler *c, struct scan *scan, const char ***list, bool opcodes) {
  do {
    scan_blanks(scan);
    size_t at = scan->pos;
    struct span word = scan_word(scan);
    if (word.n == 0)
      return scan_error(scan, "a name is missing; names are separated by commas");
    struct scan again = *scan;
    again.pos = at;
    bool server;
    uint8_t opcode;
    if (opcodes && !opcode_parse(&again, c->scope.dialect, &server, &opcode))
      return false;
    list_add(c->scope.arena, list, word);
    scan_blanks(scan);
  } while (scan_take(scan, ','));
  return scan_expect_end(scan);
}

static bool parse_dialect(struct compiler *c, struct scan *scan) {
  scan_blanks(scan);
  size_t at = scan->pos;
  struct span word = scan_word(scan);
  if (c->has_spec)
    return scan_error_at(scan, scan_start(scan),
                         "dialect must stand before spec, whose names it decides");
  if (span_is(word, "couchbase"))
    c->scope.dialect = DIALECT_COUCHBASE;
  else if (!span_is(word, "stock"))
    return scan_error_at(scan, at, "unknown dialect \"%.*s\"; write stock or couchbase",
                         SCAN_ARG(word));
  c->session->dialect = c->scope.dialect;
  return scan_expect_end(scan);
}

static bool parse_title(struct compiler *c, struct scan *scan) {
  if (c->has_case)
    return scan_error_at(scan, scan_start(scan), "a second case line; a file holds one case");
  c->has_case = true;
  struct span title = scan_text(span_from(scan->line, scan->pos));
  if (title.n == 0)
    return scan_error(scan, "the title is missing; say the behaviour in a sentence");
  c->session->title = arena_str(c->scope.arena, title);
  return true;
}

/* `not-under DELIVERY "reason"`: the delivery is a pattern of names, such as crowd:* */
static bool parse_not_under(struct compiler *c, struct scan *scan) {
  scan_blanks(scan);
  size_t from = scan->pos, quote = from;
  while (quote < scan->line.n && scan->line.p[quote] != '"' && scan->line.p[quote] != ' ')
    quote++;
  struct span pattern = span_sub(scan->line, from, quote - from);
  scan->pos = quote;
  scan_blanks(scan);
  struct span reason = scan_text(span_from(scan->line, scan->pos));
  if (pattern.n == 0 || reason.n < 3 || reason.p[0] != '"' || reason.p[reason.n - 1] != '"')
    return scan_error_at(scan, from,
                         "write not-under DELIVERY \"reason\", such as not-under crowd:* "
                         "\"the others' keys go as well\"");
  struct session *s = c->session;
  struct not_under *longer = arena_alloc(&s->arena, (s->nnot_under + 1) * sizeof *longer);
  if (s->nnot_under)
    memcpy(longer, s->not_under, s->nnot_under * sizeof *longer);
  longer[s->nnot_under++] = (struct not_under){
      arena_str(&s->arena, pattern), arena_str(&s->arena, span_sub(reason, 1, reason.n - 2))};
  s->not_under = longer;
  return true;
}

static bool parse_spec(struct compiler *c, struct scan *scan) {
  c->has_spec = true;
  return parse_list(c, scan, &c->session->spec, true);
}

static bool parse_tags(struct compiler *c, struct scan *scan) {
  return parse_list(c, scan, &c->session->tags, false);
}

static bool parse_needs(struct compiler *c, struct scan *scan) {
  return parse_list(c, scan, &c->session->needs, false);
}

static bool parse_isolated(struct compiler *c, struct scan *scan) {
  c->session->isolated = true;
  return scan_expect_end(scan);
}

/* The id of the case that a golden belongs to. */
static bool parse_golden(struct compiler *c, struct scan *scan) {
  if (c->has_case)
    return scan_error_at(scan, scan_start(scan), "a second golden line; a golden is of one case");
  c->has_case = true;
  struct span id = scan_text(span_from(scan->line, scan->pos));
  if (id.n == 0)
    return scan_error(scan, "the id of the case is missing, such as get/miss");
  c->session->title = arena_str(c->scope.arena, id);
  return true;
}

/* Which server has answered so. */
static bool parse_server(struct compiler *c, struct scan *scan) {
  struct span server = scan_text(span_from(scan->line, scan->pos));
  if (server.n == 0)
    return scan_error(scan, "the server is missing: its name and its version");
  c->session->server = arena_str(c->scope.arena, server);
  return true;
}

/* The line that begins with a word, before the steps; sessions and goldens have their own. */
struct head {
  const char *word;
  bool (*parse)(struct compiler *c, struct scan *scan);
};

static const struct head case_heads[] = {{"case", parse_title},
                                         {"spec", parse_spec},
                                         {"tag", parse_tags},
                                         {"needs", parse_needs},
                                         {"dialect", parse_dialect},
                                         {"isolated", parse_isolated},
                                         {"not-under", parse_not_under},
                                         {0}};

static const struct head golden_heads[] = {
    {"golden", parse_golden}, {"server", parse_server}, {"dialect", parse_dialect}, {0}};

/* Takes a head line; false in `*is_head` when it is none. */
static bool parse_head(struct compiler *c, struct scan *scan, bool *is_head) {
  struct scan at_word = *scan;
  struct span word = scan_word(&at_word);
  const struct head *head = c->session->golden ? golden_heads : case_heads;
  while (head->word && !span_is(word, head->word))
    head++;
  *is_head = head->word != NULL;
  if (!*is_head)
    return true;
  if (c->in_steps)
    return scan_error(scan, "%s must stand before the first step", head->word);
  *scan = at_word;
  return head->parse(c, scan);
}

static void parse_lines(struct compiler *c, struct span text) {
  struct scan scan = {.file = c->session->file, .diag = c->diag};
  size_t pos = 0;
  while (pos < text.n) {
    struct span rest = span_from(text, pos);
    const uint8_t *newline = memchr(rest.p, '\n', rest.n);
    scan.line = span_sub(rest, 0, newline ? (size_t)(newline - rest.p) : rest.n);
    pos += scan.line.n + 1;
    scan.number++;
    scan.pos = 0;
    if (scan_end(&scan))
      continue;
    bool is_head;
    if (!parse_head(c, &scan, &is_head) || is_head)
      continue;
    c->in_steps = true;
    /* A line that fails has reported; the next one is read all the same. */
    (void)steps_line(c, &scan);
  }
  scan.line = (struct span){0};
  unsigned last = scan.number ? scan.number : 1;
  (void)steps_finish(c, &scan);
  scan.number = 1;
  if (c->session->golden) { /* one without answers is of a case that gets none */
    if (!c->has_case)
      scan_error_at(&scan, 0,
                    "the golden line is missing; begin with \"golden\" and the case's id");
    return;
  }
  if (!c->has_case)
    scan_error_at(&scan, 0,
                  "the case line is missing; begin with \"case\" and the behaviour in a sentence");
  if (!c->has_spec)
    scan_error_at(&scan, 0, "the spec line is missing; name the commands that the case is about");
  scan.number = last;
  if (!c->in_steps)
    scan_error_at(&scan, 0,
                  "the case has no step; write what is sent and expected, such as \"c1 > noop\"");
}

static void finish(struct compiler *c) {
  struct session *s = c->session;
  s->nsteps = c->steps.n;
  s->steps = arena_copy(&s->arena, c->steps.items, c->steps.n * sizeof *s->steps);
  s->uses_ns = c->scope.uses_ns;
  s->nvars = c->scope.vars.n;
  const char **names = arena_alloc(&s->arena, s->nvars * sizeof *names);
  uint16_t *size = arena_alloc(&s->arena, s->nvars * sizeof *size);
  size_t *off = arena_alloc(&s->arena, s->nvars * sizeof *off);
  for (size_t i = 0; i < s->nvars; i++) {
    const struct scope_var *var = vec_at(&c->scope.vars, i);
    names[i] = var->name;
    size[i] = var->size;
    off[i] = s->vars_bytes;
    s->vars_bytes += var->size;
  }
  s->vars = names;
  s->var_size = size;
  s->var_off = off;
}

static struct session *compile(struct span text, const char *file, struct session_loader loader,
                               bool golden, struct diag *diag) {
  struct session *s = xcalloc(1, sizeof *s);
  arena_init(&s->arena);
  s->golden = golden;
  s->file = arena_str(&s->arena, span_str(file));
  s->title = "";
  s->spec = s->tags = s->needs = arena_alloc(&s->arena, sizeof(char *));
  struct compiler *c = xcalloc(1, sizeof *c);
  c->session = s;
  c->diag = diag;
  c->errors_before = diag->count;
  scope_init(&c->scope, &s->arena, loader);
  vec_init(&c->steps, sizeof(struct step));
  vec_init(&c->blocks, sizeof(struct block));
  parse_lines(c, span_of(arena_copy(&s->arena, text.p, text.n), text.n));
  finish(c);
  bool ok = diag->count == c->errors_before;
  vec_fini(&c->steps);
  vec_fini(&c->blocks);
  scope_fini(&c->scope);
  free(c);
  if (ok)
    return s;
  session_free(s);
  return NULL;
}

struct session *session_compile(struct span text, const char *file, struct session_loader loader,
                                struct diag *diag) {
  return compile(text, file, loader, false, diag);
}

struct session *session_compile_golden(struct span text, const char *file,
                                       struct session_loader loader, struct diag *diag) {
  return compile(text, file, loader, true, diag);
}

void session_free(struct session *s) {
  if (!s)
    return;
  arena_fini(&s->arena);
  free(s);
}

bool session_compile_line(struct span text, enum dialect dialect, bool to_server, const char *file,
                          struct buf *out, struct diag *diag) {
  struct arena arena;
  struct scope scope;
  struct pattern p;
  struct scan scan = {.line = text, .file = file, .number = 1, .diag = diag};
  arena_init(&arena);
  scope_init(&scope, &arena, (struct session_loader){0});
  scope.dialect = dialect;
  bool ok = line_parse(&scan, &scope, to_server, &p);
  if (ok && (p.mask || p.npatches || p.ngaps))
    ok = scan_error_at(&scan, 0, "holes, names and {ns} have no bytes of their own here");
  if (ok)
    ok = buf_add(out, p.bytes, p.n);
  scope_fini(&scope);
  arena_fini(&arena);
  return ok;
}
