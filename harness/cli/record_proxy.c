#include "cli/record_proxy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/run_server.h"
#include "cli/run_tls.h"
#include "net/tls.h"
#include "run/log_tail.h"
#include "run/recorder.h"

enum { WHY_MAX = 64 << 10 };

struct proxy {
  const struct record_words *words;
  struct run_options options;
  struct addr listen;
  struct tls_identity *identity;
  char *journal, *title;
};

/* Nothing that is there is written over unasked; so is what a recorder that was killed left. */
static bool is_free(const struct proxy *p) {
  const struct record_words *w = p->words;
  const char *out = w->out;
  if (!recording_is_session(out) && !text_glob(span_str("*.pcap"), span_str(out)))
    command_usage("record", "-o: name FILE.session or FILE.pcap instead of \"%s\"", out);
  else if (!w->force && access(out, F_OK) == 0)
    command_usage("record", "%s is there; name another file, or replace it with --force", out);
  else if (!w->force && access(p->journal, F_OK) == 0)
    command_usage("record",
                  "%s is what another recorder writes, or one left that was killed; take it away, "
                  "or replace it with --force",
                  p->journal);
  else
    return true;
  return false;
}

/* Of the certificates that were built; NULL when there are none. The caller frees. */
static char *built(const struct proxy *p, const char *name) {
  return p->options.paths.tls ? xasprintf("%s/%s", p->options.paths.tls, name) : NULL;
}

static bool find_identity(struct proxy *p, struct diag *diag) {
  const struct record_words *w = p->words;
  if (p->listen.transport != TRANSPORT_TLS) {
    if (w->cert || w->key)
      diag_at(diag, "--cert", 0, 0, "clients are not listened to on TLS; write --listen tls:..");
    return !w->cert && !w->key;
  }
  if (!w->cert != !w->key) {
    diag_at(diag, "--cert", 0, 0, "--cert and --key go together; give both or none");
    return false;
  }
  char *cert = w->cert ? xstrdup(w->cert) : built(p, "cert.pem");
  char *key = w->key ? xstrdup(w->key) : built(p, "key.pem");
  struct buf why;
  buf_init(&why, 1024);
  if (cert && key)
    p->identity = tls_identity_new(cert, key, &why);
  if (!cert || !key)
    diag_at(diag, "tls", 0, 0,
            "the certificates that are built with mcreplay are not there; name "
            "others with --cert and --key");
  else if (!p->identity)
    diag_at(diag, cert, 0, 0, "can't use it with the key %s: %s", key, buf_cstr(&why));
  buf_fini(&why);
  free(cert);
  free(key);
  return p->identity != NULL;
}

static bool find_listen(struct proxy *p, struct diag *diag) {
  struct buf why;
  buf_init(&why, 1024);
  bool ok = addr_parse_listen(&p->listen, p->words->listen, &why);
  if (!ok)
    diag_at(diag, "--listen", 0, 0, "%s", buf_cstr(&why));
  buf_fini(&why);
  return ok;
}

/* All that the words name. */
static bool load(struct proxy *p, struct record_words *w) {
  struct diag diag;
  diag_init(&diag);
  (void)paths_find(&p->options.paths);
  bool ok = find_listen(p, &diag) && run_server_find(&p->options, &w->run, &diag) &&
            run_server_transports(&p->options, &w->run, &diag) &&
            run_tls_find(&p->options, &w->run, &diag) && find_identity(p, &diag);
  if (!ok)
    fputs(diag_text(&diag), stderr);
  diag_fini(&diag);
  if (ok && p->options.config.ntransports > 1)
    return command_usage("record", "--transport: name one, to reach the server by"), false;
  return ok;
}

static void on_ready(void *arg, const struct addr *at) {
  const struct proxy *p = arg;
  printf("recording to %s: listening at %s, before %s; Ctrl-C ends it\n", p->words->out, at->text,
         p->options.server);
  fflush(stdout);
}

static void on_notice(void *arg, const char *text) {
  (void)arg;
  fprintf(stderr, "mcreplay record: %s\n", text);
}

static int failed(const struct buf *why) {
  fprintf(stderr, "mcreplay record: %.*s\n", (int)why->n, (const char *)why->p);
  return EXIT_INFRASTRUCTURE;
}

/* The recording is over; makes the file of it. */
static int finish(const struct proxy *p, struct recording *recording, int status) {
  const struct record_words *w = p->words;
  const struct recording_totals t = recording_totals(recording);
  struct buf why;
  if (t.conns == 0) {
    unlink(p->journal);
    fputs("mcreplay record: no client has connected; nothing is written\n", stderr);
    return status == EXIT_WELL ? EXIT_USAGE : status;
  }
  buf_init(&why, WHY_MAX);
  if (recording_finish(recording, &why)) {
    printf("wrote %s: %llu connection%s, %llu bytes from clients, %llu from the server\n", w->out,
           t.conns, t.conns == 1 ? "" : "s", t.bytes[0], t.bytes[1]);
  } else {
    buf_addf(&why, "; what was seen is in %s", p->journal);
    status = failed(&why);
  }
  buf_fini(&why);
  return status;
}

static int record(const struct proxy *p, struct server *server) {
  const struct recording_options options = {.out = p->words->out,
                                            .journal = p->journal,
                                            .dialect = p->options.profile->dialect,
                                            .title = p->title};
  struct buf why;
  buf_init(&why, WHY_MAX);
  int status = EXIT_WELL;
  struct recording *recording = recording_new(&options, &why);
  if (recording) {
    const struct recorder_config config = {.listen = p->listen,
                                           .identity = p->identity,
                                           .server = server,
                                           .recording = recording,
                                           .on_ready = on_ready,
                                           .on_notice = on_notice,
                                           .arg = (void *)(uintptr_t)p};
    enum recorder_end end = recorder_run(&config, &why);
    if (end != RECORDER_DONE)
      status = failed(&why);
    if (end == RECORDER_SERVER_ENDED)
      status = EXIT_RED;
    status = finish(p, recording, status);
  } else {
    status = failed(&why);
  }
  recording_free(recording);
  buf_fini(&why);
  return status;
}

static void bad_stop(void *arg, const struct server_bad_end *end) {
  (void)arg;
  fprintf(stderr, "mcreplay record: %s %s\n%s", end->profile->name, end->what, end->log);
}

/* Starts the server, or looks whether the attached one is there. */
static int serve(const struct proxy *p) {
  struct buf why;
  buf_init(&why, WHY_MAX);
  struct server *server = server_spawn(p->options.profile, p->options.transports[0], &why);
  int status;
  if (server && server_await(server, &why)) {
    status = record(p, server);
  } else {
    if (server) {
      buf_add_byte(&why, '\n');
      log_tail_add_of(&why, "the server's log ends with", server);
    }
    status = failed(&why);
  }
  if (server)
    server_stop(server);
  server_stop_all(bad_stop, NULL);
  buf_fini(&why);
  return status;
}

int record_proxy(struct record_words *w) {
  if (!w->listen || !w->out)
    return command_usage("record", "--listen says where clients connect, and -o where the "
                                   "recording goes; give both");
  struct proxy p = {.words = w, .journal = xasprintf("%s.journal.pcap", w->out)};
  run_options_init(&p.options);
  int status = EXIT_USAGE;
  if (is_free(&p) && load(&p, w)) {
    p.title = w->title ? xstrdup(w->title)
                       : xasprintf("recorded between clients and %s", p.options.server);
    status = serve(&p);
  }
  tls_identity_free(p.identity);
  run_options_fini(&p.options);
  free(p.journal);
  free(p.title);
  return status;
}
