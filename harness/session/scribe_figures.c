/* The figures that `stat` answers with are a server's own affair, in number, order and value. */
#include "base/check.h"
#include "session/freedom.h"
#include "session/scribe_internal.h"

#include <stdlib.h>

/* The figures in hand on a connection: the marks between these that are the server's. */
struct figures {
  size_t n, first;
  uint32_t opaque;
};

static void fold(struct scribe_plan *p, size_t first, size_t end) {
  size_t conn = plan_mark(p, end)->conn;
  for (size_t i = first; i < end; i++)
    if (plan_mark(p, i)->conn == conn && plan_mark(p, i)->from_server)
      p->lines[i].skip = true;
  p->lines[end].ends_each = true;
}

void scribe_plan_figures(struct scribe_plan *p) {
  struct figures *all = xcalloc(p->scribe->conns.n + 1, sizeof *all);
  for (size_t i = 0; i < p->marks.n; i++) {
    const struct mark *m = plan_mark(p, i);
    struct figures *in_hand = &all[m->conn];
    struct frame f;
    if (!m->from_server)
      continue;
    bool frame = mark_frame(p->scribe, m, &f);
    bool same = frame && in_hand->n > 0 && f.h.opaque == in_hand->opaque;
    if (frame && frame_is_figure(&f)) {
      *in_hand = (struct figures){same ? in_hand->n + 1 : 1, same ? in_hand->first : i, f.h.opaque};
      continue;
    }
    if (same && frame_ends_figures(&f))
      fold(p, in_hand->first, i);
    in_hand->n = 0;
  }
  free(all);
}
