/* Where the tool's own files are: cases, profiles, fixtures, certificates; in a source tree and
 * once installed. */
#ifndef RUN_PATHS_H
#define RUN_PATHS_H

#include "session/session.h"

struct paths {
  char *root; /* of the data: holds cases/ and fixtures/; relative to the working directory if below
                 it */
  char *cases;    /* root/cases */
  char *fixtures; /* root/fixtures */
  char *tls;      /* of the certificates that were built: ca.pem, cert.pem, key.pem; absolute. NULL
                     where there are none */
};

/* Looks beside the program: ../share/mcreplay when installed, the source tree when built into
 * build/PRESET/bin. MCREPLAY_DATA in the environment comes first. False when none holds cases/. The
 * certificates are in tls/ below the data, else in ../tls beside the program. */
bool paths_find(struct paths *p);
void paths_fini(struct paths *p);

/* A loader for file(..): below the fixtures, else beside the session. `session` and `paths` are
 * borrowed. */
struct paths_loader {
  const struct paths *paths;
  const char *session;
};
struct session_loader paths_loader(struct paths_loader *l);

/* The path of fixtures/KIND/NAME.yaml; the caller frees. */
char *paths_fixture(const struct paths *p, const char *kind, const char *name);

#endif
