/* One line's frame or raw bytes, from notation to pattern. Internal to the session layer. */
#ifndef SESSION_LINE_H
#define SESSION_LINE_H

#include "session/pattern.h"
#include "session/scan.h"
#include "session/scope.h"

/* Parses what stands behind `c1 >` or `c1 <` up to the line's end. The pattern's arrays are put
 * into the scope's arena. False with diagnostics. */
bool line_parse(struct scan *scan, struct scope *scope, bool to_server, struct pattern *out);

#endif
