/* `mcreplay record --from`: sessions of a capture of packets. */
#ifndef CLI_RECORD_FROM_H
#define CLI_RECORD_FROM_H

#include <stdbool.h>

/* Whether the arguments ask for it. */
bool record_from_asked(int argc, char **argv);

/* Returns the exit status. */
int record_from(int argc, char **argv);

#endif
