/* `record` between clients and a server. Internal to the cli layer. */
#ifndef CLI_RECORD_PROXY_H
#define CLI_RECORD_PROXY_H

#include "cli/record_words.h"

/* Records until it is told to stop; prints what is wrong. Returns the exit status. */
int record_proxy(struct record_words *w);

#endif
