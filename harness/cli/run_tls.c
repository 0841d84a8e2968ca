#include "cli/run_tls.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "net/tls.h"

static bool speaks_tls(const struct run_options *o) {
  for (size_t i = 0; i < o->config.ntransports; i++)
    if (o->transports[i] == TRANSPORT_TLS)
      return true;
  return false;
}

/* Of the certificates that were built; NULL when it is not there. */
static char *built(const struct run_options *o, const char *name) {
  if (!o->paths.tls)
    return NULL;
  char *path = xasprintf("%s/%s", o->paths.tls, name);
  if (access(path, R_OK) == 0)
    return path;
  free(path);
  return NULL;
}

/* The server may stand in another folder than we do. */
static char *absolute(const char *path) {
  char *real = realpath(path, NULL);
  return real ? real : xstrdup(path);
}

bool run_tls_find(struct run_options *o, const struct run_words *w, struct diag *diag) {
  struct buf why;
  if (!speaks_tls(o)) {
    if (w->ca)
      diag_at(diag, "--ca", 0, 0, "nothing is played over TLS; add --transport tls");
    return !w->ca;
  }
  o->ca = w->ca ? absolute(w->ca) : built(o, "ca.pem");
  o->cert = built(o, "cert.pem");
  o->key = built(o, "key.pem");
  bool wants_cert =
      profile_wants_cert(o->profile) || (o->candidate && profile_wants_cert(o->candidate));
  if (!o->ca || (wants_cert && (!o->cert || !o->key))) {
    diag_at(diag, "tls", 0, 0,
            "the certificates that are built with mcreplay (%s) are not there: build or install it "
            "again%s",
            "ca.pem, cert.pem and key.pem in tls/ beside its bin/",
            o->ca ? "" : ", or name a CA with --ca");
    return false;
  }
  buf_init(&why, 1024);
  o->trust = tls_trust_new(o->ca, &why);
  if (!o->trust)
    diag_at(diag, o->ca, 0, 0, "can't take certificates from it: %s", buf_cstr(&why));
  buf_fini(&why);
  o->tls = (struct profile_tls){.cert = o->cert, .key = o->key, .ca = o->ca, .trust = o->trust};
  o->profile->tls = &o->tls;
  if (o->candidate)
    o->candidate->tls = &o->tls;
  return o->trust != NULL;
}

void run_tls_fini(struct run_options *o) {
  tls_trust_free(o->trust);
  free(o->ca);
  free(o->cert);
  free(o->key);
}
