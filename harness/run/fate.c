#include "run/fate.h"

#include <stdlib.h>

#include "base/check.h"
#include "run/log_tail.h"
#include "run/wire.h"

enum verdict_kind fate_kind(enum server_fate fate) {
  switch (fate) {
  case SERVER_LOG_LIMIT:
  case SERVER_STUBBORN:
    return KIND_SERVER_LIMIT;
  case SERVER_REPORTED:
    return KIND_SANITIZER_REPORT;
  case SERVER_UNCHECKED:
    return KIND_SETUP;
  default:
    return KIND_SERVER_CRASH;
  }
}

void fate_add(struct server *s, struct verdict *v) {
  if (!server_command(s)) /* attached: its end is not ours to judge */
    return;
  bool ended = v->kind == KIND_UNEXPECTED_CLOSE;
  enum server_fate fate = ended ? server_look_closed(s, server_end_ms(s)) : server_look(s);
  if (v->status == VERDICT_PASS && fate == SERVER_RUNNING)
    return;
  struct buf detail;
  buf_init(&detail, WIRE_DETAIL_MAX);
  if (v->detail)
    buf_add_str(&detail, v->detail);
  if (fate != SERVER_RUNNING) {
    struct buf brief;
    buf_init(&brief, WIRE_BRIEF_MAX);
    buf_add_str(&brief, "the server ");
    server_describe(s, &brief);
    free(v->brief);
    v->brief = buf_take(&brief);
    v->status = VERDICT_ERROR;
    v->kind = fate_kind(fate);
    log_tail_add_of(&detail, "the server's log ends with", s);
  } else {
    size_t before = detail.n;
    log_tail_add_of(&detail, "server alive; its log ends with", s);
    if (detail.n == before)
      buf_add_str(&detail, "server alive, its log empty\n");
  }
  free(v->detail);
  v->detail = buf_take(&detail);
}

struct verdict fate_setup(struct buf *why) {
  const char *newline = memchr(buf_cstr(why), '\n', why->n);
  size_t first = newline ? (size_t)(newline - (const char *)why->p) : why->n;
  struct verdict v = {.status = VERDICT_ERROR, .kind = KIND_SETUP};
  v.brief = xasprintf("%.*s", (int)first, buf_cstr(why));
  v.detail = xstrdup(newline ? newline + 1 : "");
  return v;
}
