/* Literals: the notation's ways to write exact bytes. Internal to the session layer. */
#ifndef SESSION_LITERAL_H
#define SESSION_LITERAL_H

#include "session/section.h"

/* Parses one literal at the scanner and appends its bytes. */
bool literal_parse(struct section *s, struct scan *scan, struct scope *scope);

#endif
