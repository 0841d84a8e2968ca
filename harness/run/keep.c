#include "run/keep.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "net/file.h"
#include "net/pcap.h"
#include "run/conversation.h"

enum {
  SESSION_MAX = 64 << 20,
  TEXT_MAX = 256 << 10,
  LOG_MAX = 1 << 20,
  NAME_MOST = 200 /* of 255 that file systems take */
};

/* Lives in memory that the parent and all workers share. */
struct keep {
  const char *base;
  atomic_uint wanted; /* folders, so far */
};

/* A folder in the making. The first thing that goes wrong is remembered. */
struct folder {
  const struct run_config *config;
  const struct job *job;
  const struct keep_side *side; /* whose files are being added; NULL: no server's */
  char *path;
  int error;
};

struct keep *keep_new(const char *base) {
  struct keep *k = mmap(NULL, sizeof *k, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (k == MAP_FAILED)
    DIE("no shared memory");
  k->base = base;
  return k;
}

void keep_free(struct keep *k) {
  if (k)
    munmap(k, sizeof *k);
}

static char fit(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
    return c;
  if (c == '/')
    return '.';
  if (strchr("+,-._=@", c))
    return c;
  return '-';
}

char *keep_name(const struct run_config *config, const struct job *job) {
  struct buf name;
  const char *id = suite_case(config->suite, job->test)->id;
  while (*id == '/' || *id == '.') /* neither hidden nor above the base */
    id++;
  buf_init(&name, 64 << 10);
  buf_addf(&name, "%s.%s.%s", id, config->deliveries[job->delivery].name,
           transport_name(config->transports[job->transport]));
  if (job->repetition)
    buf_addf(&name, ".r%u", job->repetition + 1);
  if (name.n > NAME_MOST)
    buf_drop(&name, name.n - NAME_MOST);
  for (size_t i = 0; i < name.n; i++)
    name.p[i] = (uint8_t)fit((char)name.p[i]);
  return buf_take(&name);
}

static void check(struct folder *f, bool ok) {
  if (!ok && !f->error)
    f->error = errno;
}

/* The path of a file; the caller frees. */
static char *path_of(const struct folder *f, const char *name) {
  const char *side = f->side ? f->side->name : NULL;
  return xasprintf("%s/%s%s%s", f->path, side ? side : "", side ? "." : "", name);
}

static void add_file(struct folder *f, const char *name, struct span content) {
  char *path = path_of(f, name);
  check(f, file_write(path, content));
  free(path);
}

static void add_session(struct folder *f) {
  struct buf text;
  struct diag diag;
  char *notes;
  buf_init(&text, SESSION_MAX);
  diag_init(&diag);
  bool ok = suite_text(suite_case(f->config->suite, f->job->test)->file, &text, &notes, &diag);
  check(f, ok);
  if (ok)
    add_file(f, "case.session", buf_span(&text));
  free(notes);
  diag_fini(&diag);
  buf_fini(&text);
}

/* Doing it again keeps nothing, so that what has been kept stays. */
static void add_script(struct folder *f) {
  char *here = getcwd(NULL, 0), *line = plan_reproduce(f->config, f->job);
  const char *data = getenv("MCREPLAY_DATA");
  struct buf text;
  buf_init(&text, TEXT_MAX);
  check(f, here != NULL);
  buf_add_str(&text, "#!/bin/sh\ncd ");
  text_shell(&text, span_str(here ? here : "."));
  buf_add_str(&text, " || exit\n");
  if (data) {
    buf_add_str(&text, "export MCREPLAY_DATA=");
    text_shell(&text, span_str(data));
    buf_add_byte(&text, '\n');
  }
  buf_addf(&text, "exec %s --keep none \"$@\"\n", line);
  add_file(f, "repro.sh", buf_span(&text));
  char *path = xasprintf("%s/repro.sh", f->path);
  struct stat st;
  check(f, stat(path, &st) == 0 && chmod(path, st.st_mode | ((st.st_mode & 0444) >> 2)) == 0);
  free(path);
  buf_fini(&text);
  free(line);
  free(here);
}

static void add_report(struct folder *f, const struct verdict *v) {
  struct buf text;
  buf_init(&text, TEXT_MAX);
  buf_add_str(&text,
              v->kind == KIND_NONE ? verdict_status_name(v->status) : verdict_kind_name(v->kind));
  if (f->job)
    buf_addf(&text, ": %s", suite_case(f->config->suite, f->job->test)->file);
  if (v->line)
    buf_addf(&text, ":%u", v->line);
  if (v->step)
    buf_addf(&text, "  step %u of %u", v->step, v->steps);
  buf_addf(&text, "\n%s\n%s", v->brief ? v->brief : "", v->detail ? v->detail : "");
  add_file(f, "diff.txt", buf_span(&text));
  buf_fini(&text);
}

static void add_words(struct buf *text, const char *title, const char *const *words) {
  if (!words || !*words)
    return;
  buf_add_str(text, title);
  for (; *words; words++) {
    buf_add_byte(text, ' ');
    text_shell(text, span_str(*words));
  }
  buf_add_byte(text, '\n');
}

static void add_server(struct folder *f) {
  const struct profile *p = f->side->profile;
  struct server *s = f->side->server;
  struct buf text;
  buf_init(&text, TEXT_MAX);
  buf_addf(&text, "profile      %s%s%s%s\n", p->name, p->file ? " (" : "", p->file ? p->file : "",
           p->file ? ")" : "");
  const char *const *command = s ? server_command(s) : (const char *const *)p->command;
  add_words(&text, "command     ", command);
  add_words(&text, "environment ", (const char *const *)p->environment);
  if (s)
    buf_addf(&text, "address      %s\n", server_addr(s)->text);
  if (p->version)
    buf_addf(&text, "version      starts with %s\n", p->version);
  buf_add_str(&text, "fate         ");
  size_t before = text.n;
  if (s)
    server_describe(s, &text);
  if (text.n == before)
    buf_add_str(&text, p->attached ? "attached, not ours" : s ? "alive" : "could not be had");
  buf_add_byte(&text, '\n');
  add_file(f, "server.txt", buf_span(&text));
  buf_fini(&text);
}

static void add_log(struct folder *f, struct server *s) {
  struct buf log;
  buf_init(&log, LOG_MAX);
  server_log_tail(s, LOG_MAX, &log);
  add_file(f, "server.log", buf_span(&log));
  buf_fini(&log);
}

static void add_streams(struct folder *f, const struct tape *t) {
  bool used[SESSION_CONNS] = {false};
  for (size_t i = 0; i < t->entries.n; i++)
    used[tape_entry(t, i)->conn] = true;
  for (unsigned c = 0; c < SESSION_CONNS; c++)
    for (int received = 0; used[c] && received < 2; received++) {
      struct buf bytes;
      char *name = xasprintf("%s.c%u.bin", received ? "received" : "sent", c);
      buf_init(&bytes, SIZE_MAX / 2);
      tape_stream(t, c, received, &bytes);
      add_file(f, name, buf_span(&bytes));
      buf_fini(&bytes);
      free(name);
    }
}

static void add_conversation(struct folder *f, const struct tape *t) {
  const struct session *session = suite_case(f->config->suite, f->job->test)->session;
  char *path = path_of(f, "conversation.txt");
  FILE *out = fopen(path, "we");
  check(f, out != NULL);
  if (out) {
    if (f->config->deliveries[f->job->delivery].kind->crowds)
      fputs("# of player 1 alone\n", out);
    if (session->uses_ns)
      fprintf(out, "# {ns} is %.4s\n", t->ns);
    conversation_write(out, t, session->dialect);
    check(f, !ferror(out));
    check(f, fclose(out) == 0);
  }
  free(path);
}

static struct pcap_event event_of(const struct tape *t, const struct tape_entry *e) {
  static const enum pcap_what whats[] = {
      [TAPE_OPENED] = PCAP_OPENED,     [TAPE_SENT] = PCAP_DATA,    [TAPE_CAME] = PCAP_DATA,
      [TAPE_HALF_CLOSED] = PCAP_ENDED, [TAPE_CLOSED] = PCAP_ENDED, [TAPE_ENDED] = PCAP_ENDED,
      [TAPE_RESET] = PCAP_RESET};
  return (struct pcap_event){
      .what = whats[e->kind],
      .conn = e->conn,
      .from_server = e->kind == TAPE_CAME || e->kind == TAPE_ENDED || e->kind == TAPE_RESET,
      .usec = e->usec,
      .bytes = tape_bytes(t, e),
  };
}

static void add_capture(struct folder *f, const struct tape *t) {
  char *path = path_of(f, "conversation.pcap");
  struct pcap_writer *w = pcap_writer_open(path);
  check(f, w != NULL);
  for (size_t i = 0; w && i < t->entries.n; i++) {
    const struct pcap_event e = event_of(t, tape_entry(t, i));
    pcap_writer_add(w, &e);
  }
  check(f, !w || pcap_writer_close(w));
  free(path);
}

/* What the verdict will be told as, whose brief the caller frees. */
static struct verdict told_as(const struct run_config *config, const struct job *job,
                              const struct verdict *v) {
  const struct known_entry *e = known_find(config->known, suite_case(config->suite, job->test)->id,
                                           config->deliveries[job->delivery].name);
  struct verdict told = *v;
  told.brief = v->brief ? xstrdup(v->brief) : NULL;
  if (e)
    known_apply(e, &told);
  return told;
}

static void add_line(struct verdict *v, char *line) {
  char *detail = xasprintf("%s%s\n", v->detail ? v->detail : "", line);
  free(v->detail);
  free(line);
  v->detail = detail;
}

static void add_side(struct folder *f, const struct keep_side *side) {
  f->side = side;
  add_server(f);
  if (!f->error && side->server && !side->profile->attached)
    add_log(f, side->server);
  if (!f->error && side->reports.n)
    add_file(f, "sanitizer.txt", side->reports);
  if (!f->error && side->tape) {
    add_streams(f, side->tape);
    add_conversation(f, side->tape);
    add_capture(f, side->tape);
  }
  f->side = NULL;
}

/* Makes the folder, unless there are enough. */
static bool folder_open(struct folder *f, char *name, struct verdict *v) {
  struct keep *k = f->config->keep;
  if (atomic_fetch_add(&k->wanted, 1) >= KEEP_MOST) {
    add_line(v, xasprintf("not kept: %d failures of this run are kept already", KEEP_MOST));
    free(name);
    return false;
  }
  f->path = xasprintf("%s/%s", k->base, name);
  free(name);
  file_remove_tree(f->path);
  check(f, file_mkdirs(f->path));
  return true;
}

/* The path, or NULL with a line that says why not. */
static char *folder_close(struct folder *f, struct verdict *v) {
  if (!f->error)
    return f->path;
  add_line(v, xasprintf("not kept: can't write below %s: %s", f->path, strerror(f->error)));
  free(f->path);
  return NULL;
}

static char *keep_red(const struct run_config *config, const struct job *job, struct verdict *v,
                      const struct verdict *told, const struct keep_side *sides, size_t nsides) {
  struct folder f = {.config = config, .job = job};
  if (!folder_open(&f, keep_name(config, job), v))
    return NULL;
  if (!f.error) {
    add_script(&f);
    add_session(&f);
    add_report(&f, told);
  }
  for (size_t i = 0; i < nsides && !f.error; i++)
    add_side(&f, &sides[i]);
  return folder_close(&f, v);
}

char *keep_finding(const struct run_config *config, const char *name, struct verdict *v) {
  struct folder f = {.config = config};
  if (!config->keep || !folder_open(&f, xstrdup(name), v))
    return NULL;
  if (!f.error)
    add_report(&f, v);
  return folder_close(&f, v);
}

char *keep_failure(const struct run_config *config, const struct job *job, struct verdict *v,
                   const struct keep_side *sides, size_t nsides) {
  if (!config->keep || v->kind == KIND_INTERRUPTED)
    return NULL;
  struct verdict told = told_as(config, job, v);
  char *path = verdict_is_red(&told) ? keep_red(config, job, v, &told, sides, nsides) : NULL;
  free(told.brief);
  return path;
}
