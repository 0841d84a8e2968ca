#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/run_words.h"
#include "net/file.h"
#include "report/console.h"
#include "run/accept.h"
#include "run/golden.h"
#include "run/golden_change.h"
#include "run/keep.h"
#include "run/schedule.h"

enum { GOLDEN_MAX = 256 << 20, JOBS_MAX = 64 };

enum mode {
  MODE_NONE, /* none was given: a review on a terminal, otherwise as reject */
  MODE_ALL,
  MODE_REVIEW,
  MODE_REJECT
};

/* A golden that the plays of a case have come to. */
struct proposal {
  size_t test; /* index in the suite */
  char *path;
};

struct accept_run {
  struct run_options options;
  struct accept accept;
  struct session *past;
  enum mode mode;
  bool whole; /* all cases: goldens of no case are told */
  struct vec proposals;
  size_t accepted, rejected, refused, failed, unplayed, unchanged;
};

/* The sink of all runs: failures are told as by `run`, proposals are kept for afterwards. */
static void begin(void *arg, const struct run_info *info) {
  (void)arg, (void)info;
}

static size_t test_of(const struct suite *suite, const char *id) {
  for (size_t i = 0; i < suite->cases.n; i++)
    if (strcmp(suite_case(suite, i)->id, id) == 0)
      return i;
  return suite->cases.n;
}

static bool is_last(const struct accept_run *a) {
  return a->accept.play + 1 == ACCEPT_PLAYS;
}

static void take_result(void *arg, const struct result *r) {
  struct accept_run *a = arg;
  if (verdict_is_red(&r->verdict)) {
    struct buf text;
    buf_init(&text, SIZE_MAX / 2);
    console_format(&text, r);
    fputs(buf_cstr(&text), stdout);
    buf_fini(&text);
    a->failed++;
  } else if (r->verdict.status == VERDICT_SKIPPED) {
    a->unplayed += is_last(a);
  } else if (r->kept) {
    struct proposal *p = vec_push(&a->proposals);
    *p = (struct proposal){test_of(&a->options.suite, r->id), xstrdup(r->kept)};
  } else {
    a->unchanged += is_last(a);
  }
}

static void end(void *arg, const struct run_totals *t) {
  (void)arg, (void)t;
}

static int by_test(const void *a, const void *b) {
  const struct proposal *p = a, *q = b;
  return (p->test > q->test) - (p->test < q->test);
}

/* Plays all cases once more. */
static struct run_totals play_all(struct accept_run *a, enum server_per per) {
  struct run_config config = a->options.config;
  const struct sink sink = {.begin = begin, .result = take_result, .end = end, .arg = a};
  config.accept = &a->accept;
  config.keep = NULL;
  config.ndeliveries = 1;                                   /* each play chooses its own */
  config.transports += a->accept.play % config.ntransports; /* goldens hold for all of them */
  config.ntransports = 1;
  config.server_per = per;
  return schedule_run(&config, &sink, 1);
}

static bool load(const char *path, const char *as, const struct accept_run *a, struct buf *text,
                 struct golden_text *out) {
  struct diag diag;
  struct paths_loader loader = {&a->options.paths, as};
  bool ok = file_read(path, text);
  diag_init(&diag);
  if (!ok)
    diag_at(&diag, path, 0, 0, "can't read it: %s", strerror(errno));
  else
    out->session = session_compile_golden(buf_span(text), path, paths_loader(&loader), &diag);
  out->text = buf_span(text);
  fputs(diag_text(&diag), stderr);
  diag_fini(&diag);
  return out->session != NULL;
}

/* What is played on a server so that it has a past; without the file it has none. */
static bool load_past(struct accept_run *a) {
  char *path = xasprintf("%s/past.session", a->options.paths.fixtures);
  struct paths_loader loader = {&a->options.paths, path};
  struct diag diag;
  struct buf text;
  diag_init(&diag);
  buf_init(&text, GOLDEN_MAX);
  if (file_read(path, &text))
    a->past = session_compile(buf_span(&text), path, paths_loader(&loader), &diag);
  else if (errno != ENOENT)
    diag_at(&diag, path, 0, 0, "can't read it: %s", strerror(errno));
  bool ok = diag.count == 0;
  fputs(diag_text(&diag), stderr);
  buf_fini(&text);
  diag_fini(&diag);
  free(path);
  return ok;
}

/* Asks on the terminal; the first letter of the answer, 'q' at its end. */
static int ask(const char *question) {
  char line[64];
  printf("%s [y]es, [n]o, [a]ll, [q]uit? ", question);
  fflush(stdout);
  return fgets(line, sizeof line, stdin) ? line[0] : 'q';
}

static bool is_wanted(struct accept_run *a, const char *question) {
  if (a->mode != MODE_REVIEW)
    return a->mode == MODE_ALL;
  for (;;)
    switch (ask(question)) {
    case 'y':
      return true;
    case 'n':
      return false;
    case 'a':
      a->mode = MODE_ALL;
      return true;
    case 'q':
      a->mode = MODE_REJECT;
      return false;
    default:
      break;
    }
}

static bool write_golden(const char *path, struct span text) {
  char *folder = xstrdup(path);
  *strrchr(folder, '/') = '\0';
  bool ok = file_mkdirs(folder) && file_write(path, text);
  if (!ok)
    fprintf(stderr, "mcreplay accept: can't write %s: %s\n", path, strerror(errno));
  free(folder);
  return ok;
}

static void take_or_leave(struct accept_run *a, const char *path, struct span text) {
  if (!is_wanted(a, "accept it:"))
    a->rejected++;
  else if (write_golden(path, text))
    a->accepted++;
  else
    a->failed++;
}

static void tell_lines(const char *prefix, struct span text) {
  while (text.n > 0) {
    const uint8_t *newline = memchr(text.p, '\n', text.n);
    size_t n = newline ? (size_t)(newline - text.p) : text.n;
    printf("%s%.*s\n", prefix, (int)n, (const char *)text.p);
    text = span_from(text, newline ? n + 1 : n);
  }
}

static void offer_new(struct accept_run *a, const char *id, const char *path, struct span text) {
  size_t answers = 0;
  for (size_t i = 0; i + 3 < text.n; i++)
    answers += memcmp(text.p + i, " < ", 3) == 0 && text.p[i - 1] >= '0' && text.p[i - 1] <= '9';
  printf("NEW      %s  %zu line%s of answers\n", id, answers, answers == 1 ? "" : "s");
  if (a->mode == MODE_REVIEW)
    tell_lines("  + ", text);
  take_or_leave(a, path, text);
}

static void offer_change(struct accept_run *a, const char *id, const char *path,
                         struct golden_text before, struct golden_text after) {
  struct buf lines;
  buf_init(&lines, SIZE_MAX / 2);
  bool keeps = golden_change(&lines, before, after);
  printf("%s  %s  %s\n", keeps ? "CHANGED" : "REFUSED", id, path);
  tell_lines("  ", buf_span(&lines));
  buf_fini(&lines);
  if (keeps) {
    take_or_leave(a, path, after.text);
    return;
  }
  a->refused++;
  printf(
      "  its plays differ where the golden is exact: it is not widened. If what differs is free\n"
      "  to differ, remove the golden and accept a new one.\n");
}

static void offer(struct accept_run *a, const struct proposal *p) {
  const char *id = suite_case(&a->options.suite, p->test)->id;
  const char *session = suite_case(&a->options.suite, p->test)->file;
  char *path = golden_path(a->options.golden, id);
  struct golden_text before = {0}, after = {0};
  struct buf old, new;
  buf_init(&old, GOLDEN_MAX);
  buf_init(&new, GOLDEN_MAX);
  if (!load(p->path, session, a, &new, &after))
    a->failed++;
  else if (!goldens_find(a->options.goldens, p->test))
    offer_new(a, id, path, after.text);
  else if (load(path, path, a, &old, &before))
    offer_change(a, id, path, before, after);
  else
    a->failed++;
  session_free((struct session *)before.session);
  session_free((struct session *)after.session);
  buf_fini(&old);
  buf_fini(&new);
  free(path);
}

static void offer_orphan(void *arg, const char *path) {
  struct accept_run *a = arg;
  char *id = golden_id(a->options.golden, path);
  if (!id || test_of(&a->options.suite, id) == a->options.suite.cases.n) {
    printf("ORPHAN   %s belongs to no case\n", path);
    if (!is_wanted(a, "remove it:"))
      a->rejected++;
    else if (unlink(path) == 0)
      a->accepted++;
    else
      a->failed++;
  }
  free(id);
}

static int offer_all(struct accept_run *a) {
  if (a->proposals.n)
    qsort(a->proposals.items, a->proposals.n, a->proposals.size, by_test);
  for (size_t i = 0; i < a->proposals.n; i++)
    offer(a, vec_at(&a->proposals, i));
  if (a->whole && !goldens_each(a->options.golden, offer_orphan, a)) {
    fprintf(stderr, "mcreplay accept: can't list %s: %s\n", a->options.golden, strerror(errno));
    a->failed++;
  }
  printf("%zu accepted, %zu not accepted, %zu refused, %zu unchanged, %zu failed, %zu skipped\n",
         a->accepted, a->rejected, a->refused, a->unchanged, a->failed, a->unplayed);
  if (a->rejected && a->mode != MODE_REVIEW && a->mode != MODE_ALL)
    printf("\"mcreplay accept --all\" takes over what is not accepted, --review asks\n");
  return a->rejected || a->refused || a->failed ? EXIT_RED : EXIT_WELL;
}

static int play_and_offer(struct accept_run *a) {
  const char *base = getenv("TMPDIR");
  char *folder = xasprintf("%s/mcreplay-accept.XXXXXX", base && *base ? base : "/tmp");
  int status = EXIT_INFRASTRUCTURE;
  if (!mkdtemp(folder)) {
    fprintf(stderr, "mcreplay accept: can't make %s: %s\n", folder, strerror(errno));
    free(folder);
    return status;
  }
  struct run_totals totals = {0};
  a->accept = (struct accept){.past = a->past, .paths = &a->options.paths, .folder = folder};
  for (size_t i = 0; i < ACCEPT_PLAYS && !totals.interrupted && !totals.setup; i++) {
    a->accept.play = i;
    totals = play_all(a, i ? SERVER_PER_RUN : SERVER_PER_CASE);
  }
  if (!totals.interrupted && !totals.setup)
    status = offer_all(a);
  file_remove_tree(folder);
  free(folder);
  return status;
}

static bool parse(struct accept_run *a, struct run_words *w, int argc, char **argv) {
  enum { ALL = 256, REVIEW, REJECT, COMMAND, TAG, NEEDS, KNOWN, GOLDEN, TRANSPORT, TIMEOUT };
  static const struct option options[] = {
      {"all", no_argument, NULL, ALL},
      {"review", no_argument, NULL, REVIEW},
      {"reject", no_argument, NULL, REJECT},
      {"server", required_argument, NULL, 's'},
      {"tag", required_argument, NULL, TAG},
      {"needs", required_argument, NULL, NEEDS},
      {"known", required_argument, NULL, KNOWN},
      {"golden", required_argument, NULL, GOLDEN},
      {"transport", required_argument, NULL, TRANSPORT},
      {"jobs", required_argument, NULL, 'j'},
      {0},
  };
  static const enum mode modes[] = {MODE_ALL, MODE_REVIEW, MODE_REJECT};
  uint64_t jobs;
  opterr = 0;
  for (int c; (c = getopt_long(argc, argv, "s:k:j:", options, NULL)) != -1;)
    switch (c) {
    case ALL:
    case REVIEW:
    case REJECT:
      if (a->mode != MODE_NONE) {
        command_usage("accept", "--all, --review and --reject exclude each other; give one");
        return false;
      }
      a->mode = modes[c - ALL];
      break;
    case 's':
      w->server = optarg;
      break;
    case 'k':
      w->pattern = optarg;
      break;
    case TAG:
      w->tag = optarg;
      break;
    case NEEDS:
      w->needs = optarg;
      break;
    case KNOWN:
      w->known = optarg;
      break;
    case GOLDEN:
      w->golden = optarg;
      break;
    case TRANSPORT:
      w->transports = optarg;
      break;
    case 'j':
      if (!command_number("accept", "-j", optarg, 1, JOBS_MAX, &jobs))
        return false;
      w->workers = (unsigned)jobs;
      break;
    default:
      command_bad_option("accept", argv);
      return false;
    }
  return true;
}

static int prepare(struct accept_run *a, int argc, char **argv) {
  struct run_words w;
  run_words_init(&w, "accept");
  if (!parse(a, &w, argc, argv))
    return EXIT_USAGE;
  w.deliveries = ACCEPT_DELIVERIES;
  w.keep = "none";
  w.accepts = true;
  a->whole = optind == argc && !w.pattern && !w.tag && !w.needs;
  if (a->mode == MODE_NONE)
    a->mode = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? MODE_REVIEW : MODE_REJECT;
  int status = run_options_load(&a->options, &w, argv + optind, argc - optind);
  if (status == EXIT_WELL && !a->options.golden)
    return command_usage("accept", "--golden none leaves no place for goldens; name a folder");
  return status;
}

static int accept_main(int argc, char **argv) {
  const char *ci = getenv("CI");
  if (ci && *ci)
    return command_usage("accept", "CI is set: goldens are taken over by people, not by a CI");
  struct accept_run a = {0};
  run_options_init(&a.options);
  vec_init(&a.proposals, sizeof(struct proposal));
  int status = prepare(&a, argc, argv);
  if (status == EXIT_WELL && !load_past(&a))
    status = EXIT_USAGE;
  if (status == EXIT_WELL)
    status = play_and_offer(&a);
  for (size_t i = 0; i < a.proposals.n; i++)
    free(((struct proposal *)vec_at(&a.proposals, i))->path);
  vec_fini(&a.proposals);
  session_free(a.past);
  run_options_fini(&a.options);
  return status;
}

const struct command command_accept = {
    .name = "accept",
    .what = "take over what a server answers as its goldens",
    .help = "mcreplay accept [OPTION..] [PATH..]   folders, files or ids; all cases without\n\n"
            "Plays each case on servers with different pasts, seconds apart, and shows where\n"
            "the answers differ from the golden, line by line and field by field. What differs\n"
            "between the plays becomes a hole; a hole is never made where a golden is exact.\n"
            "Goldens of no case are offered for removal. Refuses to work under CI.\n\n"
            "  --all              take over all changes\n"
            "  --review           ask for each (on a terminal, when nothing else is said)\n"
            "  --reject           show them only (elsewhere)\n"
            "  -s NAME|FILE       the server's profile (memcached)\n"
            "  --golden DIR       where they are (fixtures/golden/NAME)\n"
            "  --transport T,..   unix, tcp, tls (all that the server has, in turn)\n"
            "  -j N               workers (one more than there are cores)\n"
            "  -k PATTERN, --tag TAG, --needs NAME   only such cases\n"
            "  --known FILE       known deviations (fixtures/known/NAME.yaml)\n"
            "Exit status 1 when a change is not accepted.\n"
            "\nExamples:\n"
            "  mcreplay accept --review\n"
            "  mcreplay accept --all -s memcached get 'cas/*'\n",
    .main = accept_main,
};
