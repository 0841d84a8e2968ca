#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/command.h"
#include "cli/replay_words.h"
#include "cli/run_options.h"
#include "cli/run_server.h"
#include "cli/run_tls.h"
#include "run/clock.h"
#include "run/log_tail.h"
#include "run/replay.h"
#include "server/server.h"

enum { WHY_MAX = 64 << 10, END_MS = 500 };

struct session_of_replay {
  const struct replay_words *words;
  struct run_options options;
  struct capture *capture;
  bool terminal; /* the bar can be shown */
  uint64_t began;
};

static double per_second(const struct session_of_replay *s, uint64_t n) {
  double seconds = clock_since(s->began);
  return seconds > 0 ? (double)n / seconds : 0;
}

/* A bar as far as the file has been read, the rate, and how long the rest takes at that. */
static void show_progress(void *arg, const struct replay_counts *counts) {
  const struct session_of_replay *s = arg;
  enum { WIDTH = 30 };
  static const char marks[] = "##############################";
  uint64_t size, at = capture_position(s->capture, &size);
  if (!s->terminal || size == 0)
    return;
  double part = (double)at / (double)size, seconds = clock_since(s->began);
  int left = part > 0 ? (int)(seconds / part - seconds) : 0;
  fprintf(stderr, "\r[%-*.*s] %3d%%  %.0f requests/s  %.1f MB/s  %d:%02d left ", WIDTH,
          (int)(part * WIDTH), marks, (int)(part * 100), per_second(s, counts->requests),
          per_second(s, counts->bytes[0] + counts->bytes[1]) / 1e6, left / 60, left % 60);
}

static void clear_progress(const struct session_of_replay *s) {
  if (s->terminal)
    fputs("\r\033[K", stderr);
}

static void put_counts(const struct session_of_replay *s, const struct replay_counts *c,
                       const char *how) {
  printf("%" PRIu64 " connections, %" PRIu64 " requests, %" PRIu64
         " answers%s; %.1f MB in %.3f s, %.0f requests/s\n",
         c->conns, c->requests, c->answers, how, (double)(c->bytes[0] + c->bytes[1]) / 1e6,
         clock_since(s->began), per_second(s, c->requests));
}

/* How the server ended, if it did. */
static void put_fate(struct server *server) {
  struct buf text;
  if (server_look_wait(server, END_MS) == SERVER_RUNNING)
    return;
  buf_init(&text, WHY_MAX);
  buf_add_str(&text, "  the server ");
  server_describe(server, &text);
  buf_add_byte(&text, '\n');
  log_tail_add_of(&text, "the server's log ends with", server);
  fputs(buf_cstr(&text), stdout);
  buf_fini(&text);
}

static int play(struct session_of_replay *s, struct server *server) {
  const struct replay_config config = {.capture = s->capture,
                                       .to = server_addr(server),
                                       .dialect = s->words->dialect,
                                       .pace = s->words->pace,
                                       .in_step = s->words->in_step,
                                       .timeout_ms = s->words->run.timeout_ms,
                                       .on_progress = show_progress,
                                       .arg = s};
  struct replay_counts counts;
  struct buf what;
  struct diag diag;
  int status = EXIT_USAGE;
  buf_init(&what, WHY_MAX);
  diag_init(&diag);
  s->began = clock_usec();
  enum replay_end end = replay_run(&config, &counts, &what, &diag);
  clear_progress(s);
  command_notes(s->words->path, capture_notes(s->capture));
  fputs(diag_text(&diag), stderr);
  if (end == REPLAY_DIFFERS) {
    status = EXIT_RED;
    printf("DIFFERS  %s\n%s", s->words->path, buf_cstr(&what));
    put_fate(server);
    put_counts(s, &counts, " until then");
  } else if (end == REPLAY_SAME && counts.conns == 0) {
    command_usage("replay", "%s: no connection in it speaks MCBP%s", s->words->path,
                  s->words->port ? " on that port" : "; name the server's port with --port");
  } else if (end == REPLAY_SAME) {
    status = EXIT_WELL;
    put_counts(s, &counts, ", all the same");
  }
  diag_fini(&diag);
  buf_fini(&what);
  return status;
}

static void bad_stop(void *arg, const struct server_bad_end *end) {
  int *status = arg;
  fprintf(stderr, "mcreplay replay: %s %s\n%s", end->profile->name, end->what, end->log);
  if (*status == EXIT_WELL)
    *status = EXIT_RED;
}

static int serve(struct session_of_replay *s) {
  struct buf why;
  buf_init(&why, WHY_MAX);
  int status = EXIT_INFRASTRUCTURE;
  struct server *server = server_spawn(s->options.profile, s->options.transports[0], &why);
  if (server && server_await(server, &why))
    status = play(s, server);
  else
    fprintf(stderr, "mcreplay replay: %s\n", buf_cstr(&why));
  if (server)
    server_stop(server);
  server_stop_all(bad_stop, &status);
  buf_fini(&why);
  return status;
}

/* All that the words name. */
static bool load(struct session_of_replay *s, struct run_words *w) {
  struct diag diag;
  diag_init(&diag);
  (void)paths_find(&s->options.paths);
  s->capture = capture_open(s->words->path, s->words->port, &diag);
  bool ok = s->capture && run_server_find(&s->options, w, &diag) &&
            run_server_transports(&s->options, w, &diag) && run_tls_find(&s->options, w, &diag);
  fputs(diag_text(&diag), stderr);
  diag_fini(&diag);
  if (ok && s->options.config.ntransports > 1)
    return command_usage("replay", "--transport: name one"), false;
  return ok;
}

static int replay_main(int argc, char **argv) {
  struct replay_words words;
  if (!replay_words_parse(&words, argc, argv))
    return EXIT_USAGE;
  struct session_of_replay s = {.words = &words,
                                .terminal = isatty(STDERR_FILENO) && !words.run.quiet};
  run_options_init(&s.options);
  int status = load(&s, &words.run) ? serve(&s) : EXIT_USAGE;
  capture_close(s.capture);
  run_options_fini(&s.options);
  return status;
}

const struct command command_replay = {
    .name = "replay",
    .what = "play a capture of any size, at any pace, and compare what is answered",
    .help = "mcreplay replay [OPTION..] CAPTURE\n\n"
            "Sends what the clients in a capture of packets (pcap, pcapng) sent, reading it\n"
            "as it goes, and holds each answer against the one of then. No request waits for\n"
            "answers on its own connection; it comes after what others had been answered by\n"
            "then, as far as that can concern it. What the protocol leaves to the server may\n"
            "differ; a CAS that a client sends back is the one of now. Stops at the first\n"
            "difference. For deliveries and reports: mcreplay run CAPTURE.\n\n"
            "  -s NAME|FILE, --binary FILE, --command CMD, --attach ADDR, --ca FILE\n"
            "                     the server, as for run\n"
            "  --transport T      unix, tcp or tls\n"
            "  --pace P           max; recorded, or how many times as fast: in step (max)\n"
            "  --in-step          each request waits for all that had been answered by then\n"
            "  --port N           the server's in the capture, when it is not found\n"
            "  --timeout S        without any progress (5)\n"
            "  --dialect D        stock or couchbase, for the names (stock)\n"
            "  -q, --quiet        no bar on a terminal\n"
            "Exit status: 0 all the same, 1 a difference, 2 usage or a capture that can't\n"
            "be read, 3 the infrastructure.\n"
            "Examples:\n"
            "  mcreplay replay --attach tcp:127.0.0.1:11211 traffic.pcap\n"
            "  mcreplay replay --command './my-server -s {socket}' --pace 2 day.pcapng\n",
    .main = replay_main,
};
