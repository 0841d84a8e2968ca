#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/show_capture.h"
#include "net/capture.h"
#include "net/file.h"
#include "session/cursor.h"
#include "session/explain.h"
#include "session/print.h"
#include "session/render.h"

enum { INPUT_MAX = 1 << 30, HEX_LINES = 0x7fffffff };

enum form { FORM_TEXT, FORM_HEX, FORM_BYTES };

struct show {
  enum form form;
  bool client; /* which side's bytes */
  bool sided;  /* the side was given */
  unsigned conn;
  enum dialect dialect;
  bool from_bytes;
  bool times;    /* of a capture */
  uint16_t port; /* the server's in a capture, or 0 */
};

static int put(const struct buf *out) {
  if ((out->n == 0 || fwrite(out->p, 1, out->n, stdout) == out->n) && fflush(stdout) == 0)
    return EXIT_WELL;
  fprintf(stderr, "mcreplay show: can't write: %s\n", strerror(errno));
  return EXIT_INFRASTRUCTURE;
}

/* Appends what one step says on the side asked for; false when it has no bytes of its own. */
static bool add_step_bytes(const struct show *show, const struct session *s,
                           const struct step *step, const uint64_t *counters, struct buf *out) {
  bool sends = step->kind == STEP_SEND;
  if (step->conn != show->conn || (!sends && !step_expects(step)) || sends != show->client ||
      step->kind == STEP_EXPECT_CLOSED)
    return true;
  const struct pattern *p = step->pattern;
  bool named = p && pattern_uses_capture(p);
  if (!p || p->mask || p->ngaps || named) {
    fprintf(stderr, "%s:%u:1: this line has no bytes of its own: %s\n", s->file, step->line,
            named ? "it sends back what the server has answered" : "there are holes in it");
    return false;
  }
  const struct bindings env = {.ns = {'0', '0', '0', '0'}};
  if (pattern_bytes(p, &env, counters, out))
    return true;
  fprintf(stderr, "%s:%u:1: more than 1 GiB of bytes\n", s->file, step->line);
  return false;
}

static int show_session(const struct show *show, const struct session *s) {
  struct buf out, bytes;
  int status = EXIT_WELL;
  buf_init(&out, SIZE_MAX / 2);
  buf_init(&bytes, INPUT_MAX);
  if (show->form == FORM_TEXT) {
    print_session(&out, s);
  } else {
    struct cursor c = cursor_of(s);
    const struct step *step;
    while (status == EXIT_WELL && (step = cursor_step(&c)) != NULL) {
      if (!add_step_bytes(show, s, step, c.counters, &bytes))
        status = EXIT_USAGE;
      cursor_next(&c);
    }
    if (show->form == FORM_BYTES)
      buf_add_span(&out, buf_span(&bytes));
    else
      explain_hex(&out, buf_span(&bytes), 0, HEX_LINES);
  }
  if (status == EXIT_WELL)
    status = put(&out);
  buf_fini(&out);
  buf_fini(&bytes);
  return status;
}

static int put_as_bytes(const struct show *show, struct span bytes) {
  struct buf out;
  buf_init(&out, SIZE_MAX / 2);
  if (show->form == FORM_HEX)
    explain_hex(&out, bytes, 0, HEX_LINES);
  else
    buf_add_span(&out, bytes);
  int status = put(&out);
  buf_fini(&out);
  return status;
}

static int show_packets(const struct show *show, const char *path) {
  const struct show_capture what = {path, show->dialect, show->port, show->times};
  struct buf bytes;
  if (show->form == FORM_TEXT)
    return show_capture(&what);
  buf_init(&bytes, INPUT_MAX);
  int status = show_capture_bytes(&what, show->conn, !show->client, &bytes);
  if (status == EXIT_WELL)
    status = put_as_bytes(show, buf_span(&bytes));
  buf_fini(&bytes);
  return status;
}

/* The other direction: a file of bytes as text. */
static int show_bytes(const struct show *show, const char *path) {
  struct buf in, out;
  int status = EXIT_USAGE;
  buf_init(&in, INPUT_MAX);
  buf_init(&out, SIZE_MAX / 2);
  if (!file_read(path, &in)) {
    fprintf(stderr, "%s: can't read it: %s\n", path,
            in.failed ? "it is too large" : strerror(errno));
  } else {
    char prefix[16];
    snprintf(prefix, sizeof prefix, "c%u %c ", show->conn, show->client ? '>' : '<');
    render_stream(&out, prefix, show->dialect, show->client, buf_span(&in));
    status = show->form == FORM_TEXT ? put(&out) : put_as_bytes(show, buf_span(&in));
  }
  buf_fini(&in);
  buf_fini(&out);
  return status;
}

static bool parse(struct show *show, int argc, char **argv) {
  static const struct option options[] = {{"hex", no_argument, NULL, 'H'},
                                          {"bytes", no_argument, NULL, 'B'},
                                          {"from-bytes", no_argument, NULL, 'F'},
                                          {"side", required_argument, NULL, 'S'},
                                          {"conn", required_argument, NULL, 'C'},
                                          {"dialect", required_argument, NULL, 'D'},
                                          {"port", required_argument, NULL, 'P'},
                                          {"times", no_argument, NULL, 'T'},
                                          {0}};
  *show = (struct show){.client = true, .conn = 1};
  opterr = 0;
  int c;
  while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
    unsigned conn;
    char more;
    switch (c) {
    case 'H':
      show->form = FORM_HEX;
      break;
    case 'B':
      show->form = FORM_BYTES;
      break;
    case 'F':
      show->from_bytes = true;
      break;
    case 'S':
      show->sided = true;
      show->client = strcmp(optarg, "client") == 0;
      if (!show->client && strcmp(optarg, "server") != 0)
        return command_usage("show", "--side: \"%.60s\" should be client or server", optarg), false;
      break;
    case 'C':
      if (sscanf(optarg, "c%u%c", &conn, &more) != 1 || conn < 1)
        return command_usage("show", "--conn: \"%.60s\" should be c1, c2, ..", optarg), false;
      show->conn = conn;
      break;
    case 'D':
      if (!command_dialect("show", optarg, &show->dialect))
        return false;
      break;
    case 'P':
      if (!command_port("show", optarg, &show->port))
        return false;
      break;
    case 'T':
      show->times = true;
      break;
    default:
      command_bad_option("show", argv);
      return false;
    }
  }
  if (optind == argc)
    return command_usage("show",
                         "name a session file, an id, or with --from-bytes a file of bytes"),
           false;
  if (show->from_bytes && !show->sided)
    return command_usage("show", "--from-bytes needs --side client or --side server"), false;
  return true;
}

static int show_sessions(const struct show *show, int nargs, char **args) {
  int status = EXIT_WELL;
  struct paths paths;
  struct suite suite;
  if (!command_load("show", &paths, &suite, args, nargs))
    status = EXIT_USAGE;
  for (size_t i = 0; i < suite.cases.n && status == EXIT_WELL; i++)
    status = show_session(show, suite_case(&suite, i)->session);
  suite_fini(&suite);
  paths_fini(&paths);
  return status;
}

static int show_main(int argc, char **argv) {
  struct show show;
  if (!parse(&show, argc, argv))
    return EXIT_USAGE;
  int status = EXIT_WELL;
  bool packets = !show.from_bytes && capture_is(argv[optind]);
  if (!packets && !show.from_bytes)
    return show_sessions(&show, argc - optind, argv + optind);
  for (int i = optind; i < argc && status == EXIT_WELL; i++)
    status = packets ? show_packets(&show, argv[i]) : show_bytes(&show, argv[i]);
  return status;
}

const struct command command_show = {
    .name = "show",
    .what = "a session or capture as text, hex dump or bytes; bytes as text",
    .help = "mcreplay show [--hex|--bytes] [--side client|server] [--conn cN] PATH..\n"
            "mcreplay show [--times] [--port N] CAPTURE..\n"
            "mcreplay show --from-bytes --side client|server [--dialect D] FILE..\n\n"
            "Prints sessions in the notation's canonical form, and what passed in captures\n"
            "of packets (pcap, pcapng); with --hex or --bytes, what one side of a connection\n"
            "sends, of a session with loops unrolled and {ns} as 0000. The other way round,\n"
            "prints a file of bytes as text, one line a frame; - is standard input.\n\n"
            "  --side client|server   whose bytes (client)\n"
            "  --conn cN           of which connection (c1)\n"
            "  --dialect D         stock or couchbase, for the names (stock)\n"
            "  --times             microseconds before each line\n"
            "  --port N            the server's (11210, 11211, or where a client sends MCBP)\n"
            "\nExamples:\n"
            "  mcreplay show get/miss\n"
            "  mcreplay show --hex --side server my.session\n"
            "  mcreplay show --bytes get/miss | mcreplay show --from-bytes --side client -\n"
            "  mcreplay show --times traffic.pcapng\n",
    .main = show_main,
};
