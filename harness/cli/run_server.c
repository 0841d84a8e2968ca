#include "cli/run_server.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "net/file.h"

bool run_server_yaml(const char *path, struct buf *text, struct diag *diag) {
  if (file_read(path, text))
    return true;
  diag_at(diag, path, 0, 0, "can't read it: %s",
          text->failed ? "it is too large" : strerror(errno));
  return false;
}

/* The profile of a name or a file, which the option gave. */
static struct profile *load_profile(const struct run_options *o, const char *option,
                                    const char *server, struct diag *diag) {
  CHECK(server);
  bool is_path = strchr(server, '/') || text_glob(span_str("*.yaml"), span_str(server));
  char *path = is_path ? xstrdup(server) : paths_fixture(&o->paths, "servers", server);
  struct profile *p = NULL;
  struct buf text;
  buf_init(&text, RUN_YAML_MAX);
  if (!is_path && access(path, R_OK) != 0)
    diag_at(diag, option, 0, 0,
            "no profile for \"%s\" (%s); name one of the profiles there, or a file", server, path);
  else if (run_server_yaml(path, &text, diag))
    p = profile_parse(buf_span(&text), path, diag);
  buf_fini(&text);
  free(path);
  return p;
}

static struct profile *find_one(const struct run_options *o, const struct run_words *w,
                                struct diag *diag) {
  if (!!w->server + !!w->command + !!w->attach > 1) {
    diag_at(diag, w->head, 0, 0, "-s, --command and --attach exclude each other; give one");
    return NULL;
  }
  if (w->binary && (w->command || w->attach)) {
    diag_at(diag, w->head, 0, 0,
            "--binary takes the place of a profile's program; give it with -s, or name the "
            "program in --command");
    return NULL;
  }
  if (w->command)
    return profile_of_command(w->command, "--command", diag);
  struct profile *p = NULL;
  if (!w->attach) {
    p = load_profile(o, "-s", w->server ? w->server : "memcached", diag);
    if (p && w->binary)
      profile_set_program(p, w->binary);
    return p;
  }
  struct addr a;
  struct buf why;
  buf_init(&why, 1024);
  if (addr_parse(&a, w->attach, &why))
    p = profile_attached(&a);
  else
    diag_at(diag, "--attach", 0, 0, "%s", buf_cstr(&why));
  buf_fini(&why);
  return p;
}

/* One of two: a profile, a program that takes the place of the profile's own, or a command line. */
static struct profile *find_side(const struct run_options *o, const struct run_words *w,
                                 const char *option, const char *word, struct diag *diag) {
  if (w->commands)
    return profile_of_command(word, option, diag);
  if (!w->server)
    return load_profile(o, option, word, diag);
  struct profile *p = load_profile(o, "-s", w->server, diag);
  if (p && word)
    profile_set_program(p, word);
  return p;
}

static bool find_both(struct run_options *o, const struct run_words *w, struct diag *diag) {
  if (w->server && w->commands)
    diag_at(diag, w->head, 0, 0, "-s and --commands exclude each other; give one");
  else if (!w->candidate || (!w->baseline && !w->server))
    diag_at(diag, w->head, 0, 0,
            "--baseline and --candidate name what is compared; with -s PROFILE they are programs, "
            "and the baseline may be the profile's own");
  else
    o->profile = find_side(o, w, "--baseline", w->baseline, diag);
  if (o->profile)
    o->candidate = find_side(o, w, "--candidate", w->candidate, diag);
  return o->candidate != NULL;
}

bool run_server_find(struct run_options *o, const struct run_words *w, struct diag *diag) {
  if (strcmp(w->program, "compare") == 0) {
    if (!find_both(o, w, diag))
      return false;
    const char *a = o->profile->name, *b = o->candidate->name;
    o->server = strcmp(a, b) == 0 ? xstrdup(a) : xasprintf("%s..%s", a, b);
    return true;
  }
  o->profile = find_one(o, w, diag);
  o->server = o->profile ? xstrdup(o->profile->name) : NULL;
  return o->profile != NULL;
}

/* The name of a server that does not serve the transport, or NULL. */
static const char *unserved(const struct run_options *o, enum transport t) {
  if (!o->profile->transports[t].supported)
    return o->profile->name;
  return o->candidate && !o->candidate->transports[t].supported ? o->candidate->name : NULL;
}

bool run_server_transports(struct run_options *o, const struct run_words *w, struct diag *diag) {
  const char *list = w->transports;
  size_t n = 0;
  for (int t = 0; !list && t < TRANSPORTS && (n == 0 || w->accepts); t++)
    if (!unserved(o, (enum transport)t))
      o->transports[n++] = (enum transport)t;
  if (!list && n == 0)
    diag_at(diag, "--transport", 0, 0, "%s and %s serve none that is the same", o->profile->name,
            o->candidate->name);
  while (list) {
    const char *comma = strchr(list, ',');
    struct span name = comma ? span_of(list, (size_t)(comma - list)) : span_str(list);
    enum transport t;
    if (!transport_find(name, &t)) {
      diag_at(diag, "--transport", 0, 0, "unknown transport \"%.*s\"; there are unix, tcp and tls",
              (int)name.n, (const char *)name.p);
      return false;
    }
    if (unserved(o, t)) {
      diag_at(diag, "--transport", 0, 0, "%s does not serve %s", unserved(o, t), transport_name(t));
      return false;
    }
    size_t i = 0;
    while (i < n && o->transports[i] != t)
      i++;
    if (i == n)
      o->transports[n++] = t;
    list = comma ? comma + 1 : NULL;
  }
  o->config.transports = o->transports;
  o->config.ntransports = n;
  return n > 0;
}

static void add_option(struct buf *line, const char *option, const char *word) {
  if (!word)
    return;
  buf_addf(line, " %s ", option);
  text_shell(line, span_str(word));
}

char *run_server_reproduce(const struct run_words *w, const char *program) {
  bool compares = strcmp(w->program, "compare") == 0;
  bool implied = compares || w->command || w->attach;
  struct buf line;
  buf_init(&line, 16 << 10);
  text_shell(&line, span_str(program));
  buf_addf(&line, " %s", compares ? w->program : "run");
  add_option(&line, "-s", w->server ? w->server : implied ? NULL : "memcached");
  add_option(&line, "--command", w->command);
  add_option(&line, "--attach", w->attach);
  add_option(&line, "--binary", w->binary);
  if (w->commands)
    buf_add_str(&line, " --commands");
  add_option(&line, "--baseline", w->baseline);
  add_option(&line, "--candidate", w->candidate);
  add_option(&line, "--ca", w->ca);
  add_option(&line, "--known", w->known);
  add_option(&line, "--flaky", w->flaky);
  add_option(&line, "--sanitizers", w->sanitizers);
  add_option(&line, "--golden", w->golden);
  if (w->max_memory_ratio > 0)
    buf_addf(&line, " --max-memory-ratio %g", w->max_memory_ratio);
  if (w->max_cpu_ratio > 0)
    buf_addf(&line, " --max-cpu-ratio %g", w->max_cpu_ratio);
  if (w->server_per == SERVER_PER_CASE && compares)
    buf_add_str(&line, " --server-per case");
  if (w->timeout_ms != RUN_TIMEOUT_MS)
    buf_addf(&line, " --timeout %ums", w->timeout_ms);
  if (w->tool)
    buf_addf(&line, " --%s", w->tool);
  if (w->tool_options) {
    buf_add_byte(&line, '=');
    text_shell(&line, span_str(w->tool_options));
  }
  return buf_take(&line);
}
