#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "cli/shrink_words.h"
#include "net/file.h"
#include "run/clock.h"
#include "run/shrink.h"

enum { SESSION_FILE_MAX = 64 << 20 };

/* One case, one delivery, one transport, that go together. */
static bool is_one_run(const struct run_config *config) {
  if (config->suite->cases.n > 1)
    return command_usage("shrink", "%zu cases are named; one is shrunk at a time",
                         config->suite->cases.n),
           false;
  if (config->ndeliveries > 1 || config->ntransports > 1)
    return command_usage("shrink", "name one %s, one that the case fails %s",
                         config->ndeliveries > 1 ? "delivery" : "transport",
                         config->ndeliveries > 1 ? "under" : "on"),
           false;
  const struct job job = {0};
  char *skip = plan_skip(config, &job);
  if (skip)
    command_usage("shrink", "%s is not played: %s", suite_case(config->suite, 0)->id, skip);
  free(skip);
  return !skip;
}

/* Where the result goes: into the folder we are in unless it is said. The caller frees. */
static char *out_path(const struct shrink_words *w, const struct test_case *c) {
  if (w->out)
    return xstrdup(w->out);
  const char *slash = strrchr(c->id, '/');
  return xasprintf("%s-shrunk.session", slash ? slash + 1 : c->id);
}

static bool is_free(const struct shrink_words *w, const char *out, const struct test_case *c) {
  char there[PATH_MAX], input[PATH_MAX];
  const char *slash = strrchr(out, '/');
  char *folder = slash ? xasprintf("%.*s", (int)(slash - out + 1), out) : xstrdup(".");
  bool folder_is = access(folder, W_OK | X_OK) == 0;
  free(folder);
  if (!folder_is)
    command_usage("shrink", "can't write %s: %s", out, strerror(errno));
  else if (access(out, F_OK) == 0 && !w->force)
    command_usage("shrink", "%s is there; name another file with -o, or replace it with -f", out);
  else if (realpath(out, there) && realpath(c->file, input) && strcmp(there, input) == 0)
    command_usage("shrink", "%s is the case itself; name another file with -o", out);
  else
    return true;
  return false;
}

static volatile sig_atomic_t stop;

static void stop_cb(int number) {
  (void)number;
  stop = 1;
}

/* The first signal ends it in order, the next one at once. */
static void catch_signals(void) {
  struct sigaction action = {.sa_handler = stop_cb, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

static void print_size(FILE *out, const struct shrink_size *size) {
  fprintf(out, "%llu request%s, %llu bytes", (unsigned long long)size->requests,
          size->requests == 1 ? "" : "s", (unsigned long long)size->bytes);
}

struct watch {
  bool verbose, terminal;
};

static void progress(void *arg, const struct draft *best, uint64_t plays) {
  const struct watch *watch = arg;
  const struct shrink_size size = {best->requests, best->bytes};
  if (!watch->verbose && !watch->terminal)
    return;
  FILE *out = watch->verbose ? stdout : stderr;
  fputs(watch->verbose ? "  " : "\r\033[K  ", out);
  print_size(out, &size);
  fprintf(out, "  (%llu plays)%s", (unsigned long long)plays, watch->verbose ? "\n" : "");
  fflush(out);
}

struct shrinking {
  const struct shrink_words *words;
  const struct run_options *options, *reference;
  const struct test_case *test;
  const char *out;
  uint64_t began;
};

static char *reproduce_line(const struct shrinking *s, const struct shrink_result *r) {
  struct run_config config = s->options->config;
  struct suite suite;
  suite_init(&suite);
  char *out = xstrdup(s->out);
  *(struct test_case *)vec_push(&suite.cases) = (struct test_case){.file = out};
  config.suite = &suite;
  config.deliveries = &r->delivery;
  config.seed = r->seed;
  char *line = plan_reproduce(&config, &(struct job){0});
  free(out);
  vec_fini(&suite.cases);
  return line;
}

static void print_voucher(const struct shrinking *s, const struct shrink_result *r) {
  const char *server = s->options->profile->name;
  CHECK(r->voucher != VOUCHER_REFERENCE || s->reference);
  if (r->voucher == VOUCHER_REFERENCE)
    printf("  vouched by  %s, which passes it\n", s->reference->profile->name);
  else if (r->voucher == VOUCHER_DELIVERY)
    printf("  vouched by  %s, which passes it under %s\n", server, r->voucher_delivery.name);
  else
    printf("  vouched by  commands and keys alone: %s passes it under no simple delivery; a\n"
           "              --reference server would allow more\n",
           server);
}

static void print_result(const struct shrinking *s, struct shrink_result *r) {
  struct buf what;
  buf_init(&what, 4096);
  signature_describe(&r->signature, &what);
  printf("SHRUNK  %s [%s %s] %s  %s\n  from  ", s->test->id, s->options->config.deliveries[0].name,
         transport_name(s->options->config.transports[0]), s->options->profile->name,
         buf_cstr(&what));
  print_size(stdout, &r->before);
  fputs("\n  to    ", stdout);
  print_size(stdout, &r->after);
  printf(", under %s\n", r->delivery.name);
  print_voucher(s, r);
  if (r->shown < r->tried)
    printf("  it comes and goes: failed so %u of %u times, then each candidate was played up to %u "
           "times\n",
           r->shown, r->tried, r->tries);
  printf("  %llu plays in %.1f s%s\n", (unsigned long long)r->plays, clock_since(s->began),
         r->end == SHRINK_SPENT         ? ", as many as --plays allows; it may get shorter"
         : r->end == SHRINK_INTERRUPTED ? ", interrupted; it may get shorter"
                                        : "");
  char *line = reproduce_line(s, r);
  printf("  wrote  %s\n  reproduce  %s\n", s->out, line);
  free(line);
  buf_fini(&what);
}

static int tell(const struct shrinking *s, struct shrink_result *r) {
  const struct run_config *config = &s->options->config;
  const char *id = s->test->id, *delivery = config->deliveries[0].name;
  if (r->end == SHRINK_PASSES) {
    printf("%s passes under %s on %s, %u times of %u: there is nothing to shrink (goldens are not "
           "looked at)\n",
           id, delivery, transport_name(config->transports[0]), r->tried, r->tried);
    return EXIT_RED;
  }
  if (r->end == SHRINK_REFERENCE_FAILS)
    return command_usage("shrink",
                         "%s fails on the reference, too (%s); it can't tell what is right", id,
                         buf_cstr(&r->why));
  if (r->end == SHRINK_CUTS_LOST)
    return command_usage(
        "shrink", "no seed makes random cuts in %s that show it; try bytewise or fields", s->out);
  if (r->end == SHRINK_NO_SERVER)
    fprintf(stderr, "mcreplay shrink: %s\n", buf_cstr(&r->why));
  bool got_on = r->after.requests < r->before.requests || r->after.bytes < r->before.bytes;
  if (r->shown > 0 && (r->end != SHRINK_NO_SERVER || got_on)) {
    if (!file_write(s->out, buf_span(&r->text))) {
      fprintf(stderr, "mcreplay shrink: can't write %s: %s; this is it:\n", s->out,
              strerror(errno));
      fputs(buf_cstr(&r->text), stdout);
      return EXIT_INFRASTRUCTURE;
    }
    print_result(s, r);
  }
  return r->end == SHRINK_DONE || r->end == SHRINK_SPENT ? EXIT_WELL : EXIT_INFRASTRUCTURE;
}

static int shrink_case(struct shrinking *s) {
  const struct run_options *o = s->options;
  struct paths_loader loader = {&o->paths, s->out};
  struct watch watch = {o->verbose, isatty(STDERR_FILENO)};
  struct buf text;
  buf_init(&text, SESSION_FILE_MAX);
  struct diag diag;
  diag_init(&diag);
  int status = EXIT_USAGE;
  struct session *again = NULL;
  if (!file_read(s->test->file, &text))
    command_usage("shrink", "can't read %s: %s", s->test->file, strerror(errno));
  else if (!(again = session_compile(buf_span(&text), s->test->file, paths_loader(&loader), &diag)))
    command_usage("shrink", "as %s it does not compile; name one beside the case with -o:\n%s",
                  s->out, diag_text(&diag));
  diag_fini(&diag);
  if (again) {
    char *new_id = suite_id(&o->paths, s->out);
    struct trial *server = trial_new(&o->config, 0);
    struct trial *reference = s->reference ? trial_new(&s->reference->config, 1) : NULL;
    struct shrink_result r;
    catch_signals();
    shrink_run(&(struct shrink_options){.server = server,
                                        .reference = reference,
                                        .text = buf_span(&text),
                                        .file = s->out,
                                        .loader = paths_loader(&loader),
                                        .delivery = &o->config.deliveries[0],
                                        .seed = o->config.seed,
                                        .id = s->test->id,
                                        .new_id = new_id,
                                        .tries = (unsigned)s->words->tries,
                                        .plays = s->words->plays,
                                        .stop = &stop,
                                        .progress = progress,
                                        .arg = &watch},
               &r);
    trial_free(server);
    trial_free(reference);
    if (!watch.verbose && watch.terminal)
      fputs("\r\033[K", stderr);
    status = tell(s, &r);
    shrink_result_fini(&r);
    free(new_id);
  }
  session_free(again);
  buf_fini(&text);
  return status;
}

static int shrink_main(int argc, char **argv) {
  struct shrink_words words;
  if (!shrink_words_parse(&words, argc, argv))
    return EXIT_USAGE;
  struct run_options subject, reference;
  struct run_words other = words.run; /* the same but for what is about the server */
  other.server = words.reference;
  other.binary = NULL;
  other.command = other.attach = other.known = other.flaky = other.sanitizers = other.golden = NULL;
  run_options_init(&subject);
  run_options_init(&reference);
  int status = run_options_load(&subject, &words.run, argv + optind, 1);
  if (status == EXIT_WELL && !is_one_run(&subject.config))
    status = EXIT_USAGE;
  if (status == EXIT_WELL && words.reference)
    status = run_options_load(&reference, &other, argv + optind, 1);
  if (status == EXIT_WELL && words.reference) /* its first, where none is named */
    reference.config.ntransports = 1;
  if (status == EXIT_WELL) {
    const struct test_case *test = suite_case(&subject.suite, 0);
    char *out = out_path(&words, test);
    struct shrinking s = {&words, &subject, words.reference ? &reference : NULL,
                          test,   out,      clock_usec()};
    status = is_free(&words, out, test) ? shrink_case(&s) : EXIT_USAGE;
    free(out);
  }
  run_options_fini(&subject);
  run_options_fini(&reference);
  return status;
}

const struct command command_shrink = {
    .name = "shrink",
    .what = "the shortest session that still fails in the same way",
    .help = "mcreplay shrink [OPTION..] CASE   the words of a run's reproduce line\n"
            "  -s, --command, --attach, --binary, --ca, -d, --transport, --seed, --timeout,\n"
            "  --known, --flaky, --sanitizers, --golden   as in run; one delivery (whole)\n"
            "  -o FILE            what is written (CASE-shrunk.session, in this folder)\n"
            "  -f                 replace the file if it is there\n"
            "  --reference NAME|FILE   a server's profile that does it right\n"
            "  --tries N          play each candidate up to N times; for what comes and goes\n"
            "  --plays N          stop after so many plays (5000)\n"
            "  -v                 each step on the way\n"
            "Leaves out requests with their answers, shortens values, looks for a simpler\n"
            "delivery, as long as it fails the same way: kind, command, field. It must not\n"
            "fail because its answers have become wrong, so something vouches for each step:\n"
            "the reference, which passes it; else the server, which passes it under another\n"
            "delivery; else commands and keys tell what is independent. Then what leaves the\n"
            "state alone or shares no key is dropped, and a wrong status keeps its values.\n"
            "Ctrl-C writes what is there. Exit status 1: the case does not fail.\n"
            "Examples:\n"
            "  mcreplay shrink -s memcached -d bytewise --seed 7 cases/get/miss.session\n"
            "  mcreplay shrink --command './server -s {socket}' --reference memcached get/x\n",
    .main = shrink_main,
};
