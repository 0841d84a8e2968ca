#include "cli/command.h"
#include "cli/record_from.h"
#include "cli/record_proxy.h"

static int record_main(int argc, char **argv) {
  struct record_words words;
  if (record_from_asked(argc, argv))
    return record_from(argc, argv);
  if (!record_words_parse(&words, argc, argv))
    return EXIT_USAGE;
  return record_proxy(&words);
}

const struct command command_record = {
    .name = "record",
    .what = "make a session of what passes before a server or in a capture",
    .help = "mcreplay record [OPTION..] --listen ADDR -o FILE     stands before a server\n"
            "mcreplay record --from CAPTURE [-o FILE|FOLDER] [--port N] [--dialect D]\n"
            "  --listen ADDR      where clients connect: unix:PATH, tcp:HOST:PORT or\n"
            "                     tls:HOST:PORT; port 0: one that is free, and is told\n"
            "  -o, --output FILE  FILE.session, or FILE.pcap for a capture\n"
            "  -f, --force        replace what is there\n"
            "  --title TEXT       of the session\n"
            "  -s NAME|FILE, --command CMD, --attach ADDR, --ca FILE   the server, as for run\n"
            "  --transport T      by which the server is reached: unix, tcp or tls\n"
            "  --cert FILE, --key FILE   for tls: shown to clients instead of the built ones\n"
            "  --from CAPTURE     of packets (pcap, pcapng); into a folder: a session for\n"
            "                     each connection; --port: the server's, if it is not found\n"
            "What comes is passed on at once, also ends and resets. It is kept as it comes in\n"
            "FILE.journal.pcap, which stays when mcreplay is killed. Ctrl-C ends it. In a\n"
            "session what a server is free to answer is a hole, and a CAS that a client\n"
            "sends back is a capture; it has a server of its own (isolated).\n"
            "Exit status: 0 written, 1 the server ended of itself, 2 usage or no client\n"
            "came, 3 the infrastructure.\n"
            "Examples:\n"
            "  mcreplay record --listen unix:/tmp/p.sock -o shop.session\n"
            "  mcreplay record -s refserver --listen tcp:127.0.0.1:11311 -o shop.pcap\n"
            "  mcreplay record --from traffic.pcapng --port 11311 -o cases/shop/\n",
    .main = record_main,
};
