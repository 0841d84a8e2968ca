#include "server/profile.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/text.h"
#include "mcbp/near.h"
#include "server/place.h"
#include "server/words.h"
#include "server/yaml.h"

#define PLACES "{socket}, {port}, {dir}, {bin}, {cert}, {key} and {ca}"

/* What a profile says of one transport, and where; `at` is NULL when it says nothing. */
struct transport_draft {
  yaml_node_t *at;
  const char **args;
  const char *port_file_env;
};

struct stop_draft {
  int signal;
  unsigned ms;
};

/* What the tables read into. */
struct draft {
  const char *name, *goldens;
  const char **command;
  const char **environment;
  struct transport_draft transports[TRANSPORTS];
  const char *version;
  const char **capabilities, **volatile_stats;
  enum dialect dialect;
  struct stop_draft stop;
  unsigned ready_ms;
  uint64_t log_bytes, memory_bytes, open_files;
};

static struct profile *profile_new(void) {
  static const char *none[] = {NULL};
  struct profile *p = xcalloc(1, sizeof *p);
  arena_init(&p->arena);
  p->environment = none;
  p->capabilities = none;
  p->volatile_stats = none;
  for (int t = 0; t < TRANSPORTS; t++)
    p->transports[t].args = none;
  p->stop_signal = SIGTERM;
  p->stop_ms = 10 * 1000;
  p->ready_ms = 10 * 1000;
  p->log_bytes = 16u << 20;
  p->end_ms = 2000;
  return p;
}

void profile_free(struct profile *p) {
  if (!p)
    return;
  arena_fini(&p->arena);
  free(p);
}

bool profile_can(const struct profile *p, const char *capability) {
  for (const char **c = p->capabilities; *c; c++)
    if (strcmp(*c, capability) == 0)
      return true;
  return false;
}

/* Whether the command or the arguments hold one of these placeholders, or its fellow. */
static bool either_holds(const char *const *command, const char *const *args, const char *one,
                         const char *other) {
  return place_used(command, one) || place_used(args, one) || place_used(command, other) ||
         place_used(args, other);
}

bool profile_wants_cert(const struct profile *p) {
  return either_holds(p->command, p->transports[TRANSPORT_TLS].args, "{cert}", "{key}") ||
         either_holds(p->environment, NULL, "{cert}", "{key}");
}

static bool read_dialect(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  struct span text;
  if (!yaml_scalar(y, name, node, &text))
    return false;
  if (!span_is(text, "stock") && !span_is(text, "couchbase"))
    return yaml_error(y, node, "%s: %s is no dialect; write stock or couchbase", name,
                      (const char *)text.p);
  *(enum dialect *)to = span_is(text, "couchbase") ? DIALECT_COUCHBASE : DIALECT_STOCK;
  return true;
}

/* The name of a folder as well. */
static bool read_folder(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  struct span text;
  if (!yaml_scalar(y, name, node, &text))
    return false;
  for (size_t i = 0; i < text.n; i++)
    if (!isalnum(text.p[i]) && (i == 0 || !strchr("._-", text.p[i])))
      return yaml_error(y, node, "%s: %s must be letters, digits, \".\", \"_\" and \"-\"", name,
                        (const char *)text.p);
  *(const char **)to = arena_str(y->arena, text);
  return true;
}

static bool read_signal(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  struct span text;
  if (!yaml_scalar(y, name, node, &text))
    return false;
  bool prefixed = text.n > 3 && memcmp(text.p, "SIG", 3) == 0;
  struct span rest = prefixed ? span_from(text, 3) : text;
  struct near near = near_of(rest);
  for (int i = 1; i < NSIG; i++) {
    const char *abbreviation = sigabbrev_np(i);
    near_offer(&near, abbreviation);
    if (prefixed && abbreviation && span_is(rest, abbreviation)) {
      *(int *)to = i;
      return true;
    }
  }
  return yaml_error(y, node, "%s: there is no signal %s; did you mean SIG%s?", name,
                    (const char *)text.p, near.best ? near.best : "TERM");
}

static bool read_duration(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  struct span text;
  if (!yaml_scalar(y, name, node, &text))
    return false;
  if (!text_duration(text, to) || *(unsigned *)to == 0)
    return yaml_error(y, node, "%s: %s is no duration; write 500ms or 10s, a day at most", name,
                      (const char *)text.p);
  return true;
}

static bool read_size(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  struct span text;
  if (!yaml_scalar(y, name, node, &text))
    return false;
  if (!text_size(text, to) || *(uint64_t *)to == 0)
    return yaml_error(y, node, "%s: %s is no size; write 64KiB, 16MiB or 1GiB", name,
                      (const char *)text.p);
  return true;
}

static bool read_count(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  struct span text;
  if (!yaml_scalar(y, name, node, &text))
    return false;
  if (!text_number(text, to) || *(uint64_t *)to == 0)
    return yaml_error(y, node, "%s: %s is no number from 1 on", name, (const char *)text.p);
  return true;
}

static bool places_known(struct yaml *y, const char *name, const yaml_node_t *node,
                         struct span text) {
  struct span word;
  if (!place_unknown(text, &word))
    return true;
  return yaml_error(y, node, "%s: %.*s stands for nothing; there are " PLACES, name, (int)word.n,
                    (const char *)word.p);
}

static bool check_item(struct yaml *y, const char *name, yaml_node_t *item, void *arg) {
  (void)arg;
  struct span text = span_of(item->data.scalar.value, item->data.scalar.length);
  return places_known(y, name, item, text);
}

/* A list of texts with placeholders. */
static bool read_args(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  return yaml_texts(y, name, node, to) && yaml_items(y, name, node, check_item, NULL);
}

static bool read_command(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  if (!read_args(y, name, node, to))
    return false;
  return **(const char ***)to ? true : yaml_error(y, node, "%s: names no program", name);
}

static bool add_variable(struct yaml *y, struct span key, const yaml_node_t *at, yaml_node_t *value,
                         void *arg) {
  static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  const char ***next = arg, *name = (const char *)key.p;
  struct span text;
  if (strspn(name, allowed) != key.n || (*name >= '0' && *name <= '9'))
    return yaml_error(y, at, "environment: %s is no name for a variable", name);
  if (!yaml_scalar(y, name, value, &text) || !places_known(y, name, value, text))
    return false;
  char *variable = arena_alloc(y->arena, key.n + text.n + 2);
  memcpy(variable, name, key.n);
  variable[key.n] = '=';
  memcpy(variable + key.n + 1, text.p, text.n);
  *(*next)++ = variable;
  return true;
}

static bool read_environment(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  size_t n = 0;
  if (node->type == YAML_MAPPING_NODE)
    n = (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
  const char **variables = arena_alloc(y->arena, (n + 1) * sizeof *variables), **next = variables;
  *(const char ***)to = variables;
  return yaml_pairs(y, name, node, add_variable, &next);
}

static bool read_transport(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  static const struct yaml_key unix_keys[] = {
      {"args", read_args, offsetof(struct transport_draft, args), false}, {NULL, NULL, 0, false}};
  static const struct yaml_key inet_keys[] = {
      {"args", read_args, offsetof(struct transport_draft, args), false},
      {"port-file-env", yaml_text, offsetof(struct transport_draft, port_file_env), false},
      {NULL, NULL, 0, false}};
  struct transport_draft *t = to;
  bool is_unix = strcmp(name, transport_name(TRANSPORT_UNIX)) == 0;
  t->at = node;
  return yaml_record(y, name, node, is_unix ? unix_keys : inet_keys, t);
}

static bool read_transports(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  static const struct yaml_key keys[] = {
      {"unix", read_transport, TRANSPORT_UNIX * sizeof(struct transport_draft), false},
      {"tcp", read_transport, TRANSPORT_TCP * sizeof(struct transport_draft), false},
      {"tls", read_transport, TRANSPORT_TLS * sizeof(struct transport_draft), false},
      {NULL, NULL, 0, false}};
  struct transport_draft *drafts = to;
  if (!yaml_record(y, name, node, keys, to))
    return false;
  for (int t = 0; t < TRANSPORTS; t++)
    if (drafts[t].at)
      return true;
  return yaml_error(y, node, "%s: name one or more of unix, tcp and tls", name);
}

static bool read_stop(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  static const struct yaml_key keys[] = {
      {"signal", read_signal, offsetof(struct stop_draft, signal), false},
      {"within", read_duration, offsetof(struct stop_draft, ms), false},
      {NULL, NULL, 0, false}};
  return yaml_record(y, name, node, keys, to);
}

static const struct yaml_key profile_keys[] = {
    {"name", read_folder, offsetof(struct draft, name), true},
    {"command", read_command, offsetof(struct draft, command), true},
    {"transports", read_transports, offsetof(struct draft, transports), true},
    {"environment", read_environment, offsetof(struct draft, environment), false},
    {"version", yaml_text, offsetof(struct draft, version), false},
    {"capabilities", yaml_texts, offsetof(struct draft, capabilities), false},
    {"volatile-stats", yaml_texts, offsetof(struct draft, volatile_stats), false},
    {"goldens", read_folder, offsetof(struct draft, goldens), false},
    {"dialect", read_dialect, offsetof(struct draft, dialect), false},
    {"ready-within", read_duration, offsetof(struct draft, ready_ms), false},
    {"stop", read_stop, offsetof(struct draft, stop), false},
    {"log-limit", read_size, offsetof(struct draft, log_bytes), false},
    {"memory-limit", read_size, offsetof(struct draft, memory_bytes), false},
    {"open-files", read_count, offsetof(struct draft, open_files), false},
    {NULL, NULL, 0, false}};

/* Whether the command says where to listen on this transport, and on no other. */
static bool check_transport(struct yaml *y, const struct draft *d, enum transport t) {
  const struct transport_draft *draft = &d->transports[t];
  const char *name = transport_name(t);
  if (!draft->at)
    return true;
  bool socket = place_used(d->command, "{socket}") || place_used(draft->args, "{socket}");
  bool port = place_used(d->command, "{port}") || place_used(draft->args, "{port}");
  if (t == TRANSPORT_UNIX && port)
    return yaml_error(y, draft->at, "%s: {port} has no meaning on a Unix socket", name);
  if (t != TRANSPORT_UNIX && socket)
    return yaml_error(y, draft->at, "%s: {socket} has no meaning on TCP", name);
  if (t != TRANSPORT_TLS && (either_holds(d->command, draft->args, "{cert}", "{key}") ||
                             either_holds(d->command, draft->args, "{ca}", "{ca}")))
    return yaml_error(y, draft->at, "%s: {cert}, {key} and {ca} have no meaning without TLS", name);
  if (t == TRANSPORT_UNIX && !socket)
    return yaml_error(y, draft->at, "%s: neither command nor args hold {socket}", name);
  if (t != TRANSPORT_UNIX && port && draft->port_file_env)
    return yaml_error(y, draft->at, "%s: {port} and port-file-env exclude each other", name);
  if (t != TRANSPORT_UNIX && !port && !draft->port_file_env)
    return yaml_error(y, draft->at,
                      "%s: neither command nor args hold {port}, and there is no port-file-env",
                      name);
  return true;
}

static bool check_transports(struct yaml *y, const struct draft *d) {
  bool ok = true;
  for (int t = 0; t < TRANSPORTS; t++)
    ok = check_transport(y, d, (enum transport)t) && ok;
  return ok;
}

static void profile_take_draft(struct profile *p, const struct draft *d) {
  p->name = d->name;
  p->goldens = d->goldens ? d->goldens : d->name;
  p->command = d->command;
  p->environment = d->environment;
  for (int t = 0; t < TRANSPORTS; t++) {
    p->transports[t].supported = d->transports[t].at != NULL;
    if (d->transports[t].args)
      p->transports[t].args = d->transports[t].args;
    p->transports[t].port_file_env = d->transports[t].port_file_env;
  }
  p->version = d->version;
  p->capabilities = d->capabilities;
  p->volatile_stats = d->volatile_stats;
  p->dialect = d->dialect;
  p->stop_signal = d->stop.signal;
  p->stop_ms = d->stop.ms;
  p->ready_ms = d->ready_ms;
  p->log_bytes = d->log_bytes;
  p->memory_bytes = d->memory_bytes;
  p->open_files = d->open_files;
}

struct profile *profile_parse(struct span text, const char *file, struct diag *diag) {
  struct profile *p = profile_new();
  struct draft d = {.environment = p->environment,
                    .capabilities = p->capabilities,
                    .volatile_stats = p->volatile_stats,
                    .stop = {p->stop_signal, p->stop_ms},
                    .ready_ms = p->ready_ms,
                    .log_bytes = p->log_bytes};
  struct yaml y;
  bool ok = false;
  if (!yaml_open(&y, text, file, &p->arena, diag))
    goto out;
  ok = yaml_record(&y, "a profile", yaml_root(&y), profile_keys, &d) && check_transports(&y, &d);
  yaml_close(&y);
  p->file = arena_str(&p->arena, span_str(file));
  profile_take_draft(p, &d);
out:
  if (!ok) {
    profile_free(p);
    p = NULL;
  }
  return p;
}

struct profile *profile_of_command(const char *command, const char *label, struct diag *diag) {
  struct profile *p = profile_new();
  size_t bad = 0;
  struct span word;
  unsigned before = diag->count;
  p->command = words_split(&p->arena, command, &bad);
  if (!p->command) {
    diag_at(diag, label, 1, (unsigned)bad + 1,
            "left open; close the quote or end with a character");
    goto out;
  }
  p->name = p->command[0];
  bool socket = place_used(p->command, "{socket}"), port = place_used(p->command, "{port}");
  bool tls = either_holds(p->command, NULL, "{cert}", "{key}");
  if (!p->name)
    diag_at(diag, label, 0, 0, "names no program");
  else if (place_unknown(span_str(command), &word))
    diag_at(diag, label, 1, (unsigned)(word.p - (const uint8_t *)command) + 1,
            "%.*s stands for nothing; there are " PLACES, (int)word.n, word.p);
  else if (socket == port)
    diag_at(diag, label, 0, 0,
            "must hold either {socket} or {port}, where the server shall listen");
  else if (socket && tls)
    diag_at(diag, label, 0, 0, "{cert} and {key} have no meaning on a Unix socket");
  else
    p->transports[socket ? TRANSPORT_UNIX : tls ? TRANSPORT_TLS : TRANSPORT_TCP].supported = true;
  if (p->name && strrchr(p->name, '/'))
    p->name = strrchr(p->name, '/') + 1;
  p->goldens = p->name;
out:
  if (diag->count > before) {
    profile_free(p);
    p = NULL;
  }
  return p;
}

void profile_set_program(struct profile *p, const char *program) {
  p->command[0] = arena_str(&p->arena, span_str(program));
}

struct profile *profile_attached(const struct addr *a) {
  struct profile *p = profile_new();
  p->attached = arena_copy(&p->arena, a, sizeof *a);
  p->name = p->goldens = p->attached->text;
  p->transports[a->transport].supported = true;
  return p;
}
