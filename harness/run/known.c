#include "run/known.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "server/yaml.h"

static bool read_kind(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  struct known_entry *e =
      (struct known_entry *)((char *)to - offsetof(struct known_entry, kind_name));
  if (!yaml_text(y, name, node, to))
    return false;
  if (verdict_kind_find(e->kind_name, &e->kind) && e->kind < KIND_SETUP &&
      e->kind != KIND_SANITIZER_REPORT)
    return true;
  return yaml_error(y, node,
                    "unknown kind \"%s\"; write nonconformance, unexpected_close, timeout, "
                    "leftover, server_crash or server_limit",
                    e->kind_name);
}

static bool read_signal(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  const char **text = to;
  if (!yaml_text(y, name, node, to))
    return false;
  for (int s = 1; s < NSIG; s++)
    if (sigabbrev_np(s) && strncmp(*text, "SIG", 3) == 0 && strcmp(*text + 3, sigabbrev_np(s)) == 0)
      return true;
  return yaml_error(y, node, "unknown signal \"%s\"; write SIGSEGV, SIGABRT or the like", *text);
}

static bool read_transport(struct yaml *y, const char *name, yaml_node_t *node, void *to) {
  const char **text = to;
  enum transport t;
  return yaml_text(y, name, node, to) &&
         (transport_find(span_str(*text), &t) ||
          yaml_error(y, node, "unknown transport \"%s\"; write unix, tcp or tls", *text));
}

static const struct yaml_key keys[] = {
    {"case", yaml_text, offsetof(struct known_entry, pattern), false},
    {"delivery", yaml_text, offsetof(struct known_entry, delivery), false},
    {"kind", read_kind, offsetof(struct known_entry, kind_name), false},
    {"stop", read_signal, offsetof(struct known_entry, stop), false},
    {"transport", read_transport, offsetof(struct known_entry, transport), false},
    {"why", yaml_text, offsetof(struct known_entry, why), true},
    {"link", yaml_text, offsetof(struct known_entry, link), false},
    {0},
};

/* What is being read. */
struct list {
  struct known *known;
  const char *file;
  bool flaky;
};

static bool read_entry(struct yaml *y, const char *name, yaml_node_t *node, void *arg) {
  const struct list *list = arg;
  struct known_entry *e = vec_push(&list->known->entries);
  (void)name;
  *e = (struct known_entry){
      .flaky = list->flaky, .file = list->file, .line = yaml_line(node), .col = yaml_col(node)};
  if (!yaml_record(y, "an entry", node, keys, e))
    return false;
  bool of_case = e->pattern && e->kind_name && !e->stop && !e->transport;
  bool of_stop = e->stop && !e->pattern && !e->kind_name && !e->delivery && !e->flaky;
  if (!e->pattern)
    e->pattern = "";
  if (!e->delivery)
    e->delivery = "*";
  if (of_stop)
    e->kind = KIND_SERVER_CRASH;
  if (of_case || of_stop)
    return true;
  return yaml_error(y, node,
                    e->flaky ? "an entry needs case, kind and why"
                             : "an entry needs case, kind and why, or stop and why");
}

void known_init(struct known *k) {
  *k = (struct known){0};
  arena_init(&k->arena);
  vec_init(&k->entries, sizeof(struct known_entry));
}

bool known_read(struct known *k, struct span text, const char *file, bool flaky,
                struct diag *diag) {
  struct list list = {k, arena_str(&k->arena, span_str(file)), flaky};
  struct yaml y;
  if (!yaml_open(&y, text, list.file, &k->arena, diag))
    return false;
  bool ok = yaml_items(&y, flaky ? "a list of flaky cases" : "a list of known deviations",
                       yaml_root(&y), read_entry, &list);
  yaml_close(&y);
  return ok;
}

void known_fini(struct known *k) {
  vec_fini(&k->entries);
  arena_fini(&k->arena);
}

const struct known_entry *known_find(const struct known *k, const char *id, const char *delivery) {
  for (size_t i = 0; i < k->entries.n; i++) {
    const struct known_entry *e = vec_at(&k->entries, i);
    if (text_glob(span_str(e->pattern), span_str(id)) &&
        text_glob(span_str(e->delivery), span_str(delivery)))
      return e;
  }
  return NULL;
}

const struct known_entry *known_find_stop(const struct known *k, int signal, enum transport t) {
  for (size_t i = 0; i < k->entries.n; i++) {
    const struct known_entry *e = vec_at(&k->entries, i);
    if (e->stop && signal && strcmp(e->stop + 3, sigabbrev_np(signal)) == 0 &&
        (!e->transport || strcmp(e->transport, transport_name(t)) == 0))
      return e;
  }
  return NULL;
}

static bool fits(const struct known_entry *e, const char *id) {
  return text_glob(span_str(e->pattern), span_str(id));
}

/* Whether a case can be meant by both. Deliveries are patterns on either side; of those that differ
 * one is the wider. */
static const char *meant_by_both(const struct known_entry *a, const struct known_entry *b,
                                 const struct suite *suite) {
  if (!text_glob(span_str(a->delivery), span_str(b->delivery)) &&
      !text_glob(span_str(b->delivery), span_str(a->delivery)))
    return NULL;
  for (size_t i = 0; i < suite->cases.n; i++)
    if (fits(a, suite_case(suite, i)->id) && fits(b, suite_case(suite, i)->id))
      return suite_case(suite, i)->id;
  return NULL;
}

static bool fits_some(const struct known_entry *e, const struct suite *suite) {
  for (size_t i = 0; i < suite->cases.n; i++)
    if (fits(e, suite_case(suite, i)->id))
      return true;
  return false;
}

static void check_other_list(const struct known *k, const struct known_entry *e,
                             const struct suite *suite, struct diag *diag) {
  for (size_t i = 0; i < k->entries.n; i++) {
    const struct known_entry *other = vec_at(&k->entries, i);
    const char *id = e->flaky && !other->flaky ? meant_by_both(e, other, suite) : NULL;
    if (id)
      diag_at(diag, e->file, e->line, e->col,
              "%s is listed as a known deviation too, in %s:%u; keep one of the two", id,
              other->file, other->line);
  }
}

bool known_check(const struct known *k, const struct suite *suite, bool whole, struct diag *diag) {
  unsigned before = diag->count;
  for (size_t i = 0; i < k->entries.n; i++) {
    const struct known_entry *e = vec_at(&k->entries, i);
    if (whole && !e->stop && !fits_some(e, suite))
      diag_at(diag, e->file, e->line, e->col,
              "no case fits \"%s\"; remove the entry or mend its pattern", e->pattern);
    check_other_list(k, e, suite, diag);
  }
  return diag->count == before;
}

enum verdict_status known_status(const struct known_entry *e, const struct verdict *v) {
  if (v->status == VERDICT_PASS)
    return e->flaky ? VERDICT_PASS : VERDICT_XPASS;
  if ((v->status == VERDICT_FAIL || v->status == VERDICT_ERROR) && v->kind == e->kind &&
      v->golden != GOLDEN_DIFFERS)
    return e->flaky ? VERDICT_FLAKY : VERDICT_XFAIL;
  return v->status;
}

void known_apply(const struct known_entry *e, struct verdict *v) {
  enum verdict_status status = known_status(e, v);
  bool otherwise = v->kind == e->kind && v->golden == GOLDEN_DIFFERS;
  char *brief = NULL;
  if (status == v->status && !otherwise)
    return;
  if (otherwise)
    brief = xasprintf("fails as is known, but with other bytes than the golden's (%s)", v->brief);
  else if (status == VERDICT_XPASS)
    brief = xasprintf("passes, but is listed as a known %s: %s; remove the entry", e->kind_name,
                      e->why);
  else
    brief = xasprintf("%s (%s)", e->why, v->brief ? v->brief : "");
  free(v->brief);
  v->brief = brief;
  v->status = status;
  if (otherwise)
    v->kind = KIND_REGRESSION;
}
