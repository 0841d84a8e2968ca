#include "run/history.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/text.h"
#include "delivery/delivery.h"
#include "net/addr.h"
#include "net/file.h"

enum { FORMAT = 1, FILE_MAX = 64 << 20 };
static const json_int_t us_max = 86400 * INT64_C(1000000); /* a case run takes no day */

/* Both have an object for each case, and in it one for each delivery and transport:
 * {"get/miss": {"bytewise unix": {"us": 1234, "red": true}}} */
struct history {
  json_t *cases; /* as read */
  json_t *fresh; /* of the run that is heard of */
  uint64_t seed;
};

/* 0 when it is not there. */
static mode_t mode_of(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? st.st_mode : 0;
}

static json_t *object_new(void) {
  json_t *object = json_object();
  CHECK(object);
  return object;
}

/* Splits "bytewise unix"; false unless it is written as this program writes it. */
static bool way_parse(const char *way, struct delivery *d, enum transport *t) {
  const char *blank = strchr(way, ' ');
  struct buf why;
  buf_init(&why, 1024);
  struct span name = span_of(way, blank ? (size_t)(blank - way) : 0);
  bool ok = blank && delivery_parse(name, d, &why) && span_is(name, d->name) &&
            transport_find(span_str(blank + 1), t);
  buf_fini(&why);
  return ok;
}

static bool run_is_sound(const char *way, const json_t *run) {
  struct delivery d;
  enum transport t;
  const json_t *us = json_object_get(run, "us"), *red = json_object_get(run, "red");
  return way_parse(way, &d, &t) && json_is_object(run) && (!red || json_is_boolean(red)) &&
         (!us ||
          (json_is_integer(us) && json_integer_value(us) >= 0 && json_integer_value(us) <= us_max));
}

static bool cases_are_sound(json_t *cases) {
  const char *id, *way;
  json_t *runs, *run;
  json_object_foreach(cases, id, runs) {
    if (!json_is_object(runs))
      return false;
    json_object_foreach(runs, way, run) {
      if (!run_is_sound(way, run))
        return false;
    }
  }
  return json_is_object(cases);
}

static void take_root(struct history *h, json_t *root, struct buf *why) {
  const char *seed = json_string_value(json_object_get(root, "seed"));
  json_t *cases = json_object_get(root, "cases");
  uint64_t number;
  if (json_integer_value(json_object_get(root, "format")) != FORMAT) {
    buf_addf(why, "it is not of format %d", FORMAT);
  } else if (!seed || !text_number(span_str(seed), &number) || !cases_are_sound(cases)) {
    buf_add_str(why, "it holds what no run has written");
  } else {
    json_decref(h->cases);
    h->cases = json_incref(cases);
    h->seed = number;
  }
}

static void read_file(struct history *h, const char *path, struct buf *why) {
  struct buf text;
  json_error_t error;
  buf_init(&text, FILE_MAX);
  if (!file_read(path, &text)) {
    buf_addf(why, "can't read it: %s", text.failed ? "it is too large" : strerror(errno));
  } else {
    json_t *root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
    if (root)
      take_root(h, root, why);
    else
      buf_addf(why, "it is no JSON: line %d: %s", error.line, error.text);
    json_decref(root);
  }
  buf_fini(&text);
}

struct history *history_load(const char *path, struct buf *why) {
  struct history *h = xcalloc(1, sizeof *h);
  h->cases = object_new();
  h->fresh = object_new();
  if (S_ISREG(mode_of(path)))
    read_file(h, path, why);
  return h;
}

void history_free(struct history *h) {
  if (!h)
    return;
  json_decref(h->cases);
  json_decref(h->fresh);
  free(h);
}

static char *way_of(const char *delivery, const char *transport) {
  return xasprintf("%s %s", delivery, transport);
}

bool history_find(const struct history *h, const char *id, const char *delivery,
                  const char *transport, struct history_run *out) {
  char *way = way_of(delivery, transport);
  const json_t *run = json_object_get(json_object_get(h->cases, id), way);
  const json_t *us = json_object_get(run, "us");
  free(way);
  *out = (struct history_run){.us = (uint64_t)json_integer_value(us),
                              .timed = us != NULL,
                              .red = json_is_true(json_object_get(run, "red"))};
  return run != NULL;
}

uint64_t history_seed(const struct history *h) {
  return h->seed;
}

/* Appends a word to a list with commas, unless it is there. */
static void add_once(struct buf *list, const char *word) {
  struct span rest = buf_span(list);
  while (rest.n) {
    const uint8_t *comma = memchr(rest.p, ',', rest.n);
    size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
    if (span_is(span_sub(rest, 0, n), word))
      return;
    rest = span_from(rest, comma ? n + 1 : n);
  }
  buf_addf(list, "%s%s", list->n ? "," : "", word);
}

bool history_red(const struct history *h, char **deliveries, char **transports) {
  struct buf ds, ts;
  const char *id, *way;
  json_t *runs, *run;
  buf_init(&ds, FILE_MAX);
  buf_init(&ts, FILE_MAX);
  json_object_foreach(h->cases, id, runs) {
    json_object_foreach(runs, way, run) {
      struct delivery d;
      enum transport t;
      if (!json_is_true(json_object_get(run, "red")) || !way_parse(way, &d, &t))
        continue;
      add_once(&ds, d.name);
      add_once(&ts, transport_name(t));
    }
  }
  bool any = ds.n > 0;
  *deliveries = any ? buf_take(&ds) : NULL;
  *transports = any ? buf_take(&ts) : NULL;
  buf_fini(&ds);
  buf_fini(&ts);
  return any;
}

/* The object of that name, made when it is not there. NULL for a name that is not UTF-8, which JSON
 * can't hold: such a case is not remembered. */
static json_t *member(json_t *object, const char *name) {
  json_t *found = json_object_get(object, name);
  if (!found && json_object_set_new(object, name, object_new()) == 0)
    found = json_object_get(object, name);
  return found;
}

static json_t *run_of(json_t *cases, const char *id, const char *way) {
  json_t *runs = member(cases, id);
  return runs ? member(runs, way) : NULL;
}

static void begin_cb(void *arg, const struct run_info *info) {
  struct history *h = arg;
  h->seed = info->seed;
  json_object_clear(h->fresh);
}

static void result_cb(void *arg, const struct result *r) {
  struct history *h = arg;
  /* A finding between the cases is no case run, and one that was cut short has no time. */
  if (!r->file || r->verdict.kind == KIND_INTERRUPTED)
    return;
  char *way = way_of(r->delivery, r->transport);
  json_t *run = run_of(h->fresh, r->id, way);
  free(way);
  if (!run)
    return;
  json_int_t us = (json_int_t)(r->seconds * 1e6);
  us = us > us_max ? us_max : us;
  json_t *before = json_object_get(run, "us");
  if (!before || json_integer_value(before) < us)
    json_object_set_new(run, "us", json_integer(us));
  if (verdict_is_red(&r->verdict))
    json_object_set_new(run, "red", json_true());
}

static void end_cb(void *arg, const struct run_totals *t) {
  (void)arg;
  (void)t;
}

struct sink history_sink(struct history *h) {
  return (struct sink){.begin = begin_cb, .result = result_cb, .end = end_cb, .arg = h};
}

static void forget_red(struct history *h) {
  const char *id, *way;
  json_t *runs, *run;
  json_object_foreach(h->cases, id, runs) {
    json_object_foreach(runs, way, run) {
      json_object_del(run, "red");
    }
  }
}

static void merge(struct history *h, bool keep_times) {
  const char *id, *way;
  json_t *runs, *run;
  forget_red(h);
  json_object_foreach(h->fresh, id, runs) {
    json_object_foreach(runs, way, run) {
      json_t *kept = run_of(h->cases, id, way), *us = json_object_get(run, "us");
      if (!keep_times)
        json_object_set(kept, "us", us);
      if (json_object_get(run, "red"))
        json_object_set_new(kept, "red", json_true());
    }
  }
}

static bool make_folder(const char *path) {
  char *folder = xstrdup(path), *slash = strrchr(folder, '/');
  bool ok = true;
  if (slash && slash > folder) {
    *slash = '\0';
    ok = file_mkdirs(folder);
  }
  free(folder);
  return ok;
}

bool history_write(struct history *h, const char *path, bool keep_times) {
  mode_t mode = mode_of(path);
  if (mode && !S_ISREG(mode))
    return true;
  merge(h, keep_times);
  char seed[24];
  snprintf(seed, sizeof seed, "%" PRIu64, h->seed);
  json_t *root = json_pack("{s:i s:s s:O}", "format", FORMAT, "seed", seed, "cases", h->cases);
  char *text = json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS);
  CHECK(text);
  bool ok = make_folder(path) && file_write(path, span_str(text));
  free(text);
  json_decref(root);
  return ok;
}
